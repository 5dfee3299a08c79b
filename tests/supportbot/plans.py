"""How a database goes about what a function asks of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import Connection, event

from supportbot.db.session import Database


async def plans_of(database: Database, deed: Callable[[], Awaitable[object]]) -> dict[str, str]:
    """Do something, and return the plan of each query that this took, by its text."""
    asked: list[tuple[str, Any]] = []

    def note(connection: Connection, cursor: object, statement: str, parameters: Any, *rest: object) -> None:
        if statement.startswith(("SELECT", "WITH")):
            asked.append((statement, parameters))

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await deed()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    found = {}
    async with database.engine.connect() as connection:
        for statement, parameters in asked:
            if "set_config" in statement:  # how it is to go about what follows
                await connection.exec_driver_sql(statement, parameters)
            rows = await connection.exec_driver_sql(f"{explain} {statement}", parameters)
            found[statement] = "\n".join(str(row[-1]) for row in rows)
    return found
