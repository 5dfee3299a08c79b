"""One conversation with all that hangs on it, and what may be done about it: each deed in the audit."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select

from supportbot.config import Settings
from supportbot.conversations.conversations import Conversations, UnknownQuestionError
from supportbot.conversations.reading import AROUND
from supportbot.db.audit import recent
from supportbot.db.models import Entry, ForeignQuestion, Handoff, Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, EntryState, HandoffState
from supportbot.handoffs.listing import UnknownHandoffError
from supportbot.knowledge.manage import KnowledgeError
from supportbot.privacy.erasing import Privacy
from supportbot.privacy.person import Person
from tests.supportbot.privacy.planting import ALICE, BOB, NOW, Planter, plant


@pytest.fixture
def conversations(database: Database) -> Conversations:
    """The log as operators look into it."""
    return Conversations(Settings(), database)


async def audited(database: Database) -> list[tuple[str, str, str]]:
    """Return who did what to what, the newest first."""
    return [(one.actor, one.action, one.subject) for one in await recent(database, 10)]


async def test_all_that_hangs_on_a_question_is_read_with_it(
    database: Database, conversations: Conversations
) -> None:
    """Answers of the bot first, then of people, votes with reasons, the hand-off, and each message on its way."""
    put = Planter(database)
    asked = await put.ask("U1", "Where is it?")
    told = await put.answer(asked, "I am not sure.", source=AnswerSource.NOT_SURE, draft="In Rome.", seed=7)
    by_person = await put.answer(asked, "In Turin.", source=AnswerSource.HUMAN, reply_identity="slack:1")
    await put.reply(asked, told, "I am not sure.")
    await put.vote(told, "U9", -1, "It is in Turin.")
    place = {"workspace_id": await put.workspace(), "channel": "C1", "platform": "slack", "target": "C9"}
    await put.add(Handoff(question_id=asked, state=HandoffState.OPEN, asked_at=NOW, **place))

    thread = await conversations.thread(asked, "Ada")

    [turn] = thread.turns
    assert (thread.opened, thread.platform, thread.workspace, thread.channel) == (asked, "slack", "T1", "D-U1")
    assert [one.answer_id for one in turn.answers] == [told, by_person]
    assert [one.text for one in turn.answers] == ["I am not sure.", "In Turin."]
    [judgement] = turn.answers[0].judgements
    assert (judgement.vote, judgement.correction, judgement.reason) == (-1, "It is in Turin.", None)
    assert turn.handoff is not None
    assert (turn.handoff.state, turn.handoff.target, turn.handoff.is_open) == (HandoffState.OPEN, "C9", True)
    assert [one.kind for one in turn.deliveries] == ["reply"]
    assert not turn.answers[0].can_be_repeated  # nobody knows its prompt
    assert await audited(database) == [("Ada", "log.read", f"question:{asked}")]
    assert await conversations.count_open() == 1


async def test_a_long_conversation_is_read_around_the_question(
    database: Database, conversations: Conversations
) -> None:
    """What is further away is a step away, in both directions, and nothing is left out between."""
    put = Planter(database)
    first = await put.ask("U1", "1")
    async with database.read() as session:
        there = await session.scalar(select(Question.conversation_id).where(Question.id == first))
    numbers = [first, *[await put.ask("U1", f"{n}", conversation_id=there) for n in range(2, 2 * AROUND + 4)]]

    middle = await conversations.thread(numbers[AROUND + 1], "Ada")

    assert [turn.question_id for turn in middle.turns] == numbers[1 : 2 * AROUND + 2]
    assert (middle.earlier, middle.later) == (numbers[0], numbers[2 * AROUND + 2])
    beginning = await conversations.thread(first, "Ada")
    assert (beginning.earlier, beginning.later) == (None, numbers[AROUND + 1])


async def test_what_was_erased_says_so(database: Database, conversations: Conversations) -> None:
    """A question that is gone is one sentence; a text or an entry that is gone is said to be, where it stood."""
    planted = await plant(database)
    await Privacy(database, Settings().home).erase(Person(platform="slack", user=ALICE), "Ada", wait_seconds=0)
    with pytest.raises(UnknownQuestionError, match="may have been erased"):
        await conversations.thread(planted.questions[0], "Ada")
    shown = (await conversations.thread(planted.bobs[1], "Ada")).turns[0].answers[0]
    assert shown.is_erased
    assert shown.entries[planted.theirs] is EntryState.RETIRED
    async with database.write() as session:
        await session.execute(delete(Entry).where(Entry.id == planted.theirs))
    shown = (await conversations.thread(planted.bobs[1], "Ada")).turns[0].answers[0]
    assert planted.theirs not in shown.entries
    assert (await conversations.thread(planted.bobs[0], "Ada")).turns[0].asker == BOB


async def test_deeds_are_audited_and_refused_with_a_sentence(
    database: Database, conversations: Conversations
) -> None:
    """None of ours and back, and a hand-off that is closed once; what is not there is said."""
    put = Planter(database)
    asked = await put.ask("U1", "Do you sell cars?")
    foreign_id = await conversations.mark_foreign(asked, "Ada")
    async with database.read() as session:
        assert await session.scalar(select(ForeignQuestion.text)) == "Do you sell cars?"
    await conversations.unmark_foreign(foreign_id, "Bea")
    with pytest.raises(KnowledgeError):
        await conversations.unmark_foreign(foreign_id, "Bea")
    with pytest.raises(UnknownQuestionError):
        await conversations.mark_foreign(asked + 1, "Ada")
    place = {"workspace_id": await put.workspace(), "channel": "C1", "platform": "slack", "target": "C9"}
    handoff = await put.add(Handoff(question_id=asked, state=HandoffState.ANSWERED, asked_at=NOW, **place))
    assert await conversations.close_handoff(handoff, "Cleo")
    assert not await conversations.close_handoff(handoff, "Cleo")
    with pytest.raises(UnknownHandoffError):
        await conversations.close_handoff(handoff + 1, "Cleo")
    assert await audited(database) == [
        ("Cleo", "handoff.resolve", f"handoff:{handoff}"),
        ("Bea", "foreign.remove", f"foreign:{foreign_id}"),
        ("Ada", "foreign.add", f"foreign:{foreign_id}"),
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_only_what_a_model_wrote_is_offered_to_be_said_again(
    database: Database, conversations: Conversations
) -> None:
    """A whole record is needed, and of what was withheld the draft."""
    put = Planter(database)
    whole: dict[str, Any] = {"model_version": "v1", "prompt": "Q", "seed": 1, "sampling": {"engine": "fp32"}}
    cases: dict[str, tuple[dict[str, Any], bool]] = {
        "whole": (whole, True),
        "withheld": ({**whole, "source": AnswerSource.NOT_SURE, "draft": "so"}, True),
        "unsure": ({**whole, "source": AnswerSource.NOT_SURE}, False),
        "old": ({**whole, "sampling": {}}, False),
        "verified": ({"source": AnswerSource.APPROVED}, False),
    }
    for name, (values, can_be) in cases.items():
        asked = await put.ask("U1", name)
        await put.answer(asked, "so", **values)
        assert (await conversations.thread(asked, "Ada")).turns[0].answers[0].can_be_repeated == can_be, name
