"""The order of the queue: what teaches most comes first, and each item can say why it is where it is.

An item's weight is the sum of the points of its signals, all of which are SQL over the log. It is kept with the
row (``example.weight``), so that the next one is found by an index however many wait. Rows that operators gave
have no signals: they wait behind the log, in the order of their file.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce

from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from supportbot.db.models import Answer, Example
from supportbot.db.states import AnswerSource, ExampleLabel, ExampleSource, ExampleStatus
from supportbot.words import N_, Sentence

_SUGGESTED = "suggestion:%"
_DOCUMENT = "document:%"

_UNSURE = math.log(0.5)
"""Confidence (mean log-probability, nats) below which each word was less likely than not, as the model saw it."""

_MOST_VOTES = 10
_MOST_ASKED = 10


class Kind(StrEnum):
    """What an item is, for who looks for one kind only."""

    PUT = "put"
    CORRECTION = "correction"
    HUMAN = "human"
    SUGGESTION = "suggestion"
    DISLIKED = "disliked"
    LIKED = "liked"
    DOCUMENT = "document"
    IMPORT = "import"


KIND: ColumnElement[str] = case(
    (Example.put_by.is_not(None), Kind.PUT.value),
    (Example.source == ExampleSource.CORRECTION, Kind.CORRECTION.value),
    (Example.source == ExampleSource.HUMAN, Kind.HUMAN.value),
    (Example.origin.like(_SUGGESTED), Kind.SUGGESTION.value),
    (and_(Example.source == ExampleSource.VOTES, Example.label == ExampleLabel.BAD), Kind.DISLIKED.value),
    (Example.source == ExampleSource.VOTES, Kind.LIKED.value),
    (Example.origin.like(_DOCUMENT), Kind.DOCUMENT.value),
    else_=Kind.IMPORT.value,
)
"""The kind of a row."""


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that makes a decision teach more.

    Attributes:
        points: of a row, in SQL.
        reason: why it stands where it does, in a sentence.
    """

    points: ColumnElement[int]
    reason: str


def _if(condition: ColumnElement[bool], points: int) -> ColumnElement[int]:
    return case((condition, points), else_=0)


def _at_most(number: ColumnElement[int], most: int) -> ColumnElement[int]:
    return case((number > most, most), else_=number)


def _bot_said(said: Callable[[type[Answer]], ColumnElement[bool]]) -> ColumnElement[bool]:
    """Return whether something is so of the bot's answer to the question that a row was made of.

    It is a value and no ``EXISTS``, of which PostgreSQL would make a set of all answers ever given.
    """
    given, bot = aliased(Answer), aliased(Answer)
    return (
        select(bot.id)
        .join(given, given.question_id == bot.question_id)
        .where(given.id == Example.origin_answer_id, bot.source != AnswerSource.HUMAN, said(bot))
        .correlate(Example)
        .limit(1)
        .scalar_subquery()
        .is_not(None)
    )


def _disagreed(bot: type[Answer]) -> ColumnElement[bool]:
    return and_(bot.draft.is_not(None), bot.draft != "", bot.confidence >= _UNSURE)


def _was_unsure(bot: type[Answer]) -> ColumnElement[bool]:
    return or_(bot.source == AnswerSource.NOT_SURE, bot.confidence < _UNSURE)


def _times_asked() -> ColumnElement[int]:
    other = aliased(Example)
    return (
        select(func.count())
        .where(other.sort_key == Example.sort_key, other.id != Example.id, other.source != ExampleSource.IMPORT)
        .correlate(Example)
        .scalar_subquery()
    )


SIGNALS: Mapping[str, Signal] = {
    "put": Signal(_if(Example.put_by.is_not(None), 120), N_("{name} added this.")),
    "corrected": Signal(
        _if(Example.source == ExampleSource.CORRECTION, 100), N_("Someone said what the answer should have been.")
    ),
    "answered": Signal(
        _if(Example.source == ExampleSource.HUMAN, 80), N_("A person answered because the bot wasn't sure.")
    ),
    "chosen": Signal(
        _if(Example.origin.like(_SUGGESTED), 60), N_("Someone asked this and chose a suggested question instead.")
    ),
    "disagreed": Signal(
        _if(_bot_said(_disagreed), 30), N_("The model was sure, but its answer differs from the approved ones.")
    ),
    "unsure": Signal(_if(_bot_said(_was_unsure), 20), N_("The bot wasn't sure of its answer.")),
    "voted": Signal(2 * _at_most(func.abs(Example.votes), _MOST_VOTES), N_("People voted on the answer.")),
    "asked": Signal(3 * _at_most(_times_asked(), _MOST_ASKED), N_("This was asked more than once.")),
}
"""All signals, the strongest first. Their points are set so that what a colleague asks for comes first, then what
somebody wrote, what somebody clicked, and what is only guessed; votes and repetitions decide among equals."""

_POINTS = {name: signal.points.label(name) for name, signal in SIGNALS.items()}
_PAGE = 500


def _is_pending(example: type[Example]) -> ColumnElement[bool]:
    """Return it written out, since a database uses the index of what waits for nothing else."""
    return example.status == bindparam("pending", ExampleStatus.PENDING, literal_execute=True)


def _waits() -> ColumnElement[bool]:
    shown = aliased(Example)
    stands = select(shown.id).where(shown.id == Example.duplicate_of_id, _is_pending(shown)).correlate(Example)
    return and_(_is_pending(Example), ~stands.exists())


WAITS: ColumnElement[bool] = _waits()
"""The condition that a row waits, and none that waits stands for it. It is made once: to make it takes longer than
SQLAlchemy needs for a whole statement with it."""


async def reasons_for(session: AsyncSession, example_id: int) -> tuple[str, ...]:
    """Return why an item stands where it does, the strongest reason first, as sentences to be said."""
    row = (await session.execute(select(Example.put_by, *_POINTS.values()).where(Example.id == example_id))).one()
    reasons = (signal.reason for name, signal in SIGNALS.items() if getattr(row, name))
    return tuple(Sentence(reason, name=row.put_by or "") for reason in reasons)


_WEIGHT: ColumnElement[int] = reduce(operator.add, (signal.points for signal in SIGNALS.values()))


async def misplaced(session: AsyncSession) -> dict[int, int]:
    """Return the weights of rows that wait and have another one, a page of them, by their numbers."""
    log = (
        select(Example.id, Example.weight.label("kept"), _WEIGHT.label("weight"))
        .where(
            _is_pending(Example),
            or_(Example.source != ExampleSource.IMPORT, Example.put_by.is_not(None), Example.weight != 0),
        )
        .subquery()
    )
    query = select(log.c.id, log.c.weight).where(log.c.weight != log.c.kept).order_by(log.c.id).limit(_PAGE)
    return dict(iter(await session.execute(query)))
