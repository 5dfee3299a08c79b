"""How much may be asked, on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from supportbot.db.models import Answer, Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, QuestionState
from supportbot.intake.admission import MINUTE, UNLIMITED, Crowd, Limit, Limits, Refusal
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import Reply
from supportbot.words import ENGLISH
from tests.supportbot.conftest import MakeQuestion

REPLY = Reply(text="Tomorrow.", source=AnswerSource.APPROVED)
BUSY = Refusal("busy", 20)
HOUR = timedelta(hours=1)


def inbox_with(database: Database, limits: Limits = UNLIMITED, owner: str = "one") -> Inbox:
    """Return the inbox of a process with these limits."""
    return Inbox(database, owner, timedelta(minutes=1), limits)


async def told(database: Database) -> list[str]:
    """Return what refused askers were told, in the order of their questions."""
    statement = (
        select(Answer.text)
        .join(Question, Answer.question_id == Question.id)
        .where(Question.state == QuestionState.REFUSED)
        .order_by(Question.id)
    )
    async with database.read() as session:
        return list(await session.scalars(statement))


async def let_pass(database: Database, time: timedelta) -> None:
    """Let questions be older than they are."""
    async with database.write() as session:
        for row in await session.scalars(select(Question)):
            row.received_at -= time


async def test_one_too_many_is_told_once(database: Database, question: MakeQuestion) -> None:
    """Beyond the limit questions are refused, kept, and told of once; other people are not concerned."""
    inbox = inbox_with(database, replace(UNLIMITED, person=Limit(2, 0)))
    accepted = [await inbox.accept(question()) for _ in range(5)]
    assert [one.refused for one in accepted] == [None, None, *["limit of a person"] * 3]
    assert await told(database) == ["I'm busy right now. Please ask again in about 10 seconds."]
    assert (await inbox.accept(question(asker="U2"))).refused is None
    assert len(await inbox.claim(["slack"], 9)) == 3


async def test_person_of_another_workspace_is_another_person(database: Database, question: MakeQuestion) -> None:
    """Slack numbers people within a workspace; on Discord a person is the same everywhere."""
    inbox = inbox_with(database, replace(UNLIMITED, person=Limit(1, 0)))
    for platform, refused in (("slack", None), ("discord", "limit of a person")):
        await inbox.accept(question(platform=platform))
        elsewhere = question(platform=platform, workspace="T2", identity=f"{platform} T2")
        assert (await inbox.accept(elsewhere)).refused == refused


async def test_limit_of_a_workspace_is_its_own(database: Database, question: MakeQuestion) -> None:
    """Another workspace, whose channel and people have the same names, has a limit of its own."""
    inbox = inbox_with(database, replace(UNLIMITED, channel=Limit(1, 0), workspace=Limit(0, 2)))
    accepted = [await inbox.accept(question(channel=channel)) for channel in ("C1", "C2", "C3")]
    assert [one.refused for one in accepted] == [None, None, "limit of a workspace"]
    assert (await inbox.accept(question(workspace="T2", identity="T2:C1:1"))).refused is None


async def test_answered_questions_make_room(database: Database, question: MakeQuestion) -> None:
    """Only questions without an answer are open."""
    inbox = inbox_with(database, replace(UNLIMITED, person=Limit(1, 0)))
    first = await inbox.accept(question())
    await inbox.claim_one(first.question_id)
    assert (await inbox.accept(question())).refused
    await inbox.finish(first.question_id, REPLY)
    assert (await inbox.accept(question())).refused is None


async def test_minute_passes(database: Database, question: MakeQuestion) -> None:
    """The notice names the time until there is room, and then there is; refused questions do not count."""
    inbox = inbox_with(database, replace(UNLIMITED, person=Limit(0, 2)))
    for _ in range(6):
        last = await inbox.accept(question())
    assert last.refused == "limit of a person"
    [notice] = await told(database)
    assert any(f"about {seconds} seconds" in notice for seconds in range(40, 61))
    await let_pass(database, MINUTE)
    assert (await inbox.accept(question())).refused is None


async def test_who_keeps_asking_is_told_again_after_a_minute(database: Database, question: MakeQuestion) -> None:
    """A notice is given once a minute, and to each person."""
    inbox = inbox_with(database, replace(UNLIMITED, channel=Limit(1, 0)))
    for asker in ("U1", "U1", "U2", "U1", "U2"):
        await inbox.accept(question(asker=asker))
    assert len(await told(database)) == 2
    await let_pass(database, MINUTE)
    await inbox.accept(question(asker="U1"))
    assert len(await told(database)) == 3


async def test_each_placeholder_gets_its_word(database: Database, question: MakeQuestion) -> None:
    """Where each message shows that an answer is coming, none is left like that."""
    inbox = inbox_with(database, replace(UNLIMITED, person=Limit(1, 0)))
    for _ in range(4):
        await inbox.accept(question(placeholder=True))
    assert len(await told(database)) == 3


@pytest.mark.parametrize(
    ("limits", "reason", "elsewhere"),
    [
        (replace(UNLIMITED, channel=Limit(2, 0)), "limit of a channel", {"channel": "C2"}),
        (replace(UNLIMITED, channel=Limit(0, 2)), "limit of a channel", {"channel": "C2"}),
        (replace(UNLIMITED, workspace=Limit(2, 0)), "limit of a workspace", {"workspace": "T2"}),
        (replace(UNLIMITED, workspace=Limit(0, 2)), "limit of a workspace", {"workspace": "T2"}),
    ],
)
async def test_channels_and_workspaces_have_limits(
    database: Database, question: MakeQuestion, limits: Limits, reason: str, elsewhere: dict[str, str]
) -> None:
    """Different people together reach the limit of their channel or workspace; daemons count alike."""
    daemons = [inbox_with(database, limits, owner) for owner in ("one", "two", "one")]
    refused = [(await daemon.accept(question(asker=f"U{n}"))).refused for n, daemon in enumerate(daemons)]
    assert refused == [None, None, reason]
    assert (await daemons[0].accept(question(asker="U9", **elsewhere))).refused is None


async def test_refused_question_is_known_when_it_comes_again(database: Database, question: MakeQuestion) -> None:
    """A redelivery of a refused question is neither new nor answered."""
    inbox = inbox_with(database, replace(UNLIMITED, person=Limit(1, 0)))
    await inbox.accept(question())
    incoming = question(identity="again")
    first, second = await inbox.accept(incoming), await inbox.accept(incoming)
    assert (first.question_id, first.new) == (second.question_id, True)
    assert not second.new


async def test_nobody_waits_without_a_word(database: Database, question: MakeQuestion) -> None:
    """What nobody has had time for is refused and told once a person; what is in work, or new, is left."""
    inbox = inbox_with(database)
    await inbox.accept(question(asker="U1"))
    assert len(await inbox.claim(["slack"], 1)) == 1
    for asker in ("U1", "U1", "U2"):
        await inbox.accept(question(asker=asker))
    await let_pass(database, timedelta(seconds=5))
    new = await inbox.accept(question(asker="U3"))
    waited = timedelta(seconds=3)
    assert await inbox.refuse_waiting(["slack"], BUSY, longer_than=waited, shorter_than=HOUR) == ["slack"] * 3
    assert await told(database) == ["I'm busy right now. Please ask again in about 20 seconds."] * 2
    [claim] = await inbox.claim(["slack"], 9)
    assert claim.question_id == new.question_id


async def test_what_waited_for_a_daemon_is_not_refused(database: Database, question: MakeQuestion) -> None:
    """A question of before the start has waited long enough to be answered."""
    inbox = inbox_with(database)
    await inbox.accept(question())
    await let_pass(database, timedelta(minutes=10))
    uptime = timedelta(minutes=5)
    assert await inbox.refuse_waiting(["slack"], BUSY, longer_than=timedelta(0), shorter_than=uptime) == []


async def test_beyond_the_crowd_people_are_told_at_the_door(database: Database, question: MakeQuestion) -> None:
    """Where more people are in front than are answered in time, the next is told so; a flood is one person."""
    inbox = inbox_with(database)
    crowd = Crowd(most=2, refusal=BUSY)

    async def refused(asker: str) -> str | None:
        return (await inbox.accept(question(asker=asker), crowd)).refused

    assert [await refused("U1"), await refused("U1"), await refused("U1")] == [None, None, "busy"]
    assert [await refused("U2"), await refused("U3")] == [None, "busy"]
    assert await told(database) == [BUSY.text(ENGLISH)] * 2
    [claim, _] = await inbox.claim(["slack"], 2)
    await inbox.finish(claim.question_id, REPLY)
    assert len(await inbox.claim(["slack"], 9)) == 1


async def test_each_daemon_at_work_makes_room(database: Database, question: MakeQuestion) -> None:
    """Two daemons on one database answer twice as many people in time, so twice as many may wait."""
    one, other = inbox_with(database), inbox_with(database, owner="other")
    crowd = Crowd(most=1, refusal=BUSY)
    for asker in ("U1", "U2"):
        await one.accept(question(asker=asker))
    assert await one.claim(["slack"], 1)
    assert (await one.accept(question(asker="U3"), Crowd(most=2, refusal=BUSY))).refused == "busy"
    assert await other.claim(["slack"], 1)
    assert (await one.accept(question(asker="U4"), crowd)).refused == "busy"
    assert (await one.accept(question(asker="U5"), Crowd(most=2, refusal=BUSY))).refused is None


async def test_who_asked_during_an_outage_is_not_sent_away(database: Database, question: MakeQuestion) -> None:
    """What was said long before it was heard waits for its turn, at the door and later."""
    inbox = inbox_with(database)
    said = datetime.now(UTC) - timedelta(minutes=10)
    accepted = [
        await inbox.accept(question(asker=f"U{number}", said_at=said), Crowd(most=1, refusal=BUSY))
        for number in range(3)
    ]
    assert [one.refused for one in accepted] == [None] * 3
    assert await inbox.refuse_waiting(["slack"], BUSY, longer_than=timedelta(), shorter_than=HOUR) == []
    assert [claim.late for claim in await inbox.claim(["slack"], 9)] == [True] * 3
