"""Operators at the same moment, on PostgreSQL: nobody meets an error for that another was faster."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from supportbot.access.access import Access
from supportbot.access.roles import Role
from supportbot.db.models import OperatorAccount, OperatorSession
from supportbot.db.session import Database
from tests.locks import begun, nobody_commits, on_postgresql


@pytest.fixture
def access(database: Database) -> Access:
    """Who may come in."""
    return Access(database)


@on_postgresql
async def test_invited_twice_at_once(access: Access, database: Database) -> None:
    """Two who invite the same new person get a link each, for one account; the last role counts."""
    await access.links.invite("Ada", None, "Ada")
    async with nobody_commits(database):
        first = await begun(database, access.links.invite("Bob", Role.VIEWER, "Ada"))
        second = await begun(database, access.links.invite("Bob", Role.CURATOR, "Ada"))
    links = await asyncio.gather(first, second)
    assert len({link.operator.id for link in links}) == 1
    assert [person.role for person in await access.operators.people()] == [Role.ADMIN, Role.CURATOR]


@on_postgresql
async def test_seen_while_access_ends(access: Access, database: Database) -> None:
    """A browser that is noted as used waits for whoever ends its owner's access, and they never for each other."""
    link = await access.links.invite("Ada", None, "Ada")
    secret = await access.links.sign_in(link.secret, "192.0.2.7")
    earlier = datetime.now(UTC) - timedelta(hours=1)
    async with database.write() as session:
        await session.execute(update(OperatorSession).values(seen_at=earlier))
    async with database.write() as session:  # the statements of ``Operators.end``, which would be through at once
        await session.execute(select(OperatorAccount).with_for_update())
        finding = await begun(database, access.sessions.find(secret))
        await session.execute(delete(OperatorSession))
    await finding
    assert await access.sessions.find(secret) is None
