"""Votes, what they were for, and the log, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from supportbot.db.models import Feedback
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, FeedbackReason, QuestionState
from supportbot.errors import UnknownSuggestionError
from supportbot.feedback.suggestions import Suggestions
from supportbot.feedback.votes import MAX_CORRECTION, REASON_WORDS, Explanation, UnknownAnswerError, Vote, Votes
from supportbot.intake.history import History
from supportbot.intake.inbox import Inbox
from supportbot.intake.live import Live
from supportbot.intake.questions import Reply
from supportbot.service import Service
from tests.supportbot.conftest import MakeQuestion

VOTER, OTHER = "slack:T1:U1", "slack:T1:U2"

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
    await asyncio.gather(*(votes.cast(answer_id, VOTER, vote) for vote in [Vote.UP, Vote.DOWN] * 4))
    exchange = await History(database).exchange(question_id)
    assert exchange is not None
    assert exchange.votes_up + exchange.votes_down == 1


async def test_vote_on_an_unknown_answer_is_a_sentence(database: Database) -> None:
    """A vote on an answer that is not there is refused with a sentence for the voter."""
    with pytest.raises(UnknownAnswerError, match="no longer in the log"):
        await Votes(database).cast(4711, VOTER, Vote.UP)


async def test_the_vote_that_was_clicked_last_counts(
    inbox: Inbox, database: Database, question: MakeQuestion
) -> None:
    """A vote that is older than what is known, because it was delivered late or again, changes nothing."""
    _, answer_id = await answered(inbox, question)
    votes = Votes(database)
    clicked = datetime(2026, 11, 29, 12, tzinfo=UTC)
    await votes.cast(answer_id, VOTER, Vote.DOWN, at=clicked)
    await votes.explain(answer_id, VOTER, FeedbackReason.RUDE, None)
    await votes.cast(answer_id, VOTER, Vote.UP, at=clicked + timedelta(seconds=2))
    late = await votes.cast(answer_id, VOTER, Vote.DOWN, at=clicked + timedelta(seconds=1))
    assert (late.vote, late.changed, late.explanation) == (Vote.UP, False, Explanation())
    assert await kept(database) == [(VOTER, 1, None, None)]
    assert (await votes.cast(answer_id, VOTER, Vote.DOWN, at=clicked + timedelta(seconds=3))).changed


@pytest.mark.parametrize(
    ("voter", "workspace"),
    [("slack:T2:U1", "T2"), ("discord:1", "T1"), ("web:1", None), ("slack", "T2"), ("", None)],
)
async def test_vote_from_elsewhere_is_unknown(
    inbox: Inbox, database: Database, question: MakeQuestion, voter: str, workspace: str | None
) -> None:
    """A forged number of an answer of another workspace or platform leads nowhere, and tells nothing of it."""
    _, answer_id = await answered(inbox, question)
    votes = Votes(database)
    with pytest.raises(UnknownAnswerError, match="no longer in the log"):
        await votes.cast(answer_id, voter, Vote.DOWN, workspace=workspace)
    with pytest.raises(UnknownAnswerError, match="no longer in the log"):
        await votes.explain(answer_id, voter, FeedbackReason.WRONG, "No.", workspace=workspace)
    with pytest.raises(UnknownSuggestionError):
        await Suggestions(database).choose(answer_id, 0, voter, workspace=workspace)
    assert await kept(database) == []


async def test_guest_of_another_workspace_votes_where_the_answer_is(
    inbox: Inbox, database: Database, question: MakeQuestion
) -> None:
    """In a shared channel the voter may be from elsewhere; what counts is where the click was."""
    _, answer_id = await answered(inbox, question)
    assert (await Votes(database).cast(answer_id, "slack:T2:U9", Vote.UP, workspace="T1")).changed


async def kept(database: Database) -> list[tuple[str, int, FeedbackReason | None, str | None]]:
    """Return all feedback, the oldest first."""
    async with database.read() as session:
        rows = await session.scalars(select(Feedback).order_by(Feedback.id))
        return [(row.voter, row.vote, row.reason, row.correction) for row in rows]


async def test_explanation_is_kept_on_the_vote(inbox: Inbox, database: Database, question: MakeQuestion) -> None:
    """Reason and correction go on the row of the vote, each without the other too, and the last ones count."""
    _, answer_id = await answered(inbox, question)
    votes = Votes(database)
    await votes.cast(answer_id, VOTER, Vote.DOWN)
    await votes.cast(answer_id, OTHER, Vote.DOWN)
    await votes.explain(answer_id, VOTER, FeedbackReason.OUTDATED, "  In two days.\n")
    assert await kept(database) == [
        (VOTER, -1, FeedbackReason.OUTDATED, "In two days."),
        (OTHER, -1, None, None),
    ]
    await votes.explain(answer_id, VOTER, FeedbackReason.RUDE, " ")
    assert (await kept(database))[0] == (VOTER, -1, FeedbackReason.RUDE, None)
    await votes.explain(answer_id, VOTER, None, "Soon.")
    assert (await kept(database))[0] == (VOTER, -1, None, "Soon.")


async def test_repeated_vote_tells_what_was_said_before(
    inbox: Inbox, database: Database, question: MakeQuestion
) -> None:
    """A second 👎 keeps the explanation and returns it, so that a form can show it."""
    _, answer_id = await answered(inbox, question)
    votes = Votes(database)
    await votes.cast(answer_id, VOTER, Vote.DOWN)
    said = await votes.explain(answer_id, VOTER, FeedbackReason.WRONG, "On Monday.")
    assert said == Explanation(reason=FeedbackReason.WRONG, correction="On Monday.")
    assert (await votes.cast(answer_id, VOTER, Vote.DOWN)).explanation == said


async def test_later_thumb_up_takes_the_explanation_back(
    inbox: Inbox, database: Database, question: MakeQuestion
) -> None:
    """After a 👍 nothing is left of what was said about the 👎, not even for a 👎 after that."""
    _, answer_id = await answered(inbox, question)
    votes = Votes(database)
    await votes.cast(answer_id, VOTER, Vote.DOWN)
    await votes.explain(answer_id, VOTER, FeedbackReason.WRONG, "On Monday.")
    assert (await votes.cast(answer_id, VOTER, Vote.UP)).explanation == Explanation()
    assert await kept(database) == [(VOTER, 1, None, None)]
    assert (await votes.cast(answer_id, VOTER, Vote.DOWN)).explanation == Explanation()


async def test_explanation_without_a_thumb_down_is_refused(
    inbox: Inbox, database: Database, question: MakeQuestion
) -> None:
    """There is nothing to explain about a 👍, another person's vote, or an answer that isn't there."""
    _, answer_id = await answered(inbox, question)
    votes = Votes(database)
    await votes.cast(answer_id, VOTER, Vote.UP)
    for voter in (VOTER, OTHER):
        with pytest.raises(UnknownAnswerError, match="nothing to explain"):
            await votes.explain(answer_id, voter, FeedbackReason.WRONG, "On Monday.")
    with pytest.raises(UnknownAnswerError, match="no longer in the log"):
        await votes.explain(4711, VOTER, FeedbackReason.WRONG, None)
    assert await kept(database) == [(VOTER, 1, None, None)]


async def test_hostile_correction_is_kept_as_text(
    inbox: Inbox, database: Database, question: MakeQuestion
) -> None:
    """Endless text is cut, and characters that no database takes are replaced."""
    _, answer_id = await answered(inbox, question)
    votes = Votes(database)
    await votes.cast(answer_id, VOTER, Vote.DOWN)
    await votes.explain(answer_id, VOTER, FeedbackReason.OTHER, "😀" * (MAX_CORRECTION + 5))
    assert (await kept(database))[0][3] == "😀" * MAX_CORRECTION
    await votes.explain(answer_id, VOTER, FeedbackReason.OTHER, "a\x00b\ud800c'; DROP TABLE feedback; --")
    assert (await kept(database))[0][3] == "a\ufffdb\ufffdc'; DROP TABLE feedback; --"


async def test_explanation_is_not_logged(inbox: Inbox, database: Database, question: MakeQuestion) -> None:
    """The log says that somebody explained a vote and for which reason, never what they wrote."""
    _, answer_id = await answered(inbox, question)
    service = Service(inbox, Votes(database), Suggestions(database), History(database), Live(), asyncio.Event())
    with capture_logs() as lines:
        await service.vote(answer_id, VOTER, Vote.DOWN)
        await service.explain(answer_id, VOTER, FeedbackReason.WRONG, "my secret")
    assert lines[-1] == {
        "event": "answer.explained",
        "log_level": "info",
        "answer_id": answer_id,
        "reason": "wrong",
        "has_correction": True,
    }
    assert "secret" not in str(lines)


def test_every_reason_has_words() -> None:
    """People are offered all reasons, in words of their own."""
    assert set(REASON_WORDS) == set(FeedbackReason)
    assert len(set(REASON_WORDS.values())) == len(FeedbackReason)


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
