"""From the log to candidates: what people thought of answers, what they said instead, what a colleague answered.

Each candidate is named by what it was made of (``answer:7``, ``feedback:3``, ``human:9``), and a walk takes only
what has no candidate yet, so collecting again costs little and changes nothing twice. Until a curator has touched
a candidate it follows the log: its votes, its label, and whether the correction still stands.

A question may have several answers (``intake.samples``). One that people liked is preferred to one that they
disliked, and to an earlier one that nobody liked: who asked wanted another, and liked that. Liking alone makes the
pair, wanting another says nothing.

No transaction is held while texts are redacted, which takes longer than reading and writing them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    and_,
    case,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from supportbot.db.models import Answer, Conversation, Example, Feedback, Question, Workspace
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, ExampleLabel, ExampleSource, ExampleStatus
from supportbot.feedback.curation._insert import Candidate, insert_new, redacted
from supportbot.intake.earlier import meaning_of
from supportbot.intake.people import person_of
from supportbot.intake.questions import Grounds
from supportbot.intake.samples import first_of

_BATCH = 200
"""Rows that are read, redacted and written at a time; a write keeps SQLite's only writer for milliseconds."""

_OF_THE_BOT = (AnswerSource.GENERATED, AnswerSource.APPROVED, AnswerSource.QUOTED)
"""Answers that were meant for their question; the canned "I am not sure" teaches nothing."""

_SAMPLES = (AnswerSource.GENERATED, AnswerSource.APPROVED)

_Opinion = aliased(Feedback)
"""All feedback on an answer, beside the one row that a correction is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What a walk changed: new candidates by source, and pending ones that followed the log."""

    new: Mapping[ExampleSource, int]
    refreshed: int
    withdrawn: int


async def collect(database: Database, *, keep: Collection[str] = ()) -> Collected:
    """Bring the candidates up to date with the log; ``keep`` is public, see ``redact``."""
    # Whatever somebody changes from now on is newer than what we are about to read.
    now = datetime.now(UTC)
    async with database.write() as session:
        withdrawn = await _withdraw(session)
        refreshed = await _refresh(session)
    walks = {
        ExampleSource.VOTES: (_voted(), Answer.id),
        ExampleSource.CORRECTION: (_corrected(), Feedback.id),
        ExampleSource.HUMAN: (_by_people(), Answer.id),
    }
    new = {source: await _walk(database, source, *walk, now, keep) for source, walk in walks.items()}
    return Collected(new=new, refreshed=refreshed, withdrawn=withdrawn)


async def _walk(
    database: Database,
    source: ExampleSource,
    query: Select[*tuple[Any, ...]],
    number: InstrumentedAttribute[int],
    now: datetime,
    keep: Collection[str],
) -> int:
    last = new = 0
    while True:
        async with database.read() as session:
            rows = (await session.execute(query.where(number > last).order_by(number).limit(_BATCH))).all()
        if not rows:
            return new
        last = rows[-1].number
        candidates = await asyncio.to_thread(_candidates, source, rows, keep)
        async with database.write() as session:
            candidates = await _still_there(session, number, candidates)
            new += len(await insert_new(session, candidates, now))


async def _still_there(
    session: AsyncSession, number: InstrumentedAttribute[int], candidates: Sequence[Candidate]
) -> list[Candidate]:
    """Leave out what was erased while it was redacted, or it would be written again; the rest stays till then."""
    numbers = {int(candidate.origin.rpartition(":")[2]): candidate for candidate in candidates}
    there = select(number).where(number.in_(numbers)).order_by(number).with_for_update()
    return [numbers[found] for found in await session.scalars(there)]


def _candidates(
    source: ExampleSource, rows: Sequence[Row[*tuple[Any, ...]]], keep: Collection[str]
) -> list[Candidate]:
    candidates = (redacted(_candidate(source, row), keep) for row in rows)
    return [candidate for candidate in candidates if candidate.question and candidate.answer]


def _candidate(source: ExampleSource, row: Row[*tuple[Any, ...]]) -> Candidate:
    return Candidate(
        origin=row.origin,
        source=source,
        question=meaning_of(row.question, Grounds.from_record(row.grounds)),
        answer=row.correction if source is ExampleSource.CORRECTION else row.answer,
        rejected=_rejected(source, row),
        label=ExampleLabel.BAD if source is ExampleSource.VOTES and row.votes < 0 else ExampleLabel.GOOD,
        votes=row.votes,
        origin_answer_id=row.answer_id,
        workspace_id=row.workspace_id,
        conversation=f"{row.platform}:{row.workspace}:{row.channel}:{row.thread}",
        person=row.voter if source is ExampleSource.CORRECTION else _person(row),
        author=row.author if source is ExampleSource.HUMAN else None,
    )


def _rejected(source: ExampleSource, row: Row[*tuple[Any, ...]]) -> str | None:
    match source:
        case ExampleSource.VOTES:
            return str(row.other) if row.other is not None and row.votes > 0 else None
        # The canned sentence is nothing that the model wrote, so it is nothing to prefer the correction to.
        case ExampleSource.CORRECTION if row.answer_source is not AnswerSource.NOT_SURE:
            return str(row.answer)
        case _:
            return None


def _person(row: Row[*tuple[Any, ...]]) -> str:
    """Return the asker in the form that voters have, so that the cap on one person's rows finds both."""
    return person_of(row.platform, row.workspace, row.asker)


def _voted() -> Select[*tuple[Any, ...]]:
    """Answers with more votes on one side; a disliked one with a correction is a correction instead."""
    votes = _net_votes()
    return (
        _log("answer:", Answer.id)
        .add_columns(_worse_sample(Answer.id).label("other"))
        .where(Answer.source.in_(_OF_THE_BOT), or_(votes > 0, and_(votes < 0, ~_is_corrected(Answer.id))))
    )


def _corrected() -> Select[*tuple[Any, ...]]:
    return (
        _log("feedback:", Feedback.id)
        .add_columns(Feedback.correction, Feedback.voter)
        .join(Feedback, Feedback.answer_id == Answer.id)
        .where(_has_correction())
    )


def _by_people() -> Select[*tuple[Any, ...]]:
    return _log("human:", Answer.id).add_columns(Answer.author).where(Answer.source == AnswerSource.HUMAN)


def _log(prefix: str, number: InstrumentedAttribute[int]) -> Select[*tuple[Any, ...]]:
    """Questions with their answers, where no candidate was made of them yet."""
    origin = _origin(prefix, number)
    return (
        select(
            number.label("number"),
            origin.label("origin"),
            Question.text.label("question"),
            Answer.grounds,
            Question.asker,
            Answer.id.label("answer_id"),
            Answer.text.label("answer"),
            Answer.source.label("answer_source"),
            _net_votes().label("votes"),
            Workspace.id.label("workspace_id"),
            Workspace.platform,
            Workspace.external_id.label("workspace"),
            Conversation.channel,
            Conversation.thread,
        )
        .select_from(Answer)
        .join(Question, Answer.question_id == Question.id)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .join(Workspace, Conversation.workspace_id == Workspace.id)
        .where(~select(Example.id).where(Example.origin == origin).exists())
    )


def _origin(prefix: str, number: InstrumentedAttribute[int]) -> ColumnElement[str]:
    return literal(prefix, String).concat(cast(number, String))


def _net_votes(answer_id: InstrumentedAttribute[Any] = Answer.id) -> ColumnElement[int]:
    return (
        select(func.coalesce(func.sum(_Opinion.vote), 0)).where(_Opinion.answer_id == answer_id).scalar_subquery()
    )


def _worse_sample(answer_id: InstrumentedAttribute[Any]) -> ColumnElement[str | None]:
    """Return the text of the answer to the same question that a liked one is preferred to: the least liked."""
    own, other = aliased(Answer), aliased(Answer)
    asked, before = aliased(Question), aliased(Question)
    opinion = _net_votes(other.id)
    return (
        select(other.text)
        .join(before, before.id == other.question_id)
        .join(asked, or_(before.id == first_of(asked), before.sample_of == first_of(asked)))
        .join(own, own.question_id == asked.id)
        .where(
            own.id == answer_id,
            other.id != own.id,
            other.text != own.text,
            own.source.in_(_SAMPLES),
            other.source.in_(_SAMPLES),
            or_(opinion < 0, and_(before.sample < asked.sample, opinion == 0)),
        )
        .order_by(opinion, before.sample.desc())
        .limit(1)
        .scalar_subquery()
    )


def _is_paired(answer_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    return _worse_sample(answer_id).is_not(None)


def _has_correction(feedback: type[Feedback] = Feedback) -> ColumnElement[bool]:
    return and_(feedback.vote < 0, func.trim(func.coalesce(feedback.correction, "")) != "")


def _is_corrected(answer_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    return select(_Opinion.id).where(_Opinion.answer_id == answer_id, _has_correction(_Opinion)).exists()


async def _withdraw(session: AsyncSession) -> int:
    """Take back what nobody decided on yet and the log no longer says; what it says instead is taken anew.

    That is a correction that was changed or taken back, a bad answer that got a correction since, and a good one
    that is preferred to another sample since, or no more.
    """
    standing = select(Feedback.id).where(
        Example.origin == _origin("feedback:", Feedback.id),
        Feedback.answer_id == Example.origin_answer_id,
        _has_correction(),
        Feedback.updated_at <= Example.created_at,
    )
    corrected_since = and_(Example.label == ExampleLabel.BAD, _is_corrected(Example.origin_answer_id))
    is_preferred = and_(_net_votes(Example.origin_answer_id) > 0, _is_paired(Example.origin_answer_id))
    result = await session.execute(
        delete(Example)
        .where(
            _untouched(),
            or_(
                and_(Example.source == ExampleSource.CORRECTION, ~standing.exists()),
                and_(Example.source == ExampleSource.VOTES, corrected_since),
                and_(Example.source == ExampleSource.VOTES, Example.rejected.is_(None), is_preferred),
                and_(Example.source == ExampleSource.VOTES, Example.rejected.is_not(None), ~is_preferred),
            ),
        )
        .returning(Example.id)
        .execution_options(synchronize_session=False)
    )
    return len(result.all())


async def _refresh(session: AsyncSession) -> int:
    """Let pending candidates follow the votes; the label only until a curator has edited the text."""
    votes = _net_votes(Example.origin_answer_id)
    good, bad = (literal(value, Example.label.type) for value in (ExampleLabel.GOOD, ExampleLabel.BAD))
    label = case((votes > 0, good), (votes < 0, bad), else_=Example.label)
    follows = and_(Example.source == ExampleSource.VOTES, Example.curator.is_(None))
    result = await session.execute(
        update(Example)
        .where(
            Example.status == ExampleStatus.PENDING,
            Example.origin_answer_id.is_not(None),
            Example.votes != votes,
        )
        .values(votes=votes, label=case((follows, label), else_=Example.label))
        .returning(Example.id)
        .execution_options(synchronize_session=False)
    )
    return len(result.all())


def _untouched() -> ColumnElement[bool]:
    return and_(Example.status == ExampleStatus.PENDING, Example.curator.is_(None))
