"""What every platform says around asking a human: the fixed words, and from when on somebody is there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

ASK_TEXT = "Ask a human"
RESOLVED_TEXT = "Resolved"

ASKING_TEXT = "I am asking a human."
ASKED_ALREADY_TEXT = "A human has been asked already."
CLOSED_TEXT = "Thank you, this is closed."
CLOSED_ALREADY_TEXT = "This was closed before."
STILL_OPEN_TEXT = "Nobody has answered this yet, and somebody is waiting."
UNREACHED_TEXT = "I could not reach the people who answer here. Please ask a member of the team yourself."
SOMEBODY = "A member of the team"
"""Who answers, where the name is not known."""


def read_back(note: Mapping[str, Any]) -> datetime | None:
    """Return from when on somebody is there to answer; None for now."""
    back = note.get("back")
    return datetime.fromisoformat(back) if isinstance(back, str) else None


def build_moment(moment: datetime) -> str:
    """Return a moment in words, in the zone that it has."""
    return f"on {moment:%a %d %b} at {moment:%H:%M} ({moment:%Z})"
