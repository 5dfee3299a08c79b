"""The key that daemons share, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio

from sqlalchemy import select

from supportbot.db.models import Workspace
from supportbot.db.session import Database
from supportbot.db.shared_key import page_key
from tests.supportbot.feedback.curation.rows import add_answer


async def test_all_daemons_have_the_same_key(database: Database, database_url: str) -> None:
    """Daemons that start at the same moment agree on one key, and so do those that start later."""
    other = Database(database_url)
    try:
        keys = await asyncio.gather(*(page_key(each) for each in (database, other) * 4))
        later = await page_key(other)
    finally:
        await other.aclose()
    assert set(keys) == {later}
    assert len(later) == 32


async def test_key_comes_beside_what_is_there(database: Database) -> None:
    """A workspace that exists keeps its other settings."""
    await add_answer(database, platform="web", workspace="local")
    async with database.write() as session:
        place = (await session.scalars(select(Workspace))).one()
        place.settings = {"colour": "blue"}
    key = await page_key(database)
    async with database.read() as session:
        place = (await session.scalars(select(Workspace))).one()
    assert place.settings == {"colour": "blue", "page_key": key.hex()}
