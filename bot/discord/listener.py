"""Receives questions and votes: the client that discord.py runs, with the routing table of its events."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

import aiohttp
import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket

from bot.discord._network import guard_calls
from bot.discord._serving import ServingClient
from bot.discord._sync import sync_commands
from bot.discord.again import AskAgainButton, TryAgainButton
from bot.discord.catchup import CatchUp
from bot.discord.commands import SupportTree, answer_this, ask
from bot.discord.explanation import on_modal
from bot.discord.forgetting import ForgetButton
from bot.discord.handoffs import AskHumanButton, ResolveButton
from bot.discord.patience import Patience
from bot.discord.permissions import MissingPermissions, lacking_everywhere
from bot.discord.policy import PolicyButton, config, is_policy, on_policy
from bot.discord.questions import (
    PLATFORM,
    is_addressed,
    is_only_emoji,
    question_from_edit,
    question_from_message,
    remark_from_message,
    remark_in_thread,
    unasked_from_message,
    was_edited_soon,
)
from bot.discord.reading import text_of
from bot.discord.stats import stats
from bot.discord.suggestions import SuggestionButton
from bot.discord.translation import CommandTranslator
from bot.discord.views import VoteButton
from bot.discord.watchdog import Watchdog
from supportbot.config import Settings
from supportbot.intake.handoff import Heard
from supportbot.intake.questions import IncomingQuestion
from supportbot.intake.reception import Manner
from supportbot.intake.threads import read_order
from supportbot.service import Service
from supportbot.telemetry.way import hearing

log = structlog.get_logger(__name__)

LONGEST_LIBRARY_WAIT = 10.0
"""Seconds of rate limit that discord.py may sit out by itself; longer ones go back into the outbox. A message
bucket is refilled within 5 seconds, and an attempt to send has 30."""

MOST_DIRECT = 50
"""Direct messages read back at a start, those of the people who asked last: one call each."""

_TRIES_PER_ADDRESS = 1  # the library would try the same one for ever; a new client asks for another one


class SupportClient(ServingClient):
    """Hears questions and votes on Discord.

    Args:
        service: the support bot.
        settings: of this process.
        patience: how long to wait for what.
        missing: is told which permissions the bot lacks.
    """

    def __init__(
        self,
        service: Service,
        settings: Settings,
        patience: Patience | None = None,
        missing: MissingPermissions | None = None,
        **options: Any,
    ) -> None:
        self._missing = missing or MissingPermissions()
        self.patience = patience or Patience()
        intents = discord.Intents.default()
        intents.message_content = settings.discord_message_content
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,  # nothing here looks at earlier messages, so none are kept in memory
            **options,
        )
        guard_calls(self, self.patience.call_seconds)
        self.service = service
        self.named_admins = settings.named_admins
        self._edits = asyncio.Lock()
        self.tree = SupportTree(self)
        self.catch_up = CatchUp(self._hear, timedelta(minutes=settings.question_minutes), self.patience)
        self.watchdog = Watchdog(self, self.patience)
        self.was_ready = False
        self.http.max_ratelimit_timeout = LONGEST_LIBRARY_WAIT  # as an option, discord.py raises it to 30
        self._home = settings.home
        self._own_gateway = settings.discord_api_url is not None
        self._launches: Counter[int] = Counter()

    async def setup_hook(self) -> None:
        """Register what is listened to; called by the library after each login."""
        setup(self)
        await self.tree.set_translator(CommandTranslator())
        await sync_commands(self.tree, self._home)

    async def on_ready(self) -> None:
        """Read back what was said before this session; a resumed one has missed nothing."""
        log.info("discord.connected", guilds=len(self.guilds), shards=self.shard_count)
        self.was_ready = True
        for guild in self.guilds:
            self._compare(guild)
        self.catch_up.read_lively(self)
        for channel in await self.service.direct_channels(PLATFORM, MOST_DIRECT):
            self.catch_up.read(int(channel), self.get_partial_messageable(int(channel)))

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Look what the bot may do in a server that it comes into."""
        self._compare(guild)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Forget what the bot lacked in a server that it has left."""
        self._missing.compare(str(guild.id), ())

    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        """Look again when a role is given other permissions."""
        self._compare(after.guild)

    def _compare(self, guild: discord.Guild) -> None:
        self._missing.compare(str(guild.id), lacking_everywhere(guild))

    async def on_shard_connect(self, number: int) -> None:
        """Note that a shard has begun a session."""
        self.watchdog.connected(number)

    async def on_shard_resumed(self, number: int) -> None:
        """Note that a shard goes on with its session."""
        self.watchdog.connected(number)

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

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Let an answer that was overheard follow its author; without its text, Discord hides that from us."""
        async with self._edits:  # one after the other: the last one counts
            await self._follow_edit(payload.message)

    async def _follow_edit(self, message: discord.Message) -> None:
        if self.user is None:
            return
        if message.content:
            await self.service.hearing.overhear_change(PLATFORM, str(message.id), text_of(message, self.user))
        if (question := question_from_edit(message, self.user)) is not None:
            await self.service.hearing.reword(PLATFORM, question.identity, question.text)
        elif self.intents.message_content and was_edited_soon(message):
            await self.service.hearing.reword(PLATFORM, str(message.id), text_of(message, self.user))
            await self._hear_unasked(message)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Forget an answer that was overheard, as its author has, and withdraw a question."""
        await self._forget(payload.message_id)

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Forget what a moderator has swept away."""
        for message_id in payload.message_ids:
            await self._forget(message_id)

    async def _forget(self, message_id: int) -> None:
        await self.service.hearing.overhear_change(PLATFORM, str(message_id), None)
        await self.service.hearing.reword(PLATFORM, str(message_id), None)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Keep a modal that was sent: the library knows only those that this very process has opened."""
        if interaction.type is discord.InteractionType.modal_submit:
            await (on_policy(interaction) if is_policy(interaction.data) else on_modal(interaction))

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Log what an event handler raised."""
        log.exception("discord.handler_failed", handler=event_method)

    async def _hear(self, message: discord.Message) -> bool:
        """Keep a message if it is a question, or an answer to one; return whether it is a new question."""
        if self.user is None:
            return False
        with hearing():
            return await self._take(message, self.user)

    async def _take(self, message: discord.Message, me: discord.ClientUser) -> bool:
        async with asyncio.timeout(self.patience.hear_seconds):
            if not is_addressed(message, me):
                return self.intents.message_content and await self._overhear(message, me)
            if is_only_emoji(message, me):
                return False
            remark = remark_from_message(message, me)
            if remark is not None and await self.service.hearing.overhear(remark) is not Heard.NOT_OURS:
                return False
            question = question_from_message(message, me)
            return not await self._heed(message, question) and (await self.service.ask(question)).new

    async def _overhear(self, message: discord.Message, me: discord.ClientUser) -> bool:
        """Hear what names nobody: who goes on asking in a thread, who answers instead, what is asked nobody."""
        if (remark := remark_in_thread(message, me)) is not None:
            heard = await self.service.hearing.overhear(remark)
            if heard is Heard.FOLLOW_UP and not is_only_emoji(message, me):
                return (await self.service.ask(question_from_message(message, me, Manner.FOLLOW_UP))).new
            if heard is not Heard.NOT_OURS:
                return False
        await self._hear_unasked(message)
        return False

    async def _heed(self, message: discord.Message, question: IncomingQuestion) -> bool:
        """Be quiet in a thread, or no longer, if that is what somebody says; return whether it was."""
        quiet = read_order(question.text)
        if quiet is None or not question.in_thread:
            return False
        place = (question.platform, question.workspace, question.channel, question.thread)
        if not await self.service.hearing.be_quiet(*place, quiet=quiet):
            return False
        with suppress(discord.DiscordException, aiohttp.ClientError, OSError):  # a nicety
            await message.add_reaction("🔇" if quiet else "🔊")
        return True

    async def _hear_unasked(self, message: discord.Message) -> None:
        """Keep what somebody asks nobody in particular, if that is heard where it was said."""
        if self.user is None or not self.intents.message_content:
            return
        if (question := unasked_from_message(message, self.user)) is not None:
            await self.service.ask(question)

    @property
    def is_connected(self) -> bool:
        """Whether every shard is connected, hears, and knows its guilds."""
        is_open = self.is_ready() and not any(shard.is_closed() for shard in self.shards.values())
        return is_open and self.watchdog.hears

    async def launch_shard(self, gateway: yarl.URL, shard_id: int, *, initial: bool = False) -> None:
        """Connect a shard; the library calls this again and again while the address is refused.

        Raises:
            ConnectionError: the address was refused often enough: ask for another one.
        """
        if self._own_gateway:  # the library goes back to its built-in address after an invalidated session
            DiscordWebSocket.DEFAULT_GATEWAY = gateway
        self.watchdog.connecting(shard_id)
        self._launches[shard_id] += 1
        if self._launches[shard_id] > _TRIES_PER_ADDRESS:
            raise ConnectionError(f"The gateway at {gateway.host} refuses connections.")
        await super().launch_shard(gateway, shard_id, initial=initial)

    async def close(self) -> None:
        """Disconnect, within seconds even when the network is gone and nobody says goodbye."""
        await self.catch_up.aclose()
        closing = asyncio.ensure_future(super().close())
        done, _ = await asyncio.wait({closing}, timeout=self.patience.close_seconds)
        if not done:
            await self.http.close()
        await closing


def setup(client: SupportClient) -> None:
    """The routing table: what is heard besides messages, and who hears it."""
    client.tree.add_command(ask)
    client.tree.add_command(answer_this)
    client.tree.add_command(config)
    client.tree.add_command(stats)
    client.add_dynamic_items(
        VoteButton,
        SuggestionButton,
        TryAgainButton,
        AskAgainButton,
        AskHumanButton,
        ResolveButton,
        ForgetButton,
        PolicyButton,
    )
