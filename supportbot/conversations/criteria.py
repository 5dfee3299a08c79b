"""By what conversations are chosen from the log, and the query that chooses them.

Each criterion is a set of questions, and the newest questions are walked and looked up in the sets: so the time it
takes hardly depends on how many there are of the kind that is wanted. This module reads no row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, SelectBase, literal, or_, select, tuple_, union_all

from supportbot.conversations.search import matching_texts, tsvector_matches
from supportbot.db.base import UtcDateTime
from supportbot.db.many_numbers import is_one_of
from supportbot.db.models import Answer, Conversation, Feedback, Handoff, Question, Workspace
from supportbot.db.states import AnswerSource, HandoffState
from supportbot.handoffs.listing import UNRESOLVED


class Voted(StrEnum):
    """What people thought of an answer."""

    UP = "up"
    DOWN = "down"
    CORRECTED = "corrected"
    """Somebody said what should have been said."""
    NONE = "none"


class HandedOff(StrEnum):
    """How far the people are who were asked."""

    OPEN = "open"
    """Nobody has closed it."""
    CLOSED = "closed"
    UNREACHED = "unreached"
    """Nobody could be asked."""


_HANDED_OFF = {
    HandedOff.OPEN: UNRESOLVED,
    HandedOff.CLOSED: (HandoffState.RESOLVED,),
    HandedOff.UNREACHED: (HandoffState.UNREACHED,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What is wanted; everything holds at once, and nothing narrows what is left out.

    Attributes:
        words: full-text search, see ``search``.
        workspace_id: number of a workspace.
        channel: the platform's id of a channel.
        platform: ``slack``, ``discord``, ``web`` or ``cli``.
        source: who wrote an answer.
        voted: what people thought of one.
        handed_off: how far a hand-off is.
        model_version: what gave an answer.
        first_day: in UTC, this day included.
        last_day: as above.
    """

    words: str = ""
    workspace_id: int | None = None
    channel: str = ""
    platform: str = ""
    source: AnswerSource | None = None
    voted: Voted | None = None
    handed_off: HandedOff | None = None
    model_version: str = ""
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last question of a page: the next page begins below it."""

    received_at: datetime
    question_id: int


def chosen(
    criteria: Criteria,
    below: Cursor | None = None,
    *,
    is_sqlite: bool,
    among: Collection[int] | None = None,
) -> Select[int]:
    """Return a query for the numbers of questions, the newest first.

    Args:
        criteria: which are wanted.
        below: begin after this one.
        is_sqlite: which of the two databases is asked.
        among: numbers of questions in which, or in an answer to which, the words stand; None if that is not known.
    """
    # SQLite knows no sizes of sets: by a plain column it would look up each row of a large one, and sort them.
    number: ColumnElement[int] = Question.id + 0 if is_sqlite else Question.id.expression
    query = select(Question.id).order_by(Question.received_at.desc(), Question.id.desc())
    has_words = among is None and bool(criteria.words.strip())
    # PostgreSQL is slow at going through many texts, so what else is wanted comes first; SQLite is not.
    words_come_last = has_words and not is_sqlite and replace(criteria, words="") != Criteria()
    if among is not None:
        query = query.where(is_one_of(Question.id, among, is_sqlite=is_sqlite))
    elif has_words and not words_come_last:
        query = query.where(number.in_(union_all(*matching_texts(criteria.words, is_sqlite=is_sqlite))))
    for wanted in _sets(criteria):
        query = query.where(number.in_(wanted))
    if criteria.voted is Voted.NONE:
        query = query.where(number.in_(select(Answer.question_id)), number.not_in(_judged()))
    if criteria.first_day:
        query = query.where(Question.received_at >= _begin(criteria.first_day))
    if criteria.last_day:
        query = query.where(Question.received_at < _begin(criteria.last_day) + timedelta(days=1))
    if below:
        last = tuple_(literal(below.received_at, UtcDateTime()), literal(below.question_id))
        query = query.where(tuple_(Question.received_at, Question.id) < last)
    return _with_words(query, criteria.words) if words_come_last else query


def _with_words(query: Select[int], typed: str) -> Select[int]:
    """Return a query for those questions of another in which what is typed stands, on PostgreSQL."""
    some = query.add_columns(Question.received_at).order_by(None).cte("some").prefix_with("MATERIALIZED")
    in_question = select(Question.id).where(Question.id == some.c.id, tsvector_matches(Question, typed))
    in_answer = select(Answer.id).where(Answer.question_id == some.c.id, tsvector_matches(Answer, typed))
    return (
        select(some.c.id)
        .where(or_(in_question.exists(), in_answer.exists()))
        .order_by(some.c.received_at.desc(), some.c.id.desc())
    )


def _sets(criteria: Criteria) -> Iterator[SelectBase]:
    if criteria.platform:
        yield select(Question.id).where(Question.platform == criteria.platform)
    if criteria.workspace_id is not None or criteria.channel:
        yield _asked_in(criteria.workspace_id, criteria.channel)
    if criteria.source:
        yield select(Answer.question_id).where(Answer.source == criteria.source)
    if criteria.model_version:
        yield select(Answer.question_id).where(Answer.model_version == criteria.model_version)
    if criteria.voted is Voted.UP:
        yield _judged(Feedback.vote > 0)
    if criteria.voted is Voted.DOWN:
        yield _judged(Feedback.vote < 0)
    if criteria.voted is Voted.CORRECTED:
        yield _judged(Feedback.correction.is_not(None))
    if criteria.handed_off:
        yield select(Handoff.question_id).where(Handoff.state.in_(_HANDED_OFF[criteria.handed_off]))


def _asked_in(workspace_id: int | None, channel: str) -> Select[int]:
    query = select(Question.id).join(Conversation, Question.conversation_id == Conversation.id)
    if workspace_id is not None:
        query = query.where(Conversation.workspace_id == workspace_id)
    else:  # ids of channels are in an index behind that of their workspace
        query = query.where(Conversation.workspace_id.in_(select(Workspace.id)))
    return query.where(Conversation.channel == channel) if channel else query


def _judged(*which: ColumnElement[bool]) -> Select[int]:
    return select(Answer.question_id).join(Feedback, Feedback.answer_id == Answer.id).where(*which)


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
