"""Reading one conversation, around the question that was opened, with all that is known of each turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from supportbot.conversations.thread import Delivery, HandedOver, Judgement, Said, Thread, Turn
from supportbot.db.audit import ERASED
from supportbot.db.base import Base
from supportbot.db.models import Answer, Conversation, Entry, Feedback, Handoff, Outbox, Question, Workspace
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, EntryState
from supportbot.intake.questions import Grounds

AROUND = 20
"""Questions of the same conversation that are shown before and after the one that was opened."""

R = TypeVar("R", bound=Base)


async def read_thread(database: Database, question_id: int) -> Thread | None:
    """Return the conversation of a question; None where there is no such question, or not any more."""
    async with database.read() as session:
        place = (
            await session.execute(
                select(Conversation, Workspace)
                .join(Workspace, Conversation.workspace_id == Workspace.id)
                .join(Question, Question.conversation_id == Conversation.id)
                .where(Question.id == question_id)
            )
        ).one_or_none()
        if place is None:
            return None
        conversation, workspace = place
        there = select(Question).where(Question.conversation_id == conversation.id)
        before = list(
            await session.scalars(
                there.where(Question.id <= question_id).order_by(Question.id.desc()).limit(AROUND + 2)
            )
        )
        after = list(
            await session.scalars(there.where(Question.id > question_id).order_by(Question.id).limit(AROUND + 1))
        )
        shown = [*reversed(before[: AROUND + 1]), *after[:AROUND]]
        return Thread(
            opened=question_id,
            platform=workspace.platform,
            workspace=workspace.name or workspace.external_id,
            channel=conversation.channel,
            turns=tuple(await _turns(session, shown)),
            earlier=before[-1].id if len(before) > AROUND + 1 else None,
            later=after[-1].id if len(after) > AROUND else None,
        )


async def _turns(session: AsyncSession, questions: Sequence[Question]) -> list[Turn]:
    numbers = [question.id for question in questions]
    answers = await _rows(session, Answer, Answer.question_id, numbers)
    feedback = await _rows(
        session, Feedback, Feedback.answer_id, [answer.id for rows in answers.values() for answer in rows]
    )
    handoffs = await _rows(session, Handoff, Handoff.question_id, numbers)
    deliveries = await _rows(session, Outbox, Outbox.question_id, numbers)
    grounds = {row.id: Grounds.from_record(row.grounds) for rows in answers.values() for row in rows}
    entries = await _entries(session, answers.values(), grounds.values())
    return [
        Turn(
            question_id=question.id,
            asker=question.asker,
            text=question.text,
            state=question.state,
            reason=question.reason,
            attempts=question.attempts,
            received_at=question.received_at,
            claimed_at=question.claimed_at,
            answered_at=question.answered_at,
            delivered_at=question.delivered_at,
            sample=question.sample,
            sample_of=question.sample_of,
            answers=tuple(
                _said(row, grounds[row.id], entries, feedback.get(row.id, ()))
                for row in sorted(
                    answers.get(question.id, ()), key=lambda row: (row.source is AnswerSource.HUMAN, row.id)
                )
            ),
            handoff=next(map(_handed_over, handoffs.get(question.id, ())), None),
            deliveries=tuple(map(_delivery, deliveries.get(question.id, ()))),
        )
        for question in questions
    ]


async def _rows(
    session: AsyncSession, kind: type[R], key: InstrumentedAttribute[int], numbers: Sequence[int]
) -> dict[int, list[R]]:
    """Return rows by what they hang on, each in the order in which they were written."""
    rows = await session.scalars(select(kind).where(key.in_(numbers)).order_by(key, kind.id))  # type: ignore[attr-defined]  # every record has it
    return {number: list(group) for number, group in groupby(rows, lambda row: getattr(row, key.key))}


async def _entries(
    session: AsyncSession, answers: Iterable[Sequence[Answer]], grounds: Iterable[Grounds]
) -> dict[int, EntryState]:
    """Return those that still exist of the entries which answers name."""
    named = {row.entry_id for rows in answers for row in rows if row.entry_id is not None}
    for ground in grounds:
        named |= {one.entry_id for one in ground.verified} | {one.entry_id for one in ground.suggestions}
    found = await session.execute(select(Entry.id, Entry.state).where(Entry.id.in_(named)))
    return {row.id: row.state for row in found}


def _said(row: Answer, grounds: Grounds, entries: Mapping[int, EntryState], judged: Sequence[Feedback]) -> Said:
    return Said(
        answer_id=row.id,
        text=row.text,
        is_erased=row.text == ERASED,
        source=row.source,
        created_at=row.created_at,
        model_version=row.model_version,
        sampling=row.sampling or {},
        seed=row.seed,
        prompt=row.prompt,
        shortened=row.shortened,
        draft=row.draft,
        prompt_tokens=row.prompt_tokens,
        answer_tokens=row.answer_tokens,
        finish=row.finish,
        confidence=row.confidence,
        mean_logprob=row.mean_logprob,
        latency_ms=row.latency_ms,
        entry_id=row.entry_id,
        similarity=row.similarity,
        grounds=grounds,
        entries=entries,
        judgements=tuple(
            Judgement(vote=one.vote, reason=one.reason, correction=one.correction, at=one.updated_at)
            for one in judged
        ),
    )


def _handed_over(row: Handoff) -> HandedOver:
    return HandedOver(
        handoff_id=row.id,
        state=row.state,
        platform=row.platform,
        target=row.target,
        asked_at=row.asked_at,
        first_reply_at=row.first_reply_at,
        reminded_at=row.reminded_at,
        resolved_at=row.resolved_at,
    )


def _delivery(row: Outbox) -> Delivery:
    return Delivery(
        kind=row.kind,
        state=row.state,
        attempts=row.attempts,
        last_error=row.last_error,
        created_at=row.created_at,
        delivered_at=row.delivered_at,
    )
