"""How much one person, one channel and one workspace may ask, so that everybody gets answers.

The database counts, so all its daemons count the same. Refused questions do not count: a person who asks all the
time still gets as many answers as anybody else. A question that did not mention the bot does not count for its
author, and is ignored silently if it exceeds a limit.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    distinct,
    func,
    or_,
    select,
    update,
)

from supportbot.db.base import StorableText, UtcDateTime, table_of
from supportbot.db.models import IS_COUNTED, IS_OPEN, Answer, Question
from supportbot.db.states import QuestionState
from supportbot.intake import unasked
from supportbot.intake.questions import IncomingQuestion, words_of
from supportbot.intake.replies import write_notices
from supportbot.words import Words

MINUTE = timedelta(minutes=1)

TELL_AGAIN = timedelta(minutes=1)
"""How long a person gets no second notice that the bot is busy: a notice for each message would be a flood too."""

_OPEN_SECONDS = 10
"""The waiting time that askers are told while questions are open: most answers take less, and few much longer."""

_REFUSED_AT_ONCE = 200
"""So that the write lock is not held for long."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many questions may be open at once, and come within a minute; 0 for any number."""

    at_once: int
    a_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """One for each of whom it is counted."""

    person: Limit
    channel: Limit
    workspace: Limit


UNLIMITED = Limits(person=Limit(0, 0), channel=Limit(0, 0), workspace=Limit(0, 0))
"""For this machine's own commands."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a question is not taken up, and after how many seconds it might be."""

    reason: str
    seconds: int

    def text(self, words: Words) -> str:
        """Return what the asker is told."""
        return words.say_many(
            "I'm busy right now. Please ask again in about {number} second.",
            "I'm busy right now. Please ask again in about {number} seconds.",
            self.seconds,
        )


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many people may be in front of somebody, for each daemon, and what is said where there are more."""

    most: int
    refusal: Refusal


def find_refusal(
    connection: Connection,
    limits: Limits,
    crowd: Crowd | None,
    incoming: IncomingQuestion,
    workspace_id: int,
    now: datetime,
) -> Refusal | None:
    """Return which limit a question exceeds, or None."""
    if limits == UNLIMITED and crowd is None:
        return None
    values = {
        "platform": incoming.platform,
        "asker": incoming.asker,
        "workspace_id": workspace_id,
        "channel": incoming.channel,
        "since": now - MINUTE,
    }
    by_name = {"person": limits.person, "channel": limits.channel, "workspace": limits.workspace}
    values |= {f"before_{name}": max(0, limit.a_minute - 1) for name, limit in by_name.items()}
    figures = connection.execute(_FIGURES, values).one()._mapping
    for name, limit in by_name.items():
        if limit.at_once and (figures[f"open_{name}"] or 0) >= limit.at_once:
            return Refusal(f"limit of a {name}", _OPEN_SECONDS)
        if limit.a_minute and (oldest := figures[f"oldest_{name}"]) is not None:
            return Refusal(f"limit of a {name}", max(1, math.ceil((oldest + MINUTE - now).total_seconds())))
    # People take turns: in front of somebody's first question is each other person once, whatever they asked.
    ahead = figures["questions"] if figures["open_person"] else figures["people"]
    daemons = max(1, figures["daemons"])  # each of those that have some of them in work takes as many
    return crowd.refusal if crowd and ahead >= crowd.most * daemons else None


def refuse(connection: Connection, question_ids: Sequence[int], refusal: Refusal, now: datetime) -> None:
    """End questions without an answer, and tell their askers, unless that was done a moment ago."""
    tell(connection, connection.execute(_QUESTIONS, {"ids": question_ids}).all(), refusal, now)
    connection.execute(_REFUSED, {"ids": question_ids, "reason": refusal.reason, "now": now})


_Asked = tuple[int, str, str, bool, Mapping[str, Any]]


def tell(
    connection: Connection,
    questions: Sequence[_Asked | Row[int, str, str, bool, Mapping[str, Any]]],
    refusal: Refusal,
    now: datetime,
) -> None:
    """Tell the askers of questions when to ask again, unless that was done a moment ago.

    Args:
        connection: of a transaction that writes.
        questions: id, platform, asker, whether the asker sees that an answer is coming, and ``reply_to``.
        refusal: what they are told.
        now: the database's time.
    """
    told = {
        asker
        for asker in {(platform, asker) for _, platform, asker, *_ in questions}
        if connection.scalar(_TOLD, {"platform": asker[0], "asker": asker[1], "since": now - TELL_AGAIN})
    }
    notices = []
    for question_id, platform, asker, placeholder, reply_to in questions:
        if placeholder or (platform, asker) not in told:
            notices.append((question_id, platform, refusal.text(words_of(reply_to))))
            told.add((platform, asker))
    write_notices(connection, notices, now)


def refuse_waiting(
    connection: Connection,
    platforms: Collection[str],
    refusal: Refusal,
    since: datetime,
    until: datetime,
    now: datetime,
) -> list[str]:
    """Refuse the oldest questions of between two times that nobody has taken up; return their platforms.

    Unasked ones are forgotten instead.
    """
    rows = connection.execute(
        select(Question.id, Question.platform, Question.unasked)
        .where(
            Question.state == QuestionState.RECEIVED,
            Question.lease_until.is_(None),
            Question.late.is_(False),
            Question.platform.in_(platforms),
            Question.received_at.between(since, until),
        )
        .order_by(Question.id)
        .limit(_REFUSED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    waiting = rows.all()
    if nobody_waits := [row.id for row in waiting if row.unasked]:
        unasked.forget(connection, nobody_waits)
    if asked := [row for row in waiting if not row.unasked]:
        refuse(connection, [row.id for row in asked], refusal, now)
    return [row.platform for row in asked]


_IDS = bindparam("ids", expanding=True, type_=BigInteger())
_PERSON = and_(
    Question.platform == bindparam("platform", type_=StorableText()),
    Question.asker == bindparam("asker", type_=StorableText()),
)

_QUESTIONS = (
    select(Question.id, Question.platform, Question.asker, Question.placeholder, Question.reply_to)
    .where(Question.id.in_(_IDS))
    .order_by(Question.id)
)
_TOLD = (
    select(Question.id)
    .join(Answer, Answer.question_id == Question.id)
    .where(
        _PERSON,
        Question.received_at > bindparam("since", type_=UtcDateTime()),
        Question.state == QuestionState.REFUSED,
    )
    .limit(1)
)
"""Finds out whether somebody has been told lately that the bot is busy; one at a time, for the index's sake."""
_REFUSED = (
    update(table_of(Question))
    .where(Question.id.in_(_IDS))
    .values(
        state=QuestionState.REFUSED,
        reason=bindparam("reason", type_=StorableText()),
        answered_at=bindparam("now", type_=UtcDateTime()),
        lease_owner=None,
        lease_until=None,
    )
)

_WORKSPACE = Question.workspace_id == bindparam("workspace_id", type_=BigInteger())
_IN_WORKSPACE = or_(Question.platform != "slack", _WORKSPACE)
"""Slack numbers people within a workspace; see ``people.person_of``."""

_WHOSE = {
    "person": and_(_PERSON, _IN_WORKSPACE, Question.unasked.is_(False)),
    "channel": and_(_WORKSPACE, Question.channel == bindparam("channel", type_=StorableText())),
    "workspace": _WORKSPACE,
}


def _count_open() -> Select[*tuple[Any, ...]]:
    """Return the statement for how many questions are open; all that are open are looked at once."""
    counts = (func.sum(case((whose, 1), else_=0)).label(f"open_{name}") for name, whose in _WHOSE.items())
    people = func.count(distinct(Question.platform.concat(" ").concat(Question.asker)))
    daemons = func.count(distinct(Question.lease_owner))
    figures = (func.count().label("questions"), people.label("people"), daemons.label("daemons"))
    return select(*figures, *counts).where(IS_OPEN)


def _oldest(name: str) -> ColumnElement[datetime]:
    """Say when the first came of as many as are allowed in a minute.

    When that is a minute ago, there is room again; it is NULL while there were fewer.
    """
    return (
        select(Question.received_at)
        .where(_WHOSE[name], Question.received_at > bindparam("since", type_=UtcDateTime()), IS_COUNTED)
        .order_by(Question.received_at.desc())
        .offset(bindparam(f"before_{name}", type_=Integer()))
        .limit(1)
        .scalar_subquery()
        .label(f"oldest_{name}")
    )


_COUNTS = _count_open().cte("counts").prefix_with("MATERIALIZED")
_FIGURES = select(_COUNTS, *map(_oldest, _WHOSE))
