"""The Discord adapter: a client that receives questions, a sender that shows answers, and the loop that keeps them
connected.

discord.py connects again by itself, but waits up to 17 minutes between attempts, asks one gateway address for
ever, and dies when the very first connection fails. So it only resumes its session; if that is not enough, or the
watchdog finds that a client receives nothing, a new client is made here. The sender has its own REST login, which
does not depend on the gateway.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Never

import aiohttp
import discord
import structlog
from discord.http import Route

from bot.discord._network import guard_calls, open_connector
from bot.discord.digest import DiscordDigests
from bot.discord.listener import LONGEST_LIBRARY_WAIT, SupportClient
from bot.discord.patience import Patience
from bot.discord.permissions import MissingPermissions
from bot.discord.questions import PLATFORM
from bot.discord.refusals import retry_after
from bot.discord.sender import DiscordSender
from bot.discord.streaming import PACE, DiscordStage
from supportbot.config import Settings
from supportbot.delivery.pace import Pace
from supportbot.errors import ConfigError
from supportbot.notices import keep_notice
from supportbot.service import Service
from supportbot.telemetry import metrics

log = structlog.get_logger(__name__)

_AUTHENTICATION_FAILED = 4004  # close code of the gateway
_LONGEST_BAN_SECONDS = 3600.0  # whoever asks to wait longer isn't Discord


class DiscordAdapter:
    """Discord, as the daemon sees it.

    Args:
        service: the support bot.
        settings: with ``discord_token``.
        patience: how long to wait for what.
        pace: how fast answers are shown while they are written.
    """

    def __init__(self, service: Service, settings: Settings, patience: Patience, pace: Pace) -> None:
        if settings.discord_token is None:
            raise ConfigError("DISCORD_TOKEN is missing: copy it from the Bot page of the developer portal.")
        self._token = settings.discord_token.get_secret_value()
        self._service = service
        self._settings = settings
        self._patience = patience
        self._client: SupportClient | None = None
        self._rest: discord.Client | None = None
        self._rest_login = asyncio.Lock()
        self._keeping = asyncio.Lock()
        self._notices: set[asyncio.Task[None]] = set()
        self._missing = MissingPermissions(on_change=self._keep_notice)
        self.sender = DiscordSender(self._logged_in, self._missing)
        self.stage = DiscordStage(self._logged_in, pace)
        self.digests = DiscordDigests(self._logged_in)

    @property
    def is_connected(self) -> bool:
        """Whether Discord can reach us now."""
        return self._client is not None and self._client.is_connected

    @property
    def http_routes(self) -> Mapping[str, Never]:
        """None: Discord is connected to, it does not call."""
        return {}

    @property
    def pages(self) -> Mapping[str, Never]:
        """None: an invitation of the developer portal adds the bot to a server."""
        return {}

    async def run(self) -> None:
        """Hear questions until cancelled.

        Raises:
            ConfigError: Discord refuses the token or the intents.
        """
        failures = 0
        while True:
            client = self._client = SupportClient(
                self._service, self._settings, self._patience, self._missing, connector=open_connector()
            )
            reason, asked_to_wait = "lost", 0.0
            try:
                reason = await _listen(client, self._token)
                log.warning("discord.disconnected", reason=reason)
            except (discord.LoginFailure, discord.PrivilegedIntentsRequired) as error:
                _refuse(error)
            except discord.ConnectionClosed as error:
                if error.code == _AUTHENTICATION_FAILED:
                    _refuse(error)
                log.warning("discord.disconnected", code=error.code)
            except discord.RateLimited as error:
                asked_to_wait = error.retry_after
                log.warning("discord.connection_failed", error="RateLimited", retry_seconds=round(asked_to_wait))
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:  # OSError: timeouts, too
                if isinstance(error, discord.HTTPException) and error.status == 429:
                    asked_to_wait = retry_after(error)
                log.warning("discord.connection_failed", error=type(error).__name__)
            except Exception:
                log.exception("discord.client_failed")
            if client.was_ready:
                metrics.RECONNECTS.labels(PLATFORM, reason).inc()
            failures = 1 if client.was_ready else failures + 1
            await asyncio.sleep(max(self._patience.pause(failures), min(asked_to_wait, _LONGEST_BAN_SECONDS)))

    async def aclose(self) -> None:
        """Stop sending and log out."""
        await self.sender.aclose()
        if self._rest is not None:
            await self._rest.close()
        await asyncio.gather(*self._notices, return_exceptions=True)

    def _keep_notice(self, sentence: str) -> None:
        """Keep for `supportbot doctor` what the bot lacks."""

        async def keep() -> None:
            async with self._keeping:  # the last one is the one that stays
                await asyncio.to_thread(keep_notice, self._settings.home, PLATFORM, sentence)

        task = asyncio.create_task(keep(), name="discord-notice")
        self._notices.add(task)
        task.add_done_callback(self._notices.discard)

    async def _logged_in(self) -> discord.Client:
        """Return the client that replies are sent with, logging it in first if necessary."""
        async with self._rest_login:
            if self._rest is None:
                client = discord.Client(intents=discord.Intents(guilds=True), connector=open_connector())
                guard_calls(client, self._patience.call_seconds)
                client.http.max_ratelimit_timeout = LONGEST_LIBRARY_WAIT
                try:
                    await client.login(self._token)
                except BaseException:
                    await client.close()
                    raise
                self._rest = client
            return self._rest


@asynccontextmanager
async def open_discord(
    service: Service, settings: Settings, *, patience: Patience | None = None, pace: Pace = PACE
) -> AsyncGenerator[DiscordAdapter]:
    """Open the adapter: its sender works at once, and it hears questions while ``run`` runs.

    Args:
        service: the support bot.
        settings: token, and where Discord's API is.
        patience: for tests, which are less patient than the network needs.
        pace: likewise, of answers that are shown while they are written.

    Raises:
        ConfigError: there is no token.
    """
    if settings.discord_api_url:
        Route.BASE = settings.discord_api_url.rstrip("/")  # the library knows no setting for it
    # What a shard meets is told by the adapter and the watchdog; the library tells of it with tracebacks.
    logging.getLogger("discord.shard").setLevel(logging.CRITICAL)
    # No voice here, so nobody needs to be told that the libraries for it are missing.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    adapter = DiscordAdapter(service, settings, patience or Patience(), pace)
    try:
        yield adapter
    finally:
        await adapter.aclose()


async def _listen(client: SupportClient, token: str) -> str:
    """Connect and listen until the connection is lost; when cancelled, disconnect first.

    discord.py (2.7.1) swallows a cancellation that meets it while it reconnects a shard, and would listen on. So
    it runs in a task of its own, which ends because the client is closed.

    Returns:
        Why it ended: ``lost``, or what the watchdog says.
    """
    async with client:
        listening = asyncio.create_task(client.start(token, reconnect=False), name="discord-gateway")
        watching = asyncio.create_task(client.watchdog.run(), name="discord-watchdog")
        try:
            await asyncio.wait({listening, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not listening.done():
                return watching.result()
        finally:
            watching.cancel()
            if not listening.done():
                await client.close()
                listening.cancel()
                await asyncio.wait({listening}, timeout=client.patience.close_seconds)
        listening.result()
        return "lost"


def _refuse(error: Exception) -> Never:
    if isinstance(error, discord.PrivilegedIntentsRequired):
        raise ConfigError(
            "Discord refuses an intent of the bot of DISCORD_TOKEN (4014): this program asks for the default "
            "intents, and with SUPPORTBOT_DISCORD_MESSAGE_CONTENT=true for Message Content; let the Bot page of "
            "the developer portal grant it, or set that to false."
        ) from error
    raise ConfigError(
        "Discord refuses DISCORD_TOKEN: reset it on the Bot page of the developer portal and set the new one."
    ) from error
