"""The memory of the local Slack, and waiting for it to change."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tests.slack_server.records import Call, Channel, Envelope, Ephemeral, Json, Message, Modal

T = TypeVar("T")

TEAM = "T0LOCAL"
OTHER_TEAM = "T0OTHERS"
"""A second workspace, in which an app for many workspaces may be installed as well."""
BOT_USER = "U0BOT"
BOT_ID = "B0BOT"
APP = "A0LOCAL"


@dataclass(frozen=True, slots=True)
class Team:
    """A workspace, and the bot there."""

    id: str
    name: str
    bot_user: str
    bot_id: str


TEAMS = {
    TEAM: Team(TEAM, "Local", BOT_USER, BOT_ID),
    OTHER_TEAM: Team(OTHER_TEAM, "Others", "U0BOT2", "B0BOT2"),
}


class State:
    """Everything that happened."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.ephemerals: list[Ephemeral] = []
        self.calls: list[Call] = []
        self.envelopes: list[Envelope] = []
        self.statuses: list[Json] = []
        self.modals: list[Modal] = []
        self.homes: dict[str, list[Json]] = {}
        self.prompts: list[Json] = []
        self.channels: dict[str, Channel] = {}
        self.deleted: set[str] = set()
        self.admins: set[str] = set()
        self.profiles: dict[str, Json] = {}
        self.rate_limited = 0
        self._changed = asyncio.Event()
        self._last_micros = 0

    def channel(self, channel: str, team: str = TEAM) -> Channel:
        """Return a channel, which comes into being with the bot in it."""
        return self.channels.setdefault(channel, Channel(channel, team=team))

    def new_ts(self) -> str:
        """Return a timestamp later than all before, in Slack's format."""
        self._last_micros = max(time.time_ns() // 1000, self._last_micros + 1)
        seconds, micros = divmod(self._last_micros, 1_000_000)
        return f"{seconds}.{micros:06d}"

    def changed(self) -> None:
        """Wake everybody who waits for something."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_until(self, condition: Callable[[], T | None], what: str, seconds: float) -> T:
        """Return the first true value of ``condition``, looked at whenever something happened.

        Raises:
            AssertionError: it did not come true in time.
        """
        try:
            async with asyncio.timeout(seconds):
                while not (found := condition()):
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(
                f"Waited {seconds} s for {what}. Messages: {[message.shown for message in self.messages]}; "
                f"calls: {[call.method for call in self.calls]}; "
                f"unacknowledged: {[envelope.kind for envelope in self.envelopes if not envelope.acked]}"
            ) from None
        return found
