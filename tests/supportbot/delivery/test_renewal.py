"""Claims hold as long as their process lives and works on them, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.delivery.outbox import Outbox
from supportbot.delivery.renewal import Renewal
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import Reply
from tests.outage import outage
from tests.supportbot.conftest import MakeQuestion

LEASE = timedelta(seconds=1.5)
REPLY = Reply(text="Tomorrow.", source=AnswerSource.APPROVED)


def block_event_loop(seconds: float) -> None:
    """Keep the event loop busy, as a slow callback does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1000))


async def test_slow_process_keeps_its_work(database: Database, question: MakeQuestion) -> None:
    """While the event loop is stuck for longer than a lease, nobody takes a question or a reply away."""
    inbox, outbox = Inbox(database, "slow", LEASE), Outbox(database, "slow", LEASE)
    heir, other = Inbox(database, "heir", LEASE), Outbox(database, "heir", LEASE)
    answered, waiting = [(await inbox.accept(question(channel=name))).question_id for name in ("A", "B")]
    await inbox.claim(["slack"], 2)
    await inbox.finish(answered, REPLY)
    async with Renewal(database, "slow", inbox, outbox, lease=LEASE, every=0.1):
        [delivery] = await outbox.claim("slack", 5)
        block_event_loop(LEASE.total_seconds() + 0.5)
        assert await heir.claim(["slack"], 5) == []
        assert await other.claim("slack", 5) == []
        await outbox.delivered(delivery.outbox_id, "A:1")
        assert await inbox.finish(waiting, REPLY) is not None


async def test_work_that_was_dropped_is_not_held(database: Database, question: MakeQuestion) -> None:
    """A claim whose outcome could not be written runs out, though its process lives on, and that is counted."""
    inbox, outbox = Inbox(database, "one", LEASE), Outbox(database, "one", LEASE)
    heir = Inbox(database, "heir", LEASE)
    accepted = await inbox.accept(question())
    async with Renewal(database, "one", inbox, outbox, lease=LEASE, every=0.1), asyncio.timeout(30):
        assert await inbox.claim_one(accepted.question_id) is not None
        with outage(database), pytest.raises(OSError, match="away"):
            await inbox.finish(accepted.question_id, REPLY)
        while (claim := await heir.claim_one(accepted.question_id)) is None:  # noqa: ASYNC110 - a lease runs out
            await asyncio.sleep(0.05)
    assert (claim.attempt, claim.lapses) == (2, 1)
