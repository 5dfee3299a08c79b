"""Questions that arrived while the bot was not listening: after a restart, or while the database was unavailable.

Discord keeps no events for a bot that is away, but it keeps the messages. So the bot reads back the channels with
recent messages, and processes every message that addresses it; those that it already knows change nothing. A bot
cannot list the direct messages it received, so of these only the channels are read in which somebody asked before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import aiohttp
import discord
import structlog

from bot.attempts import Attempts, passes
from bot.discord.patience import Patience
from supportbot.errors import DatabaseError

log = structlog.get_logger(__name__)

_HISTORY_LIMIT = 1_000  # messages of a channel; ten requests

_Readable = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread


class CatchUp:
    """Reads channels back until nothing is missed.

    Args:
        hear: handles one message; raises if the question could not be kept.
        reach: how far back a question is still worth hearing.
        patience: how long to wait before it is tried again.
    """

    def __init__(
        self, hear: Callable[[discord.Message], Awaitable[object]], reach: timedelta, patience: Patience
    ) -> None:
        self._hear = hear
        self._reach = reach
        self._patience = patience
        self._attempts = Attempts()
        self._due: dict[int, discord.abc.Messageable] = {}
        self._task: asyncio.Task[None] | None = None

    def read_lively(self, client: discord.Client) -> None:
        """Read back every channel and thread in which something was written lately."""
        horizon = discord.utils.time_snowflake(discord.utils.utcnow() - self._reach)
        for guild in client.guilds:
            channels: list[_Readable]  # a post of a forum is a thread, an announcement channel a text channel
            channels = [*guild.text_channels, *guild.voice_channels, *guild.stage_channels, *guild.threads]
            for channel in channels:
                if (channel.last_message_id or 0) > horizon and _is_readable(channel):
                    self.read(channel.id, channel)

    def read(self, channel_id: int, channel: discord.abc.Messageable) -> None:
        """Read one channel back, soon."""
        self._due[channel_id] = channel
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._read_due(), name="discord-catch-up")

    async def aclose(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _read_due(self) -> None:
        while self._due:
            due, self._due = self._due, {}  # what is missed in one from here on makes it due again
            for channel_id, channel in due.items():
                if not await self._has_read(channel):
                    self._due.setdefault(channel_id, channel)
            if self._due:
                await asyncio.sleep(self._patience.longest_pause)

    async def _has_read(self, channel: discord.abc.Messageable) -> bool:
        """Hear the messages of a channel again; return False if that must be repeated."""
        try:
            after = discord.utils.utcnow() - self._reach
            # The missed messages are the newest ones; they are handled in the order in which they were written.
            newest = channel.history(after=after, oldest_first=False, limit=_HISTORY_LIMIT)
            messages = [message async for message in newest]
            kept = [await self._has_kept(message) for message in reversed(messages)]
        except (discord.Forbidden, discord.NotFound):
            return True
        except (discord.DiscordException, aiohttp.ClientError, OSError, DatabaseError) as error:
            log.warning("discord.catch_up_failed", error=type(error).__name__)
            return False
        return all(kept)

    async def _has_kept(self, message: discord.Message) -> bool:
        """Hear one message again; return False if that must be repeated."""
        name = str(message.id)
        if self._attempts.is_given_up(name):
            return True
        try:
            await self._hear(message)
        except Exception as error:
            if passes(error):
                raise
            if self._attempts.failed(name):
                log.exception("discord.message_given_up", message_id=message.id)
                return True
            return False
        return True


def _is_readable(channel: _Readable) -> bool:
    """Return whether Discord would let us read: it bans an address that asks for too much in vain."""
    may = channel.permissions_for(channel.guild.me)
    is_vocal = isinstance(channel, discord.VoiceChannel | discord.StageChannel)  # read by those who may enter only
    return may.view_channel and may.read_message_history and (may.connect or not is_vocal)
