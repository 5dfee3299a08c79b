"""Which permission the bot misses where, told to the operator once a day, not with each reply that it costs."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import structlog

log = structlog.get_logger(__name__)

READ_HISTORY = "Read Message History"

_DAY_SECONDS = 24 * 3600.0
_REMEMBERED = 10_000
"""Pairs of a channel and a permission; the oldest is told again rather than kept for ever."""


def permission_to_write(reply_to: Mapping[str, Any]) -> str:
    """Return what is needed to write where a reply goes, in the words of Discord's settings.

    Args:
        reply_to: the note of the question, which says whether that is a thread where this was known.
    """
    match reply_to.get("thread"):
        case True:
            return "Send Messages in Threads"
        case False:
            return "Send Messages"
        case _:
            return "Send Messages, and Send Messages in Threads for threads and forum posts"


class MissingPermissions:
    """Warns of what is missing.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: OrderedDict[tuple[str, str], float] = OrderedDict()

    def miss(self, channel: str, permission: str) -> None:
        """Write a line of the log, unless there was one of this channel and permission within a day."""
        pair, now = (channel, permission), self._clock()
        if now - self._told.get(pair, -_DAY_SECONDS) < _DAY_SECONDS:
            return
        self._told[pair] = now
        self._told.move_to_end(pair)
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        log.warning("discord.permission_missing", channel=channel, permission=permission)
