"""What the log says that may be learned: answers with their questions, as candidates that are redacted.

``collect`` walks all of it; ``chosen`` takes what a curator points at. A question may have several answers
(``intake.samples``); one that people liked is preferred to one that they disliked, see ``collect``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, String, and_, cast, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from supportbot.db.models import Answer, Conversation, Example, Feedback, Question, Workspace
from supportbot.db.states import AnswerSource, ExampleLabel, ExampleSource
from supportbot.feedback.curation._insert import Candidate, redacted
from supportbot.intake.earlier import meaning_of
from supportbot.intake.people import person_of
from supportbot.intake.questions import Grounds
from supportbot.intake.samples import first_of

_OF_THE_BOT = (AnswerSource.GENERATED, AnswerSource.APPROVED, AnswerSource.QUOTED)
"""Answers that were meant for their question; the canned "I am not sure" teaches nothing."""

_SAMPLES = (AnswerSource.GENERATED, AnswerSource.APPROVED)

Opinion = aliased(Feedback)
"""All feedback on an answer, beside the one row that a correction is."""


def candidates(
    source: ExampleSource, rows: Sequence[Row[*tuple[Any, ...]]], keep: Collection[str]
) -> list[Candidate]:
    """Return redacted candidates of rows of the log; those of which nothing is left are left out."""
    found = (redacted(candidate(source, row), keep) for row in rows)
    return [one for one in found if one.question and one.answer]


def candidate(source: ExampleSource, row: Row[*tuple[Any, ...]]) -> Candidate:
    """Return the candidate of a row of the log, as it was said."""
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


def voted() -> Select[*tuple[Any, ...]]:
    """Answers with more votes on one side; a disliked one with a correction is a correction instead."""
    votes = net_votes()
    return (
        log("answer:", Answer.id)
        .add_columns(_worse_sample(Answer.id).label("other"))
        .where(Answer.source.in_(_OF_THE_BOT), or_(votes > 0, and_(votes < 0, ~is_corrected(Answer.id))))
    )


def corrected() -> Select[*tuple[Any, ...]]:
    """Answers that somebody said something instead of."""
    return (
        log("feedback:", Feedback.id)
        .add_columns(Feedback.correction, Feedback.voter)
        .join(Feedback, Feedback.answer_id == Answer.id)
        .where(has_correction())
    )


def by_people() -> Select[*tuple[Any, ...]]:
    """Answers of people."""
    return log("human:", Answer.id).add_columns(Answer.author).where(Answer.source == AnswerSource.HUMAN)


def log(prefix: str, number: InstrumentedAttribute[int]) -> Select[*tuple[Any, ...]]:
    """Questions with their answers, where no candidate was made of them yet."""
    origin = origin_of(prefix, number)
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
            net_votes().label("votes"),
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


def origin_of(prefix: str, number: InstrumentedAttribute[int]) -> ColumnElement[str]:
    """Return by what the candidate of a row of the log is known."""
    return literal(prefix, String).concat(cast(number, String))


def net_votes(answer_id: InstrumentedAttribute[Any] = Answer.id) -> ColumnElement[int]:
    """Return the votes for an answer, less those against it."""
    return select(func.coalesce(func.sum(Opinion.vote), 0)).where(Opinion.answer_id == answer_id).scalar_subquery()


def _worse_sample(answer_id: InstrumentedAttribute[Any]) -> ColumnElement[str | None]:
    """Return the text of the answer to the same question that a liked one is preferred to: the least liked."""
    own, other = aliased(Answer), aliased(Answer)
    asked, before = aliased(Question), aliased(Question)
    opinion = net_votes(other.id)
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


def is_paired(answer_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Return whether a liked answer is preferred to another one."""
    return _worse_sample(answer_id).is_not(None)


def has_correction(feedback: type[Feedback] = Feedback) -> ColumnElement[bool]:
    """Return whether feedback says what should have been said."""
    return and_(feedback.vote < 0, func.trim(func.coalesce(feedback.correction, "")) != "")


def is_corrected(answer_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Return whether somebody said what should have been said instead of an answer."""
    return select(Opinion.id).where(Opinion.answer_id == answer_id, has_correction(Opinion)).exists()
