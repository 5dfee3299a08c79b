"""The migration that lets rows be erased, on a log that is not empty."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from supportbot.db.schema import alembic_config, check_schema, migrate
from supportbot.db.session import Database
from tests.conftest import create_postgres_database

ROWS = (
    "INSERT INTO workspace (id, platform, external_id, name, settings, created_at) "
    "VALUES (1, 'slack', 'T1', '', '{}', '2026-01-01')",
    "INSERT INTO conversation (id, workspace_id, channel, thread, created_at) "
    "VALUES (1, 1, 'C1', '1', '2026-01-01')",
    "INSERT INTO question (id, conversation_id, platform, identity, asker, text, reply_to, state, attempts, "
    "received_at, placeholder, lapses) "
    "VALUES (7, 1, 'slack', '1', 'U1', '?', '{}', 'delivered', 0, '2026-01-01', false, 0)",
    "INSERT INTO answer (id, question_id, text, source, shortened, created_at) "
    "VALUES (8, 7, '!', 'human', false, '2026-01-01')",
    "INSERT INTO outbox (id, question_id, answer_id, platform, mark, text, state, attempts, due_at, "
    "created_at, lapses) VALUES (9, 7, 8, 'slack', 'm', '!', 'delivered', 1, '2026-01-01', '2026-01-01', 0)",
    "INSERT INTO feedback (id, answer_id, voter, vote, created_at, updated_at) "
    "VALUES (5, 8, 'slack:T1:U1', 1, '2026-01-01', '2026-01-01')",
)
COUNT = text(
    "SELECT count(*) FROM question JOIN answer ON answer.question_id = question.id "
    "JOIN outbox ON outbox.answer_id = answer.id JOIN feedback ON feedback.answer_id = answer.id"
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_no_row_is_lost_on_the_way_up_and_down(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Tables are made anew on SQLite, with all that hangs on them; the way back loses nothing either."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'old.db'}"
    if kind == "postgresql":
        url = create_postgres_database(request.getfixturevalue("postgres_url"), "template0")
    await asyncio.to_thread(command.upgrade, alembic_config(url), "0006")
    database = Database(url)
    async with database.write() as session:
        for row in ROWS:
            await session.execute(text(row))
    await migrate(database)
    await check_schema(database)
    async with database.read() as session:
        assert await session.scalar(COUNT) == 1
        if kind == "sqlite":
            found = await session.execute(text("SELECT name, seq FROM sqlite_sequence"))
            known = {str(row[0]): int(row[1]) for row in found}
            given = {"question": 7, "answer": 8, "outbox": 9, "feedback": 5, "conversation": 1}
            assert {name: known[name] for name in given} == given
    await database.aclose()
    await asyncio.to_thread(command.downgrade, alembic_config(url), "0006")
    database = Database(url)
    async with database.read() as session:
        assert await session.scalar(COUNT) == 1
    await database.aclose()
