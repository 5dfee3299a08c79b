"""Everything that is counted of questions, as columns of numbers: a day of 1,000 questions takes 40 KB.

The database is asked for a stretch of time, and knows nothing of periods; whoever counts knows nothing of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    ScalarSelect,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from supportbot.db.models import Answer, Channel, Conversation, Feedback, Handoff, Question, Workspace
from supportbot.db.states import LOCAL_PLATFORMS
from supportbot.intake.people import DIRECT
from supportbot.statistics.kinds import Kind, kind_of, of_the_bot

T = TypeVar("T")

KINDS = tuple(Kind)
_PLACES = {kind.value: place for place, kind in enumerate(KINDS)}
_WIDTH = 12
"""Columns of a row of ``_query``."""

_MICROSECONDS = 1_000_000
_LETTERS = len("2026-11-30 00:00:00")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Numbers(Generic[T]):
    """Numbers for names that repeat, in the order in which they came."""

    def __init__(self) -> None:
        self._numbers: dict[T, int] = {}

    def of(self, name: T) -> int:
        """Return the number of a name; a new one for a new name."""
        return self._numbers.setdefault(name, len(self._numbers))

    @property
    def names(self) -> list[T]:
        """The names, each at its number."""
        return list(self._numbers)


@dataclass(frozen=True, slots=True)
class Names:
    """What columns have numbers for: versions of the model, and channels with their platform."""

    versions: Numbers[str] = field(default_factory=Numbers)
    channels: Numbers[tuple[str, str]] = field(default_factory=Numbers)


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Questions, one at each place of all arrays.

    Attributes:
        names: what the numbers below stand for.
        id: their numbers, int64.
        received: microseconds since 1970, UTC, int64.
        waited: microseconds from there to the bot's answer, int64; -1 where there is none.
        kind: the place in ``KINDS``, int8.
        version: the number of the model's version that answered, whose name is empty where none did, int32.
        workspace: its number, int64.
        channel: the number of platform and channel, see ``read``, int32.
        is_first: whether it is the first sample, bool.
        up: thumbs on its answer, int32.
        down: as above.
        handed_off: whether a human was asked, bool.
    """

    names: Names
    id: NDArray[np.int64]
    received: NDArray[np.int64]
    waited: NDArray[np.int64]
    kind: NDArray[np.int8]
    version: NDArray[np.int32]
    workspace: NDArray[np.int64]
    channel: NDArray[np.int32]
    is_first: NDArray[np.bool_]
    up: NDArray[np.int32]
    down: NDArray[np.int32]
    handed_off: NDArray[np.bool_]

    def where(self, chosen: NDArray[np.bool_]) -> Columns:
        """Return some of them."""
        return Columns(self.names, *(getattr(self, name)[chosen] for name in _ARRAYS))


_ARRAYS = tuple(one.name for one in fields(Columns))[1:]


def together(parts: Sequence[Columns]) -> Columns:
    """Return questions of several stretches of time as one; at least one stretch, all with the same names."""
    return Columns(parts[0].names, *(np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS))


def microseconds(moment: datetime) -> int:
    """Return a moment as ``Columns`` has it."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


async def read(session: AsyncSession, since: datetime, until: datetime, names: Names) -> Columns:
    """Return the questions that were received in a stretch of time.

    A thread counts as the channel that it belongs to. Private conversations have no name: each visitor of the page
    is a channel of their own, and so is each person who writes to the bot alone.

    Args:
        session: to read with.
        since: the first moment.
        until: the first one that does not belong to it.
        names: gets new names.
    """
    rows = (await session.execute(_query(session, since, until))).all()
    number, received, answered, kind, version, workspace, platform, channel, first, up, down, asked = (
        zip(*rows, strict=True) if rows else [()] * _WIDTH
    )
    waited = (-1 if end is None else max(end - begin, 0) for begin, end in zip(received, answered, strict=True))
    return Columns(
        names=names,
        id=np.array(number, np.int64),
        received=np.array(received, np.int64),
        waited=np.array(list(waited), np.int64),
        kind=np.array([_PLACES[one] for one in kind], np.int8),
        version=np.array([names.versions.of(one) for one in version], np.int32),
        workspace=np.array(workspace, np.int64),
        channel=np.array([names.channels.of(one) for one in zip(platform, channel, strict=True)], np.int32),
        is_first=np.array(first, np.bool_),
        up=np.array(up, np.int32),
        down=np.array(down, np.int32),
        handed_off=np.array(asked, np.bool_),
    )


def _query(session: AsyncSession, since: datetime, until: datetime) -> Select[*tuple[Any, ...]]:
    is_alone = or_(
        Question.platform.in_(LOCAL_PLATFORMS),
        and_(Question.platform == "slack", Conversation.channel.startswith("D")),
        Workspace.external_id.startswith(DIRECT),
    )
    channel = case((is_alone, ""), else_=func.coalesce(Channel.parent, Conversation.channel))
    within = (Channel.workspace_id == Conversation.workspace_id) & (Channel.channel == Conversation.channel)
    return (
        select(
            Question.id,
            _microseconds(session, Question.received_at),
            case((Answer.id.is_not(None), _microseconds(session, Question.answered_at))),
            kind_of(),
            func.coalesce(Answer.model_version, ""),
            Conversation.workspace_id,
            Question.platform,
            channel,
            Question.sample == 1,
            _votes(Feedback.vote > 0),
            _votes(Feedback.vote < 0),
            Handoff.id.is_not(None),
        )
        .join(Conversation, Question.conversation_id == Conversation.id)
        .join(Workspace, Conversation.workspace_id == Workspace.id)
        .outerjoin(Channel, within)
        .outerjoin(Answer, of_the_bot())
        .outerjoin(Handoff, Handoff.question_id == Question.id)
        .where(Question.received_at >= since, Question.received_at < until)
    )


def _votes(which: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).where(Feedback.answer_id == Answer.id, which).scalar_subquery()


def _microseconds(session: AsyncSession, moment: InstrumentedAttribute[Any]) -> ColumnElement[int]:
    if session.get_bind().dialect.name == "sqlite":  # which keeps times as texts, all with six digits
        text = type_coerce(moment, String)
        seconds = cast(func.strftime("%s", func.substr(text, 1, _LETTERS)), BigInteger)
        return seconds * _MICROSECONDS + cast(func.substr(text, _LETTERS + 2), BigInteger)
    # Not EXTRACT, which counts in decimals; a double is exact for the next 200 years.
    return cast(func.round(func.date_part("epoch", moment, type_=Float) * _MICROSECONDS), BigInteger)
