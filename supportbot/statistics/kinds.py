"""What becomes of questions: each is of one kind, so the kinds add up."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ColumnElement, String, and_, case, literal, select

from supportbot.db.models import Answer, Entry, Question
from supportbot.db.states import AnswerSource, EntrySource, QuestionState

_OPEN = (QuestionState.RECEIVED, QuestionState.ANSWERING)


class Kind(StrEnum):
    """What became of a question."""

    VERIFIED = "verified"
    """It got an approved answer."""
    SMALL_TALK = "small_talk"
    """It got one of those that ship for greetings and the like."""
    QUOTED = "quoted"
    """It got a passage of a document."""
    GENERATED = "generated"
    """It got an answer of the model."""
    NOT_SURE = "not_sure"
    """Its asker was told that the bot is not sure."""
    FAILED = "failed"
    """It ended without an answer, or its asker withdrew it."""
    OPEN = "open"
    """It is being answered now."""
    REFUSED = "refused"
    """It was one too many at once."""


def of_the_bot() -> ColumnElement[bool]:
    """Return the condition by which a statement that goes through many questions joins the bot's ``Answer``.

    ``ix_answer_kind`` has all that ``kind_of`` asks of an answer, so no row of one is read. Said with ``!=``,
    SQLite would take the index that keeps a second answer out, and read each row.
    """
    return and_(Answer.question_id == Question.id, Answer.source.not_in([AnswerSource.HUMAN]))


def kind_of() -> ColumnElement[str]:
    """Return the kind of a question, for a statement that joins ``Question`` with the bot's ``Answer``, if any."""
    # Not the entry itself: that of an old answer may be erased, and was verified anyway.
    talk = select(Entry.id).where(Entry.source == EntrySource.SMALL_TALK)
    is_talk = and_(Answer.source == AnswerSource.APPROVED, Answer.entry_id.in_(talk))
    return case(
        (Question.state == QuestionState.REFUSED, _named(Kind.REFUSED)),
        (is_talk, _named(Kind.SMALL_TALK)),
        (Answer.source == AnswerSource.APPROVED, _named(Kind.VERIFIED)),
        (Answer.source == AnswerSource.QUOTED, _named(Kind.QUOTED)),
        (Answer.source == AnswerSource.GENERATED, _named(Kind.GENERATED)),
        (Answer.source == AnswerSource.NOT_SURE, _named(Kind.NOT_SURE)),
        (Question.state.in_(_OPEN), _named(Kind.OPEN)),
        else_=_named(Kind.FAILED),
    )


def _named(kind: Kind) -> ColumnElement[str]:
    return literal(kind.value, String, literal_execute=True)  # the same text wherever the statement repeats it
