"""What stands in the way of a file without what was erased is said, and tried again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from supportbot.db import audit
from supportbot.db.session import Database
from supportbot.privacy.erasing import Privacy
from supportbot.privacy.person import Person
from supportbot.privacy.upkeep import compact_noting, is_compacting_due
from tests.supportbot.privacy.planting import ALICE, MARKS, plant
from tests.supportbot.privacy.test_erasing import held_by

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def _hurry(database: Database) -> None:
    """Let the one pooled connection wait for others no longer than a moment."""
    async with database.engine.connect() as connection:
        await connection.execute(text("PRAGMA busy_timeout = 20"))


@on_sqlite
@pytest.mark.parametrize("begin", ["BEGIN", "BEGIN IMMEDIATE"], ids=["reader", "writer"])
async def test_somebody_in_the_way_is_said(database: Database, tmp_path: Path, begin: str) -> None:
    """A daemon that reads or writes keeps the log from being cut off: it is said, stays due, and works later."""
    await plant(database)
    await Privacy(database, tmp_path / "home").erase(Person(platform="slack", user=ALICE), "Ada", wait_seconds=0)
    path = Path(str(database.url.database))
    await _hurry(database)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(begin)
        other.execute("SELECT count(*) FROM audit").fetchall()
        compacted = await compact_noting(database, "Ada")
        assert not compacted.is_whole
        assert "supportbot privacy compact" in compacted.problem
        assert await is_compacting_due(database)
        other.execute("COMMIT")
    assert (await compact_noting(database, "Ada")).is_whole
    assert not await is_compacting_due(database)
    assert held_by(path, *MARKS) == []
    assert (await audit.recent(database, 1))[0].action == "privacy.compact"
