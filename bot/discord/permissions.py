"""Which permissions the bot lacks on Discord, told to whoever can fix that.

Every reply may cause a refused call, so each missing permission is logged once a day per channel. It is remembered
until the call works: `supportbot doctor` shows all of them, `/stats` those of its channel.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import discord
import structlog

from supportbot.words import ENGLISH, N_, Words

log = structlog.get_logger(__name__)

READ_HISTORY = "Read Message History"

_WANTED: Mapping[str, str] = {
    "view_channel": "View Channels",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "read_message_history": READ_HISTORY,
}
"""What the bot needs in a channel, in the words of Discord's settings; the README has them in its steps."""

_HERE = N_("The bot lacks permissions in this channel: {permissions}. Grant them to its role.")

_DAY_SECONDS = 24 * 3600.0
_MOST_NAMED = 20
"""Channels that are named; a sentence of more helps nobody."""

_REMEMBERED = 10_000
"""Pairs of a channel and a permission; the oldest is told again rather than kept for ever."""


def lacking(permissions: discord.Permissions) -> list[str]:
    """Return which of the permissions that the bot needs are not among these."""
    if permissions.administrator:
        return []
    return [words for name, words in _WANTED.items() if not getattr(permissions, name)]


def lacking_everywhere(guild: discord.Guild) -> list[str]:
    """Return what the bot lacks in each text channel of a server; that it lacks in some may well be meant so."""
    found = [lacking(channel.permissions_for(guild.me)) for channel in guild.text_channels]
    return [words for words in _WANTED.values() if found and all(words in each for each in found)]


def build_lacking(permissions: discord.Permissions, words: Words = ENGLISH) -> str:
    """Return one sentence about what the bot lacks where it has these permissions; empty if that is nothing."""
    names = lacking(permissions)
    return words.say(_HERE, permissions=", ".join(names)) if names else ""


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
    """What is missing, as far as that was heard.

    Args:
        clock: seconds that only grow.
        on_change: called with ``sentence`` whenever that may have changed.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        on_change: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._clock = clock
        self._on_change = on_change
        self._told: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._missed: dict[tuple[str, str], None] = {}
        self._servers: dict[str, Sequence[str]] = {}

    @property
    def sentence(self) -> str:
        """What the bot lacks, where, and how to fix it; empty if that is nothing that is known."""
        places = [
            f"{', '.join(names)} (in the server {server})" for server, names in self._servers.items() if names
        ]
        places += [f"{permission} (in the channel {channel})" for channel, permission in self._missed]
        if not places:
            return ""
        return f"The bot lacks permissions: {'; '.join(places)}. Give them to its role in the settings of Discord."

    def compare(self, server: str, names: Sequence[str]) -> None:
        """Note what the bot lacks in all of a server; what was refused before may work now."""
        self._servers[server] = names
        self._missed.clear()
        self._on_change(self.sentence)

    def miss(self, channel: str, permission: str) -> None:
        """Write a line of the log, unless there was one of this channel and permission within a day."""
        pair, now = (channel, permission), self._clock()
        if pair not in self._missed and len(self._missed) < _MOST_NAMED:
            self._missed[pair] = None
            self._on_change(self.sentence)
        if now - self._told.get(pair, -_DAY_SECONDS) < _DAY_SECONDS:
            return
        self._told[pair] = now
        self._told.move_to_end(pair)
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        log.warning("discord.permission_missing", channel=channel, permission=permission)

    def works(self, channel: str) -> None:
        """Note that the bot could write in a channel."""
        fixed = [pair for pair in self._missed if pair[0] == channel and pair[1] != READ_HISTORY]
        for pair in fixed:
            del self._missed[pair]
        if fixed:
            self._on_change(self.sentence)
