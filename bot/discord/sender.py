"""How a reply reaches Discord exactly once, in as many messages as it takes.

A command is answered by editing its own "thinking…" message, and editing it twice changes nothing. The token for
that lives 15 minutes and needs the deferral; without either, the reply goes into the channel. A message is
answered by replying to it under a nonce: Discord returns the reply that it has instead of posting another one, but
remembers nonces for a few minutes only, so a later attempt reads the channel first.

An answer that was shown while it was written has a message already, which becomes the first one of the reply. To
edit it twice changes nothing either. Where a crash came between that message and our note of it, its own nonce
finds it.

What does not fit into one message goes on in the next ones, each under a nonce of its own. They are sent one after
the other, so those that are there are the first ones, and a later attempt sends the rest. Follow-ups of a command
have no nonce: there a second attempt reads the channel in any case.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import aiohttp
import discord
from discord.http import Route

from bot.discord._posting import HISTORY_LIMIT, NONCE_LIFE, message_route, post, request_message
from bot.discord.messages import build_messages, build_nonce, build_stream_nonce, count_shown, is_begun
from bot.discord.notices import place_of, send_notice
from bot.discord.permissions import READ_HISTORY, MissingPermissions, permission_to_write
from bot.discord.questions import PLATFORM
from bot.discord.refusals import (
    INVALID_WEBHOOK_TOKEN,
    is_deleted,
    missing_permission,
    verdict,
)
from supportbot.db.states import OutboxKind
from supportbot.delivery.claiming import Delivery
from supportbot.delivery.dispatch import RetryLaterError, UndeliverableError
from supportbot.intake.questions import PRIVATELY

_DEFERRAL_TAKES = timedelta(seconds=10)  # three seconds are allowed; the rest is for the request's own retries
_DEFERRAL_RETRY_SECONDS = 0.5
_EPHEMERAL = discord.MessageFlags(ephemeral=True).value
_NO_PRIVATE_WAY = (
    "The private reply to the command has expired, and the channel's policy allows answers only in threads."
)


class DiscordSender:
    """Shows answers on Discord.

    Args:
        rest: returns a client that is logged in, connected to the gateway or not.
        missing: is told which permissions the bot lacks.
    """

    platform = PLATFORM
    pause = 0.0
    """discord.py waits by itself as long as Discord's answers say."""

    def __init__(
        self, rest: Callable[[], Awaitable[discord.Client]], missing: MissingPermissions | None = None
    ) -> None:
        self._rest = rest
        self._tasks: dict[str, asyncio.Task[str]] = {}
        self._missing = missing or MissingPermissions()

    async def send(self, delivery: Delivery) -> str:
        """Show a reply; returns the id of its last message, under which the buttons are.

        Raises:
            RetryLaterError: Discord asks to wait, or cannot be reached.
            UndeliverableError: the channel or the question is gone, or the bot may not write there.
        """
        channel, note = place_of(delivery)
        try:
            shown = await self._unbroken(delivery)
        except discord.RateLimited as error:
            raise RetryLaterError("rate limit", error.retry_after, whole_channel=True) from error
        except discord.LoginFailure as error:
            raise RetryLaterError("Discord refuses DISCORD_TOKEN") from error
        except discord.HTTPException as error:
            needed = permission_to_write(note)
            if permission := missing_permission(error, needed):
                self._missing.miss(channel, permission)
            raise verdict(error, needed) from error
        except (aiohttp.ClientError, OSError) as error:
            raise RetryLaterError(f"no connection ({type(error).__name__})") from error
        self._missing.works(channel)
        return shown

    async def aclose(self) -> None:
        """Drop what is still in progress."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _unbroken(self, delivery: Delivery) -> str:
        """Let the requests of an attempt end by themselves when it is cancelled; the next attempt joins them.

        discord.py (2.7.1) closes a lock while it waits for a global rate limit and never opens it again if it is
        cancelled there. And of two that send the parts of one reply at once, neither would know what is there.
        """
        task = self._tasks.get(delivery.mark)
        if task is None:
            task = self._tasks[delivery.mark] = asyncio.create_task(self._send(delivery))
            task.add_done_callback(lambda _: self._tasks.pop(delivery.mark))
        return await asyncio.shield(task)

    async def _send(self, delivery: Delivery) -> str:
        client = await self._rest()
        if delivery.kind is not OutboxKind.REPLY:
            return await send_notice(client, delivery)
        bodies = build_messages(delivery)
        if delivery.reply_to["kind"] == "interaction":
            return await self._answer_interaction(client, delivery, bodies)
        return await self._post(client, delivery, bodies)

    async def _answer_interaction(
        self, client: discord.Client, delivery: Delivery, bodies: Sequence[dict[str, Any]]
    ) -> str:
        note = delivery.reply_to
        webhook = {"webhook_id": int(note["application_id"]), "webhook_token": note["token"]}
        original = Route("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original", **webhook)
        try:
            shown = [await request_message(client, original, bodies[0])]
        except discord.HTTPException as error:
            expired = _is_expired(error)
            if not expired and error.status != 404:
                raise
            if not expired and delivery.age < _DEFERRAL_TAKES:
                # The answer was faster than the deferral, whose message is about to appear.
                raise RetryLaterError("not deferred yet", _DEFERRAL_RETRY_SECONDS) from error
            if PRIVATELY in note:
                raise UndeliverableError(_NO_PRIVATE_WAY) from error
            return await self._post(client, delivery, bodies)
        if PRIVATELY in note:
            bodies = [body | {"flags": body["flags"] | _EPHEMERAL} for body in bodies]
        elif delivery.attempt > 1 and len(bodies) > 1:
            try:
                shown = await self._find_own(client, delivery, bodies, shown)
            except discord.Forbidden:
                # Who may answer a command need not be able to read. Rather is something shown twice than never.
                self._miss(delivery)
        for body in bodies[len(shown) :]:
            route = Route("POST", "/webhooks/{webhook_id}/{webhook_token}", **webhook)
            try:
                shown.append(await request_message(client, route, body, params={"wait": "true"}))
            except discord.HTTPException as error:
                if not _is_expired(error):
                    raise
                if PRIVATELY in note:
                    raise UndeliverableError(_NO_PRIVATE_WAY) from error
                return await self._post_rest(client, delivery, bodies, shown)
        return shown[-1]

    async def _post(self, client: discord.Client, delivery: Delivery, bodies: Sequence[dict[str, Any]]) -> str:
        """Send into the channel what no earlier attempt did."""
        shown: list[str] = []
        if delivery.streamed is not None:
            shown = await self._complete(client, delivery, bodies)
        if delivery.attempt > 1 and delivery.age > NONCE_LIFE and len(shown) < len(bodies):
            shown = await self._find_own(client, delivery, bodies, shown)
        return await self._post_rest(client, delivery, bodies, shown)

    async def _complete(
        self, client: discord.Client, delivery: Delivery, bodies: Sequence[dict[str, Any]]
    ) -> list[str]:
        """Turn the streamed message into the first one of the reply; return its id, if there is one."""
        channel_id, question = int(delivery.reply_to["channel_id"]), delivery.reply_to.get("message_id")
        streamed = delivery.streamed
        if not streamed and question and delivery.age <= NONCE_LIFE:  # it is there, or will be now
            nonce = build_stream_nonce(question)
            streamed = await post(client, channel_id, bodies[0], nonce, question, partial(self._miss, delivery))
        elif not streamed:
            streamed = await self._find_begun(client, delivery)
        if not streamed:
            return []
        try:
            return [await request_message(client, message_route("PATCH", channel_id, streamed), bodies[0])]
        except discord.HTTPException as error:
            if not is_deleted(error):
                raise
            return []  # somebody has deleted it

    async def _find_begun(self, client: discord.Client, delivery: Delivery) -> str | None:
        """Return the id of the streamed message, if the bot may look for it; twice is better than never."""
        begun = (str(one.id) async for one in _own(client, delivery) if is_begun(one, delivery.reply_to))
        try:
            return await anext(begun, None)
        except discord.Forbidden:
            self._miss(delivery)
            return None

    async def _post_rest(
        self, client: discord.Client, delivery: Delivery, bodies: Sequence[dict[str, Any]], shown: list[str]
    ) -> str:
        """Send into the channel what is not shown yet; the first message refers to the question."""
        for number in range(len(shown), len(bodies)):
            question = delivery.reply_to.get("message_id") if number == 0 else None
            nonce = build_nonce(delivery.mark, number)
            channel_id = int(delivery.reply_to["channel_id"])
            shown.append(
                await post(client, channel_id, bodies[number], nonce, question, partial(self._miss, delivery))
            )
        return shown[-1]

    def _miss(self, delivery: Delivery) -> None:
        self._missing.miss(delivery.channel, READ_HISTORY)

    async def _find_own(
        self, client: discord.Client, delivery: Delivery, bodies: Sequence[dict[str, Any]], shown: Sequence[str]
    ) -> list[str]:
        """Return the ids of the messages by which earlier attempts have shown this reply so far, in order.

        Args:
            client: that reads the channel.
            delivery: the reply.
            bodies: of its messages.
            shown: ids of the first ones, as far as they are known.
        """
        found = list(shown)
        async for message in _own(client, delivery, *shown[-1:]):
            count = count_shown(message, delivery, bodies, len(found))
            found += [str(message.id)] * (count - len(found))
            if count == len(bodies):
                break
        return found


async def _own(
    client: discord.Client, delivery: Delivery, after: str | None = None
) -> AsyncGenerator[discord.Message, None]:
    """Yield the bot's messages in the channel after the question, or after that message, in order."""
    note = delivery.reply_to
    channel = client.get_partial_messageable(int(note["channel_id"]))
    start = discord.Object(int(after or note.get("message_id") or note["interaction_id"]))
    async for message in channel.history(after=start, oldest_first=True, limit=HISTORY_LIMIT):
        if client.user is not None and message.author.id == client.user.id:
            yield message


def _is_expired(error: discord.HTTPException) -> bool:
    """Return whether the token of a command is too old."""
    return error.code == INVALID_WEBHOOK_TOKEN or error.status == 401
