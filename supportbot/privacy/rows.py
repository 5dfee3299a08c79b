"""Erasing rows of the log, some questions at a time, each time in one transaction of the caller.

Locks are taken in the order in which delivering, voting and asking people take theirs (hand-off, reply, answer,
vote, question), so that
PostgreSQL never has to break a tie; the revision of the knowledge comes first, as everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Select, delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import (
    Answer,
    Channel,
    Conversation,
    Entry,
    Example,
    Feedback,
    Handoff,
    Outbox,
    Question,
    Wording,
    Workspace,
)


async def lock_questions(session: AsyncSession, question_ids: Sequence[int]) -> list[int]:
    """Lock questions with all that hangs on them until the transaction ends; return their answers."""
    await session.execute(_locked(Handoff, Handoff.question_id.in_(question_ids)))
    await session.execute(_locked(Outbox, Outbox.question_id.in_(question_ids)))
    answers = list(await session.scalars(_locked(Answer, Answer.question_id.in_(question_ids))))
    await session.execute(_locked(Feedback, Feedback.answer_id.in_(answers)))
    await session.execute(_locked(Question, Question.id.in_(question_ids)))
    return answers


async def erase_questions(session: AsyncSession, question_ids: Sequence[int]) -> Counter[str]:
    """Erase questions with all that hangs on them, and conversations that have no question left.

    Returns:
        How many rows of each kind are gone.
    """
    gone: Counter[str] = Counter()
    places = (
        await session.execute(
            select(Conversation.id, Conversation.workspace_id, Conversation.channel)
            .join(Question, Question.conversation_id == Conversation.id)
            .where(Question.id.in_(question_ids))
            .distinct()
        )
    ).all()
    conversations = {place.id for place in places}
    handoffs = delete(Handoff).where(Handoff.question_id.in_(question_ids)).returning(Handoff.id)
    gone["hand-offs"] += len((await session.scalars(handoffs)).all())
    replies = delete(Outbox).where(Outbox.question_id.in_(question_ids)).returning(Outbox.id)
    gone["replies"] += len((await session.scalars(replies)).all())
    answers = list(await session.scalars(select(Answer.id).where(Answer.question_id.in_(question_ids))))
    gone += await erase_answers(session, answers)
    questions = delete(Question).where(Question.id.in_(question_ids)).returning(Question.id)
    gone["questions"] += len((await session.scalars(questions)).all())
    # A statement of its own: whoever was about to ask there is waited for first, and seen then.
    await session.execute(_locked(Conversation, Conversation.id.in_(conversations)))
    has_question = select(Question.id).where(Question.conversation_id == Conversation.id).exists()
    empty = delete(Conversation).where(Conversation.id.in_(conversations), ~has_question)
    gone["conversations"] += len((await session.scalars(empty.returning(Conversation.id))).all())
    await _erase_channels(session, {(place.workspace_id, place.channel) for place in places})
    return gone


async def _erase_channels(session: AsyncSession, channels: Collection[tuple[int, str]]) -> None:
    """Erase those channels in which nothing is said any more; a direct message is one, and names a person."""
    is_used = (
        select(Conversation.id)
        .where(Conversation.workspace_id == Channel.workspace_id, Conversation.channel == Channel.channel)
        .exists()
    )
    await session.execute(
        delete(Channel).where(tuple_(Channel.workspace_id, Channel.channel).in_(list(channels)), ~is_used)
    )


async def erase_direct_messages(session: AsyncSession, platform: str, name: str) -> None:
    """Erase the workspace of what somebody wrote to the bot alone, consent included, if nothing is left in it."""
    # A statement of its own, as above: whoever was about to ask there is waited for first, and seen then.
    there = (Workspace.platform == platform, Workspace.external_id == name)
    if (number := await session.scalar(select(Workspace.id).where(*there).with_for_update())) is None:
        return
    holders = (Conversation.workspace_id, Example.workspace_id, Wording.workspace_id, Entry.workspace_id)
    is_empty = (~select(column).where(column == number).exists() for column in holders)
    await session.execute(delete(Workspace).where(Workspace.id == number, *is_empty))


async def erase_answers(session: AsyncSession, answer_ids: Collection[int]) -> Counter[str]:
    """Erase answers with the votes on them."""
    gone: Counter[str] = Counter()
    gone["votes"] += await erase_votes(session, Feedback.answer_id.in_(answer_ids))
    answers = delete(Answer).where(Answer.id.in_(answer_ids)).returning(Answer.id)
    gone["answers"] += len((await session.scalars(answers)).all())
    return gone


async def erase_votes(session: AsyncSession, which: ColumnElement[bool]) -> int:
    """Erase votes with what was said to explain them; return how many."""
    votes = delete(Feedback).where(which).returning(Feedback.id)
    return len((await session.scalars(votes)).all())


def _locked(
    model: type[Handoff | Outbox | Answer | Feedback | Question | Conversation], which: ColumnElement[bool]
) -> Select[int]:
    return select(model.id).where(which).order_by(model.id).with_for_update()
