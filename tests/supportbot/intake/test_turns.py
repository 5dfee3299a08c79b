"""Whose question is next, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from supportbot.db.session import Database
from supportbot.intake.inbox import Inbox
from tests.supportbot.conftest import MakeQuestion


async def ask(inbox: Inbox, question: MakeQuestion, *askers: tuple[str, str]) -> list[int]:
    """Let people ask in channels, one after the other; return the ids of their questions."""
    return [(await inbox.accept(question(channel=channel, asker=asker))).question_id for channel, asker in askers]


async def served(inboxes: Sequence[Inbox], count: int) -> list[int]:
    """Claim one question after the other, by turns of the processes; return their ids."""
    claims = [await inboxes[number % len(inboxes)].claim(["slack"], 1) for number in range(count)]
    return [claim.question_id for [claim] in claims]


async def test_other_channels_do_not_wait_for_a_flood(inbox: Inbox, question: MakeQuestion) -> None:
    """Somebody who asks a lot in one channel delays nobody in another by more than one answer."""
    flood = await ask(inbox, question, *[("A", "U1")] * 12)
    assert await served([inbox], 2) == flood[:2]
    [other] = await ask(inbox, question, ("B", "U2"))
    assert await served([inbox], 2) == [other, flood[2]]


async def test_others_in_the_channel_do_not_wait_for_a_flood(inbox: Inbox, question: MakeQuestion) -> None:
    """Within a channel its people take turns."""
    flood = await ask(inbox, question, *[("A", "U1")] * 6)
    others = await ask(inbox, question, ("A", "U2"), ("A", "U3"), ("A", "U2"))
    assert await served([inbox], 6) == [flood[0], others[0], others[1], flood[1], others[2], flood[2]]


async def test_turns_hold_within_one_claim(inbox: Inbox, question: MakeQuestion) -> None:
    """A claim of several questions takes one of each channel before it takes a second of any."""
    first = await ask(inbox, question, *[("A", "U1")] * 4)
    second = await ask(inbox, question, *[("B", "U2")] * 2)
    [third] = await ask(inbox, question, ("C", "U3"))
    claims = await inbox.claim(["slack"], 4)
    assert {claim.question_id for claim in claims} == {first[0], second[0], third, first[1]}


async def test_daemons_share_the_turns(database: Database, question: MakeQuestion) -> None:
    """Two daemons on one database serve channels by turns together, not each for itself."""
    daemons = [Inbox(database, owner=name, lease=timedelta(minutes=1)) for name in ("one", "two")]
    flood = await ask(daemons[0], question, *[("A", "U1")] * 3)
    others = await ask(daemons[1], question, ("B", "U2"), ("B", "U2"))
    assert await served(daemons, 5) == [flood[0], others[0], flood[1], others[1], flood[2]]
