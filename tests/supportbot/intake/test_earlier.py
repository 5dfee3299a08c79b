"""What a follow-up goes on from, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from supportbot.db.models import Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, QuestionState
from supportbot.intake.earlier import ASKED_AS, MOST_TURNS, Turn
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import Grounds, Reply, Verified
from tests.supportbot.conftest import MakeQuestion

GROUNDS = Grounds(
    verified=(
        Verified(entry_id=7, approved_by="Ana", approved_at=datetime(2026, 11, 1, tzinfo=UTC), similarity=1),
    )
)


async def answer(
    inbox: Inbox,
    question: MakeQuestion,
    text: str,
    *,
    grounds: Grounds = GROUNDS,
    state: QuestionState = QuestionState.ANSWERED,
    **changes: Any,
) -> None:
    """Bring a question as far as its answer."""
    accepted = await inbox.accept(question(text, **changes))
    assert await inbox.claim_one(accepted.question_id)
    reply = Reply(text=f"{text}!", source=AnswerSource.APPROVED, grounds=grounds)
    assert await inbox.finish(accepted.question_id, reply, state=state) is not None


async def turns(inbox: Inbox, question: MakeQuestion) -> tuple[Turn, ...]:
    """Return what was before a new question."""
    accepted = await inbox.accept(question("and now?"))
    claim = await inbox.claim_one(accepted.question_id)
    assert claim is not None
    return claim.earlier


async def texts(inbox: Inbox, question: MakeQuestion) -> list[str]:
    """Return the questions before a new one."""
    return [turn.question for turn in await turns(inbox, question)]


async def test_the_last_answers_of_a_thread(inbox: Inbox, question: MakeQuestion) -> None:
    """The newest last; not what failed, nor what was asked elsewhere or by others, whose words are theirs."""
    for number in range(MOST_TURNS + 1):
        await answer(inbox, question, f"q{number}")
    await answer(inbox, question, "failed", state=QuestionState.FAILED)
    await answer(inbox, question, "elsewhere", thread="9.0")
    await answer(inbox, question, "in another workspace", workspace="T2")
    await answer(inbox, question, "of others", asker="U2")
    before = await turns(inbox, question)
    assert [turn.question for turn in before] == [f"q{number}" for number in range(1, MOST_TURNS + 1)]
    assert before[-1] == Turn(f"q{MOST_TURNS}", f"q{MOST_TURNS}!", AnswerSource.APPROVED, (7,))


async def test_a_follow_up_goes_on_from_what_it_was_taken_for(inbox: Inbox, question: MakeQuestion) -> None:
    """The second follow-up needs what the first was about, which its own words do not say."""
    await answer(
        inbox, question, "and for a gift card?", grounds=Grounds(figures={ASKED_AS: "refund of a gift card"})
    )
    assert await texts(inbox, question) == ["refund of a gift card"]


async def test_the_next_day_begins_anew(inbox: Inbox, database: Database, question: MakeQuestion) -> None:
    """What was asked long ago is not what somebody goes on from."""
    await answer(inbox, question, "long ago")
    async with database.write() as session:
        await session.execute(update(Question).values(received_at=datetime.now(UTC) - timedelta(days=1)))
    assert await texts(inbox, question) == []
