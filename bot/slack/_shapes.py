"""The shapes of Slack's identifiers; anything with another shape did not come from Slack."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from supportbot.intake.reception import Manner

ID = re.compile(r"[A-Z0-9]{1,64}")
TIMESTAMP = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")
TRIGGER = re.compile(r"[\w.-]{1,200}", re.ASCII)


def time_of(timestamp: str) -> datetime | None:
    """Return when something happened by Slack's clock; None for what is no time of this world."""
    if not TIMESTAMP.fullmatch(timestamp):
        return None
    try:
        return datetime.fromtimestamp(float(timestamp), UTC)
    except ValueError:  # beyond the year 9999
        return None


def manner_in(channel: str, otherwise: Manner) -> Manner:
    """Return how somebody asks who asks in a channel: directly in a direct message, whose names begin with D."""
    return Manner.DIRECT if channel.startswith("D") else otherwise


def are_ids(*values: str) -> bool:
    """Return whether all values are names of workspaces, channels or people."""
    return all(ID.fullmatch(value) for value in values)
