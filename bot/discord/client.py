"""The Discord adapter: a client that hears questions, a sender that shows answers, and who keeps them connected.

discord.py connects again by itself, but waits up to 17 minutes between attempts, asks one gateway address for
ever, and dies when the very first connection fails. So it only resumes its session; whenever that is not enough, a
new client is made here. The sender has a REST login of its own, which does not care about the gateway.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, NoReturn

import aiohttp
import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.discord._network import open_connector
from bot.discord._sync import sync_commands
from bot.discord.catchup import CatchUp
from bot.discord.commands import SupportTree, answer_this, ask
from bot.discord.questions import is_addressed, question_from_message
from bot.discord.sender import DiscordSender
from bot.discord.views import VoteButton
from supportbot.config import Settings
from supportbot.errors import ConfigError
from supportbot.service import Service

log = structlog.get_logger(__name__)

_LONGEST_LIBRARY_WAIT = 10.0
"""Seconds of rate limit that discord.py may sit out by itself; longer ones go back into the outbox. A message
bucket is refilled within 5 seconds, and an attempt to send has 30."""

_MAX_RECONNECT_SECONDS = 15.0
_CLOSE_SECONDS = 3.0
_TRIES_PER_ADDRESS = 3  # 5 seconds apart
_AUTHENTICATION_FAILED = 4004  # close code of the gateway


class SupportClient(discord.AutoShardedClient):
    """Hears questions and votes on Discord.

    Args:
        service: the support bot.
        settings: of this process.
    """

    def __init__(self, service: Service, settings: Settings, **options: Any) -> None:
        super().__init__(
            intents=discord.Intents.default(),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,  # nothing here looks at earlier messages, so none are kept in memory
            **options,
        )
        self.service = service
        self.tree = SupportTree(self)
        self.catch_up = CatchUp(self._hear, timedelta(minutes=settings.question_minutes))
        self.was_ready = False
        self.http.max_ratelimit_timeout = _LONGEST_LIBRARY_WAIT  # as an option, discord.py raises it to 30
        self._home = settings.home
        self._own_gateway = settings.discord_api_url is not None
        self._launches: Counter[int] = Counter()

    async def setup_hook(self) -> None:
        """Register what is listened to; called by the library after each login."""
        setup(self)
        await sync_commands(self.tree, self._home)

    async def on_ready(self) -> None:
        """Read back what was said before this session; a resumed one has missed nothing."""
        log.info("discord.connected", guilds=len(self.guilds), shards=self.shard_count)
        self.was_ready = True
        self.catch_up.read_lively(self)

    async def on_message(self, message: discord.Message) -> None:
        """Keep a question and show "typing…"; what cannot be kept is read back from the channel until it can."""
        try:
            is_new = await self._hear(message)
        except Exception:
            log.exception("discord.question_not_kept", message_id=message.id)
            self.catch_up.read(message.channel.id, message.channel)
            return
        if is_new:
            with suppress(discord.DiscordException, aiohttp.ClientError, OSError):  # a nicety
                await message.channel.typing()

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Log what an event handler raised."""
        log.exception("discord.handler_failed", event=event_method)

    async def _hear(self, message: discord.Message) -> bool:
        """Keep a message if it is a question; return whether it is a new one."""
        if self.user is None or not is_addressed(message, self.user):
            return False
        return (await self.service.ask(question_from_message(message, self.user))).new

    @property
    def is_connected(self) -> bool:
        """Whether every shard is connected and knows its guilds."""
        return self.is_ready() and not any(shard.is_closed() for shard in self.shards.values())

    async def launch_shard(self, gateway: yarl.URL, shard_id: int, *, initial: bool = False) -> None:
        """Connect a shard; the library calls this again and again while the address is refused.

        Raises:
            ConnectionError: the address was refused often enough: ask for another one.
        """
        if self._own_gateway:  # the library goes back to its built-in address after an invalidated session
            DiscordWebSocket.DEFAULT_GATEWAY = gateway
        self._launches[shard_id] += 1
        if self._launches[shard_id] > _TRIES_PER_ADDRESS:
            raise ConnectionError(f"The gateway at {gateway.host} refuses connections.")
        await super().launch_shard(gateway, shard_id, initial=initial)

    async def close(self) -> None:
        """Disconnect, within seconds even when the network is gone and nobody says goodbye."""
        await self.catch_up.aclose()
        closing = asyncio.ensure_future(super().close())
        done, _ = await asyncio.wait({closing}, timeout=_CLOSE_SECONDS)
        if not done:
            await self.http.close()
        await closing


def setup(client: SupportClient) -> None:
    """The routing table: what is heard besides messages, and who hears it."""
    client.tree.add_command(ask)
    client.tree.add_command(answer_this)
    client.add_dynamic_items(VoteButton)


class DiscordAdapter:
    """Discord, as the daemon sees it.

    Args:
        service: the support bot.
        settings: with ``discord_token``.
    """

    def __init__(self, service: Service, settings: Settings) -> None:
        if settings.discord_token is None:
            raise ConfigError("DISCORD_TOKEN is missing: copy it from the Bot page of the developer portal.")
        self._token = settings.discord_token.get_secret_value()
        self._service = service
        self._settings = settings
        self._client: SupportClient | None = None
        self._rest: discord.Client | None = None
        self._rest_login = asyncio.Lock()
        self.sender = DiscordSender(self._logged_in)

    @property
    def is_connected(self) -> bool:
        """Whether Discord can reach us now."""
        return self._client is not None and self._client.is_connected

    async def run(self) -> None:
        """Hear questions until cancelled.

        Raises:
            ConfigError: Discord refuses the token or the intents.
        """
        failures = 0
        while True:
            client = self._client = SupportClient(self._service, self._settings, connector=open_connector())
            try:
                await _listen(client, self._token)
                log.warning("discord.disconnected")
            except (discord.LoginFailure, discord.PrivilegedIntentsRequired) as error:
                _refuse(error)
            except discord.ConnectionClosed as error:
                if error.code == _AUTHENTICATION_FAILED:
                    _refuse(error)
                log.warning("discord.disconnected", code=error.code)
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:  # OSError: timeouts, too
                log.warning("discord.connection_failed", error=type(error).__name__)
            except Exception:
                log.exception("discord.client_failed")
            failures = 1 if client.was_ready else failures + 1
            await asyncio.sleep(reconnect_delay(failures))

    async def aclose(self) -> None:
        """Stop sending and log out."""
        await self.sender.aclose()
        if self._rest is not None:
            await self._rest.close()

    async def _logged_in(self) -> discord.Client:
        """Return the client that replies are sent with, logging it in first if need be."""
        async with self._rest_login:
            if self._rest is None:
                client = discord.Client(intents=discord.Intents(guilds=True), connector=open_connector())
                client.http.max_ratelimit_timeout = _LONGEST_LIBRARY_WAIT
                try:
                    await client.login(self._token)
                except BaseException:
                    await client.close()
                    raise
                self._rest = client
            return self._rest


@asynccontextmanager
async def open_discord(service: Service, settings: Settings) -> AsyncGenerator[DiscordAdapter]:
    """Open the adapter: its sender works at once, and it hears questions while ``run`` runs.

    Raises:
        ConfigError: there is no token.
    """
    if settings.discord_api_url:
        Route.BASE = settings.discord_api_url.rstrip("/")  # the library knows no setting for it
    # No voice here, so nobody needs to be told that the libraries for it are missing.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    adapter = DiscordAdapter(service, settings)
    try:
        yield adapter
    finally:
        await adapter.aclose()


async def _listen(client: SupportClient, token: str) -> None:
    """Connect and listen until the connection is lost; when cancelled, disconnect first.

    discord.py (2.7.1) swallows a cancellation that meets it while it reconnects a shard, and would listen on. So it
    runs in a task of its own, which ends because the client is closed.
    """
    async with client:
        listening = asyncio.create_task(client.start(token, reconnect=False), name="discord-gateway")
        try:
            await asyncio.wait({listening})
        except asyncio.CancelledError:
            await client.close()
            listening.cancel()
            await asyncio.wait({listening}, timeout=_CLOSE_SECONDS)
            raise
        listening.result()


def reconnect_delay(failures: int) -> float:
    """Return the seconds to wait after so many failed connections in a row; jitter keeps many bots apart."""
    return random.uniform(0.5, 1) * min(_MAX_RECONNECT_SECONDS, 2.0 ** (failures - 1))  # noqa: S311 - no secret


def _refuse(error: Exception) -> NoReturn:
    if isinstance(error, discord.PrivilegedIntentsRequired):
        raise ConfigError(
            "Discord refuses an intent of the bot of DISCORD_TOKEN (4014): this program asks for the default "
            "intents only, so let the Bot page of the developer portal grant them."
        ) from error
    raise ConfigError(
        "Discord refuses DISCORD_TOKEN: reset it on the Bot page of the developer portal and set the new one."
    ) from error
