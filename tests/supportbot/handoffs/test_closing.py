"""What is not sent when a hand-off is closed is never sent, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from supportbot.db.clock import now as database_now
from supportbot.db.models import Handoff
from supportbot.db.session import Database
from supportbot.db.states import HandoffState, OutboxKind, OutboxState
from supportbot.delivery.outbox import Outbox as OutboxStore
from supportbot.handoffs.asking import Handoffs
from supportbot.handoffs.listing import resolve_as_operator
from supportbot.handoffs.reminding import Reminders
from supportbot.intake.inbox import Inbox
from tests.policies import decide
from tests.supportbot.conftest import MakeQuestion
from tests.supportbot.handoffs.test_asking import ASKER, answered, asked, deliver, only, rows


@pytest.fixture
def handoffs(database: Database, inbox: Inbox) -> Handoffs:
    """What asks humans."""
    return Handoffs(database, inbox)


async def test_closed_before_people_were_asked(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """Closed while the platform wants a pause: people are not asked; who asked still gets their word."""
    await decide(database, "slack", "T1", handoff_target="C9")
    result = await handoffs.ask(await answered(inbox, question), ASKER, workspace="T1")
    (post,) = [one for one in await outbox.claim("slack", 5) if one.kind is OutboxKind.POST]
    await outbox.postpone(post.outbox_id, timedelta(), "slow down", unsent=True)
    await handoffs.resolve(result.handoff_id, ASKER, workspace="T1", clicked=None)
    await outbox.recover()
    assert OutboxKind.POST not in await deliver(outbox)
    [row] = await rows(database, OutboxKind.POST)
    assert (row.state, row.last_error) == (OutboxState.FAILED, "closed before it was sent")
    assert (await only(database)).state is HandoffState.RESOLVED


async def test_closed_before_a_reminder_went_out(
    database: Database, inbox: Inbox, outbox: OutboxStore, handoffs: Handoffs, question: MakeQuestion
) -> None:
    """People are not reminded of what was closed meanwhile."""
    result = await asked(database, inbox, outbox, handoffs, question)
    async with database.write() as session:
        long_ago = await database_now(session) - timedelta(hours=1)
        await session.execute(update(Handoff).values(asked_at=long_ago))
    assert await Reminders(database).look() == 1
    await resolve_as_operator(database, result.handoff_id, "Ada")
    assert await deliver(outbox) == []
