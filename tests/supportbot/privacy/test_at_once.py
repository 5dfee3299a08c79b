"""Erasures while people ask, on PostgreSQL, where a row may go after somebody has looked it up."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select, update

from supportbot.db.clock import now
from supportbot.db.models import Question
from supportbot.db.session import Database
from supportbot.intake.inbox import Inbox
from supportbot.privacy.retention import erase_old
from tests.locks import begun, nobody_commits, on_postgresql
from tests.supportbot.conftest import MakeQuestion


@on_postgresql
async def test_asked_while_the_conversation_is_erased(
    database: Database, inbox: Inbox, question: MakeQuestion
) -> None:
    """A question in a thread whose other questions are just erased is kept, in a conversation of its own."""
    await inbox.accept(question())
    async with database.write() as session:
        old = await now(session) - timedelta(days=40)
        await session.execute(update(Question).values(received_at=old))
    async with nobody_commits(database):
        erasing = await begun(database, erase_old(database, 30))
        asking = await begun(database, inbox.accept(question("And where is it now?")))
    _, accepted = await asyncio.gather(erasing, asking)
    assert accepted.new
    async with database.read() as session:
        assert list(await session.scalars(select(Question.text))) == ["And where is it now?"]
