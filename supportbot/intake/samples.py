"""Other samples: a question that gets another answer is asked once more, as a row that names the first.

So each sample is drawn, shown, voted on, refused and taken up after a crash as any answer is, and the click that
wants one has an identity that makes it happen once. A question has ``MOST_SAMPLES`` answers at most. Where one
answer stands for a question, that is the last one that was shown: a sample that is no better stands for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, CompoundSelect, Connection, and_, func, or_, select, union_all
from sqlalchemy.orm import aliased

from supportbot.db.models import Answer, Question
from supportbot.db.states import AnswerSource

MOST_SAMPLES = 3
"""Answers to one question, the first one included: who likes none of them is better served by a person."""

_SHOWN = (AnswerSource.GENERATED, AnswerSource.APPROVED)
"""What another sample may be; all else says that there is no better one."""

_Later = aliased(Question)
_Told = aliased(Answer)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn for a question before.

    Attributes:
        prompt: what the model was given; None where that is gone.
        shortened: whether that leaves out the middle of the question.
        texts: what the asker was told, the oldest first.
    """

    prompt: str | None
    shortened: bool
    texts: tuple[str, ...]


def is_offered(source: AnswerSource | None, sample: int) -> bool:
    """Return whether another sample can be drawn: what is approved has none, and enough is enough."""
    return source is AnswerSource.GENERATED and sample < MOST_SAMPLES


def first_of(question: type[Question]) -> ColumnElement[int]:
    """Return the number of the row that was asked first."""
    return func.coalesce(question.sample_of, question.id)


def _is_shown(question: type[Question]) -> ColumnElement[bool]:
    return select(_Told.id).where(_Told.question_id == question.id, _Told.source.in_(_SHOWN)).exists()


IS_SHOWN_LAST = and_(
    or_(Question.sample == 1, _is_shown(Question)),
    ~select(_Later.id)
    .where(_Later.sample_of == first_of(Question), _Later.sample > Question.sample, _is_shown(_Later))
    .exists(),
)
"""Which row stands for its question: one of all its samples. For a few rows; see ``STANDS_AMONG_MANY``."""

_Earlier = aliased(Question)
_later_shown = (_Later.sample_of.is_not(None), _is_shown(_Later))

SHOWN_LATER = select(_Later.id).where(*_later_shown)
"""The rows of other samples that were shown."""

REPLACED: CompoundSelect[int | None] = union_all(
    select(_Later.sample_of).where(*_later_shown),
    select(_Earlier.id)
    .join(_Later, and_(_Later.sample_of == _Earlier.sample_of, _Later.sample > _Earlier.sample))
    .where(*_later_shown),
)
"""The rows before them, none of which stands for its question any more."""

STANDS_AMONG_MANY = and_(
    or_(Question.sample == 1, Question.id.in_(SHOWN_LATER)),
    Question.id.not_in(REPLACED),
)
"""The same, for a statement that goes through very many rows: the few that were asked once more are found once, by
their index, and are not looked for beside each row."""


def drawn_before(connection: Connection, first_id: int, sample: int) -> Drawn:
    """Return what was drawn for a question before one of its samples.

    Args:
        connection: of any transaction.
        first_id: the row that was asked first.
        sample: the number of the sample.
    """
    rows = connection.execute(
        select(Answer.prompt, Answer.shortened, Answer.text)
        .join(Question, Answer.question_id == Question.id)
        .where(
            or_(Question.id == first_id, Question.sample_of == first_id),
            Question.sample < sample,
            Answer.source != AnswerSource.HUMAN,
        )
        .order_by(Question.sample)
    ).all()
    prompt, shortened = next(((row.prompt, row.shortened) for row in rows if row.prompt), (None, False))
    return Drawn(prompt, shortened, tuple(row.text for row in rows))
