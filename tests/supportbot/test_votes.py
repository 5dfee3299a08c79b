"""Votes and the log, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest

from supportbot.db.session import Database
from supportbot.history import History
from supportbot.inbox import Inbox
from supportbot.questions import Reply
from supportbot.states import AnswerSource, QuestionState
from supportbot.votes import UnknownAnswerError, Vote, Votes
from tests.supportbot.conftest import MakeQuestion

REPLY = Reply(text="Tomorrow.", source=AnswerSource.GENERATED, model_version="starter", confidence=-0.2)


async def answered(inbox: Inbox, question: MakeQuestion, text: str = "When?", **changes: str) -> tuple[int, int]:
    """Bring a question as far as its answer; return the ids of both."""
    accepted = await inbox.accept(question(text, **changes))
    await inbox.claim_one(accepted.question_id)
    answer_id = await inbox.finish(accepted.question_id, REPLY)
    assert answer_id is not None
    return accepted.question_id, answer_id


async def test_last_vote_of_a_person_counts(inbox: Inbox, database: Database, question: MakeQuestion) -> None:
    """A second click changes the vote, a repeated one changes nothing, and others' votes add up."""
    question_id, answer_id = await answered(inbox, question)
    votes = Votes(database)
    first = await votes.cast(answer_id, "slack:T1:U1", Vote.UP)
    again = await votes.cast(answer_id, "slack:T1:U1", Vote.UP)
    changed = await votes.cast(answer_id, "slack:T1:U1", Vote.DOWN)
    await votes.cast(answer_id, "slack:T1:U2", Vote.UP)
    assert (first.previous, first.changed) == (None, True)
    assert not again.changed
    assert (changed.previous, changed.changed) == (Vote.UP, True)
    exchange = await History(database).exchange(question_id)
    assert exchange is not None
    assert (exchange.votes_up, exchange.votes_down) == (1, 1)


async def test_simultaneous_votes_of_one_person_are_one(
    inbox: Inbox, database: Database, question: MakeQuestion
) -> None:
    """Clicks that arrive at the same moment leave one row."""
    question_id, answer_id = await answered(inbox, question)
    votes = Votes(database)
    await asyncio.gather(*(votes.cast(answer_id, "u", vote) for vote in [Vote.UP, Vote.DOWN] * 4))
    exchange = await History(database).exchange(question_id)
    assert exchange is not None
    assert exchange.votes_up + exchange.votes_down == 1


async def test_vote_on_an_unknown_answer_is_a_sentence(database: Database) -> None:
    """A vote on an answer that is not there is refused with a sentence for the voter."""
    with pytest.raises(UnknownAnswerError, match="no longer in the log"):
        await Votes(database).cast(4711, "u", Vote.UP)


async def test_log_is_newest_first_and_limited(inbox: Inbox, database: Database, question: MakeQuestion) -> None:
    """The log shows the latest questions with their answers, also those that have none yet."""
    for number in range(5):
        await answered(inbox, question, f"Question {number}?")
    await inbox.accept(question("Unanswered?"))
    recent = await History(database).recent(3)
    assert [exchange.question for exchange in recent] == ["Unanswered?", "Question 4?", "Question 3?"]
    assert (recent[0].answer, recent[0].state) == (None, QuestionState.RECEIVED)
    assert (recent[1].answer, recent[1].source, recent[1].model_version, recent[1].confidence) == (
        "Tomorrow.",
        AnswerSource.GENERATED,
        "starter",
        -0.2,
    )


async def test_conversation_is_oldest_first_and_nobody_elses(
    inbox: Inbox, database: Database, question: MakeQuestion
) -> None:
    """A conversation reads from top to bottom and holds only its own questions."""
    for number in range(4):
        await answered(inbox, question, f"Mine {number}?", thread="mine")
    await answered(inbox, question, "Other?", thread="other")
    await answered(inbox, question, "Elsewhere?", thread="mine", platform="discord")
    found = await History(database).conversation("slack", "C1", "mine", limit=3)
    assert [exchange.question for exchange in found] == ["Mine 1?", "Mine 2?", "Mine 3?"]
