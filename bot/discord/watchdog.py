"""Finds connections to Discord that only look alive, drops them, and connects again.

discord.py believes in a silent line for a minute, waits as long for one that it opens, and does not notice when
its own reader ends. So a shard that has heard nothing for some seconds asks for a sign of life. Without an answer
its line is dropped: the library then resumes the session, and Discord repeats what was missed. A shard that is not
back in time after that takes its whole client with it, and a new one is made.

What is read of the library beside its documented parts: the socket of a shard, and when it last heard something.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping
from contextlib import suppress

import aiohttp
import discord
import structlog
from discord.gateway import DiscordWebSocket

from bot.discord.patience import Patience
from bot.discord.questions import PLATFORM
from supportbot.telemetry import metrics

log = structlog.get_logger(__name__)


class Watchdog:
    """Watches the shards of one client.

    Args:
        client: whose shards.
        patience: how long to wait for what.
    """

    def __init__(self, client: discord.AutoShardedClient, patience: Patience) -> None:
        self._client = client
        self._patience = patience
        self._known: set[int] = set()
        self._deaf: set[int] = set()
        self._lost: dict[int, float] = {}
        self._asked: dict[int, float] = {}

    @property
    def hears(self) -> bool:
        """Whether no shard was found to be deaf."""
        return not self._deaf

    def connecting(self, number: int) -> None:
        """Note that a shard begins to connect."""
        self._lost[number] = time.perf_counter()

    def connected(self, number: int) -> None:
        """Note that Discord has let a shard in, for the first time or again."""
        if number in self._known:
            metrics.RECONNECTS.labels(PLATFORM, "silent" if number in self._deaf else "lost").inc()
        self._known.add(number)
        self._deaf.discard(number)

    async def run(self) -> str:
        """Watch until the client is of no use any more; return why: ``silent``, or ``stuck`` while connecting."""
        while True:
            await asyncio.sleep(self._patience.look_seconds)
            lines = _lines(self._client)
            for number in {*lines, *self._lost}:
                if number in lines and await self._is_well(number, lines[number]):
                    self._lost.pop(number, None)
                    continue
                lost = self._lost.setdefault(number, time.perf_counter())
                if time.perf_counter() - lost > self._patience.connect_seconds:
                    return "silent" if number in self._deaf else "stuck"

    async def _is_well(self, number: int, line: DiscordWebSocket) -> bool:
        heart = line._keep_alive
        if number in self._deaf or not line.open or heart is None:
            self._asked.pop(number, None)
            return False
        now = time.perf_counter()
        asked = self._asked.get(number)
        if now - heart._last_recv < self._patience.quiet_seconds or heart._last_recv > (asked or now):
            self._asked.pop(number, None)
        elif asked is None:
            self._asked[number] = now
            with suppress(TimeoutError, aiohttp.ClientError, discord.ConnectionClosed, ConnectionError):
                async with asyncio.timeout(self._patience.answer_seconds):
                    await line.send_heartbeat(heart.beat())
        elif now - asked > self._patience.answer_seconds:
            self._deaf.add(number)
            log.warning("discord.deaf", shard=number, seconds=round(now - heart._last_recv, 1))
            _drop(line)
            return False
        return True


def _lines(client: discord.AutoShardedClient) -> Mapping[int, DiscordWebSocket]:
    return {number: shard._parent.ws for number, shard in client.shards.items()}


def _drop(line: DiscordWebSocket) -> None:
    """Let a line end as if the other side had hung up, so that whoever reads it notices at once."""
    opened = line.socket.get_extra_info("socket")
    if opened is not None:
        with suppress(OSError):  # the system has noticed meanwhile
            opened.shutdown(socket.SHUT_RDWR)
