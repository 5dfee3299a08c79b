"""How migrations run: over the project's own engine, so SQLite gets the same settings as in the daemon."""

from __future__ import annotations

import asyncio
from typing import Literal

from alembic import context
from sqlalchemy import Connection, text

from supportbot.bootstrap import create_home
from supportbot.config import load_settings
from supportbot.db import models
from supportbot.db.base import StorableText, UtcDateTime
from supportbot.db.session import create_engine


def _render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    # A migration must mean the same for ever, so it names no type of today's program.
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, StorableText):
        return "sa.Text()"
    return False


def _include_name(name: str | None, kind: str, _parents: object) -> bool:
    return models.is_record(name, kind)


def _run(connection: Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        # Batch mode drops and renames tables: with foreign keys on, ON DELETE CASCADE would empty the children.
        # On the driver's own cursor: within a transaction, which the engine begins at once, it would do nothing.
        cursor = connection.connection.cursor()
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.execute("PRAGMA foreign_keys")
        if cursor.fetchall() != [(0,)]:
            raise RuntimeError("SQLite did not turn foreign keys off, so the migration could lose rows.")
        cursor.close()
    context.configure(
        connection=connection,
        target_metadata=models.Question.metadata,
        render_as_batch=sqlite,
        compare_type=True,
        render_item=_render_item,
        include_name=_include_name,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    if sqlite and (broken := connection.execute(text("PRAGMA foreign_key_check")).first()):
        raise RuntimeError(f"The migration left a row of '{broken[0]}' without its parent.")


async def _main() -> None:
    url = context.config.attributes.get("url")
    if url is None:  # started by `alembic`, not by the program
        settings = load_settings()
        create_home(settings)
        url = settings.sqlalchemy_url
    engine = create_engine(url)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_run)
    finally:
        await engine.dispose()


asyncio.run(_main())
