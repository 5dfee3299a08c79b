"""Filters of conversations in an address and out of it: whoever has the address finds the same again.

An address can be typed by hand: what makes no sense in it narrows nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from bot.web.console.parts.number import read_number
from supportbot.conversations.criteria import Criteria, Cursor, HandedOff, Voted
from supportbot.db.states import AnswerSource

PATH = "/console/conversations"

_E = TypeVar("_E", bound=StrEnum)

_YEARS = range(1970, 9999)
_LONGEST = 400
"""Characters of a name; those of platforms have some dozens."""


def read_criteria(query: Mapping[str, str]) -> Criteria:
    """Return what an address asks for."""
    return Criteria(
        words=query.get("words", "")[:_LONGEST].strip(),
        platform=query.get("platform", "")[:_LONGEST],
        workspace_id=read_number(query.get("workspace", "")),
        channel=query.get("channel", "")[:_LONGEST].strip(),
        source=_member(AnswerSource, query.get("source", "")),
        voted=_member(Voted, query.get("votes", "")),
        handed_off=_member(HandedOff, query.get("handoff", "")),
        model_version=query.get("model", "")[:_LONGEST],
        first_day=_day(query.get("from", "")),
        last_day=_day(query.get("to", "")),
    )


def address_of(criteria: Criteria, below: Cursor | None = None) -> str:
    """Return the address of a search; filters that are not set are left out."""
    query = {
        "words": criteria.words,
        "platform": criteria.platform,
        "workspace": criteria.workspace_id,
        "channel": criteria.channel,
        "source": criteria.source,
        "votes": criteria.voted,
        "handoff": criteria.handed_off,
        "model": criteria.model_version,
        "from": criteria.first_day,
        "to": criteria.last_day,
        "below": f"{below.received_at.isoformat()}~{below.question_id}" if below else None,
    }
    said = {name: str(value) for name, value in query.items() if value not in (None, "")}
    return f"{PATH}?{urlencode(said)}" if said else PATH


def read_cursor(query: Mapping[str, str]) -> Cursor | None:
    """Return where the page begins that an address asks for; None for the first."""
    moment, _, number = query.get("below", "").partition("~")
    question_id = read_number(number)
    try:
        received_at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    if question_id is None or received_at.tzinfo is None or received_at.year not in _YEARS:
        return None
    return Cursor(received_at.astimezone(UTC), question_id)


def _member(kind: type[_E], value: str) -> _E | None:
    return kind(value) if value in set(kind) else None


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in _YEARS else None
