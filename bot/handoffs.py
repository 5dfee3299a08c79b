"""The texts for asking a human, the same on every platform, and when somebody will be there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from supportbot.words import N_, Words

ASK_TEXT = N_("Ask a human")
RESOLVED_TEXT = N_("Resolved")

ASKING_TEXT = N_("I'm asking a human.")
ASKED_ALREADY_TEXT = N_("A human has already been asked.")
CLOSED_TEXT = N_("Thanks, this is closed.")
CLOSED_ALREADY_TEXT = N_("This was closed before.")
STILL_OPEN_TEXT = N_("Nobody has answered this yet, and someone is waiting.")
UNREACHED_TEXT = N_("I couldn't reach the people who answer here. Please ask a member of the team yourself.")
SOMEBODY = N_("A team member")
"""Who answers, where the name is not known."""


def read_back(note: Mapping[str, Any]) -> datetime | None:
    """Return from when on somebody is there to answer; None for now."""
    back = note.get("back")
    return datetime.fromisoformat(back) if isinstance(back, str) else None


def build_when(back: datetime | None, words: Words, show: Callable[[datetime], str] | None = None) -> str:
    """Return what who asked may expect: that somebody is back, or that the answer comes here.

    Args:
        back: from when on somebody is there; None for now.
        words: the bot's own.
        show: writes a moment as the platform does; by default in the zone that it has.
    """
    if back is None:
        return words.say("You'll get the answer here.")
    return words.say("Someone is back {moment}.", moment=(show or words.moment)(back))
