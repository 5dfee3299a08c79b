"""What a curator points at and wants decided on: an answer of the log, or what a model wrote in the playground.

It becomes a candidate like any other, redacted and with the consent of its workspace, and has who put it there. An
answer that is a candidate already is only marked, so nothing waits twice.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import delete, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import audit
from supportbot.db.base import storable
from supportbot.db.models import Answer, Conversation, Example, Question, Workspace
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, ExampleLabel, ExampleSource, ExampleStatus
from supportbot.errors import SupportBotError
from supportbot.feedback.curation import _log
from supportbot.feedback.curation._insert import Candidate, insert_new, redacted
from supportbot.feedback.curation.keys import conversation_of
from supportbot.intake.people import person_of
from supportbot.words import N_

_GONE = N_("This answer is no longer available, because it was erased.")
_QUESTION_GONE = N_("The original question was erased, so nothing is kept of this.")
_NOTHING_SAID = N_(
    "The bot only said that it wasn't sure, so there is nothing to judge. Write the answer instead."
)
_NOTHING_LEFT = N_("After redaction nothing readable is left, so there is nothing to review.")
_DECIDED = N_("A curator has already reviewed this. To change it, find it under Knowledge.")
_NOTHING_TO_UNDO = N_("This item is no longer waiting. Someone has reviewed it or removed it.")


class ChosenError(SupportBotError):
    """Something cannot be put into the queue, or taken out of it."""


@dataclass(frozen=True, slots=True)
class Put:
    """What came of it.

    Attributes:
        example_id: its number.
        is_new: whether it was no candidate before.
        was_put: whether somebody had put it there before; then nothing changed.
    """

    example_id: int
    is_new: bool
    was_put: bool = False


async def put_answer(database: Database, answer_id: int, by: str, keep: Collection[str] = ()) -> Put:
    """Put an answer of the log into the queue; what the model wrote, where the bot was not sure.

    Args:
        database: where both are kept.
        answer_id: its number.
        by: the person.
        keep: what is public although it looks personal, see ``redact``.

    Raises:
        ChosenError: there is no such answer, nothing in it can be judged, or that was done already.
    """
    async with database.read() as session:
        answer = await session.get(Answer, answer_id)
        if answer is None:
            raise ChosenError(_GONE)
        source = ExampleSource.HUMAN if answer.source is AnswerSource.HUMAN else ExampleSource.VOTES
        prefix = "human:" if source is ExampleSource.HUMAN else "answer:"
        query = _log.log(prefix, Answer.id).add_columns(Answer.author, literal(None).label("other"))
        row = (await session.execute(query.where(Answer.id == answer_id))).one_or_none()
    origin, candidate = f"{prefix}{answer_id}", None
    if row is not None:
        candidate = _log.candidate(source, row)
        if answer.source is AnswerSource.NOT_SURE:
            # Votes were on the sentence that it is not sure, and say nothing of this text.
            candidate = replace(candidate, answer=answer.draft or "", votes=0, label=ExampleLabel.GOOD)
            if not candidate.answer.strip():
                raise ChosenError(_NOTHING_SAID)
        candidate = await asyncio.to_thread(redacted, candidate, keep)
    async with database.write() as session:
        # Erased while it was redacted: then nothing of it is written again.
        there = select(Answer.id).where(Answer.id == answer_id).with_for_update()
        if await session.scalar(there) is None:
            raise ChosenError(_GONE)
        return await _put(session, origin, candidate, by, {"answer": answer_id})


async def put_text(
    database: Database,
    question: str,
    answer: str,
    by: str,
    keep: Collection[str] = (),
    *,
    question_id: int | None = None,
) -> Put:
    """Put what a model wrote in the playground into the queue; it is nobody's log, as a row of a file.

    Args:
        database: where the queue is.
        question: that was tried.
        answer: what was written.
        by: the person.
        keep: as for ``put_answer``.
        question_id: the question of the log that it began with. Then it is of that log: it takes the consent of
            its workspace, and goes with whoever asked when they are erased.

    Raises:
        ChosenError: nothing in it can be judged, or that was done already.
    """
    draft = Candidate(
        origin="",
        source=ExampleSource.IMPORT,
        question=storable(question),
        answer=storable(answer),
        conversation="",
    )
    clean = await asyncio.to_thread(redacted, draft, keep)
    named = "" if question_id is None else f"{question_id}:"
    digest = hashlib.sha256(f"{clean.question}\0{clean.answer}".encode()).hexdigest()
    origin = f"playground:{named}{digest}"
    candidate = replace(clean, origin=origin, conversation=conversation_of(clean.question))
    async with database.write() as session:
        if question_id is not None:
            candidate = await _of_the_log(session, candidate, question_id)
        return await _put(session, origin, candidate, by, {"from": "playground"})


async def take_back(database: Database, put: Put, by: str) -> None:
    """Undo that something was put into the queue: what was no candidate before is none again.

    Raises:
        ChosenError: it does not wait any more, or somebody has taken it out.
    """
    waits = (
        Example.id == put.example_id,
        Example.status == ExampleStatus.PENDING,
        Example.put_by.is_not(None),
    )
    async with database.write() as session:
        row = await session.scalar(select(Example).where(*waits).with_for_update())
        if row is None:
            raise ChosenError(_NOTHING_TO_UNDO)
        row.put_by = None
        audit.record(session, actor=by, action="example.take_back", subject=f"example:{row.id}")
        if put.is_new:
            await session.flush()
            await session.execute(delete(Example).where(Example.id == row.id))


async def _of_the_log(session: AsyncSession, candidate: Candidate, question_id: int) -> Candidate:
    asked = (
        select(
            Question.asker,
            Workspace.id,
            Workspace.platform,
            Workspace.external_id,
            Conversation.channel,
            Conversation.thread,
            select(func.min(Answer.id)).where(Answer.question_id == Question.id).scalar_subquery().label("answer"),
        )
        .join(Conversation, Question.conversation_id == Conversation.id)
        .join(Workspace, Conversation.workspace_id == Workspace.id)
        .where(Question.id == question_id)
        .with_for_update(of=Question)
    )
    if (row := (await session.execute(asked)).one_or_none()) is None:
        raise ChosenError(_QUESTION_GONE)
    return replace(
        candidate,
        conversation=f"{row.platform}:{row.external_id}:{row.channel}:{row.thread}",
        workspace_id=row.id,
        person=person_of(row.platform, row.external_id, row.asker),
        origin_answer_id=row.answer,
    )


async def _put(
    session: AsyncSession, origin: str, candidate: Candidate | None, by: str, details: dict[str, object]
) -> Put:
    """Mark the candidate of an origin, or insert it; ``candidate`` is None where there was one a moment ago."""
    if candidate is not None and not (candidate.question and candidate.answer):
        raise ChosenError(_NOTHING_LEFT)
    made = await insert_new(session, [candidate], datetime.now(UTC)) if candidate is not None else {}
    row = await session.scalar(select(Example).where(Example.origin == origin).with_for_update())
    if row is None:  # withdrawn from the log this very moment
        raise ChosenError(_GONE)
    if row.status is not ExampleStatus.PENDING:
        raise ChosenError(_DECIDED)
    if row.put_by is not None:
        return Put(row.id, is_new=False, was_put=True)
    row.put_by = by
    audit.record(session, actor=by, action="example.put", subject=f"example:{row.id}", details=details)
    return Put(row.id, is_new=bool(made))
