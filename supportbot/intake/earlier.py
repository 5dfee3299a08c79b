"""What somebody asked, and was answered, before a question in its conversation: the context of a follow-up.

What others asked there does not count: the record of this question would still contain it after they are erased.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import BigInteger, Connection, bindparam, select
from sqlalchemy.orm import aliased

from supportbot.db.models import Answer, Question
from supportbot.db.states import AnswerSource, QuestionState
from supportbot.intake.questions import Grounds
from supportbot.intake.samples import IS_SHOWN_LAST

MOST_TURNS = 3
"""Turns before the last few do not help to understand a follow-up."""

ASKED_AS = "asked_as"
"""Among the figures of an answer: what its question was taken for, where that is not what was typed."""

_WITHIN = timedelta(hours=12)
"""A person who comes back the next day starts a new topic."""

_TOLD = (QuestionState.ANSWERED, QuestionState.DELIVERED)


@dataclass(frozen=True, slots=True)
class Turn:
    """A question of before, with its answer.

    Attributes:
        question: as it was asked; of a follow-up, what it was taken for.
        answer: what the asker was told.
        source: who wrote it.
        entry_ids: the approved answers that were given.
    """

    question: str
    answer: str
    source: AnswerSource
    entry_ids: tuple[int, ...] = ()


_own = aliased(Question)

# Built once, since it is read with every question.
_BEFORE = (
    select(Question.text, Answer.text, Answer.source, Answer.grounds, Question.received_at, _own.received_at)
    .join(Answer, Answer.question_id == Question.id)
    .join(_own, _own.conversation_id == Question.conversation_id)
    .where(
        _own.id == bindparam("question_id", type_=BigInteger()),
        Question.id < _own.id,
        Question.asker == _own.asker,
        Question.state.in_(_TOLD),
        Answer.source != AnswerSource.HUMAN,
        IS_SHOWN_LAST,
    )
    .order_by(Question.id.desc())
    .limit(MOST_TURNS)
)


def earlier_turns(connection: Connection, question_id: int) -> tuple[Turn, ...]:
    """Return the last turns before a question, the newest last."""
    turns = []
    for text, answer, source, record, then, now in connection.execute(_BEFORE, {"question_id": question_id}):
        if now - then > _WITHIN:
            break
        grounds = Grounds.from_record(record)
        entry_ids = tuple(one.entry_id for one in grounds.verified)
        turns.append(Turn(meaning_of(text, grounds), answer, source, entry_ids))
    return tuple(turns[::-1])


def meaning_of(text: str, grounds: Grounds) -> str:
    """Return what a question was taken for by its answer: of a follow-up, more than its words say."""
    return str((grounds.figures or {}).get(ASKED_AS, text))
