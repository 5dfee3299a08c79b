"""How a reply reaches Discord exactly once, in as many messages as it takes.

A command is answered by editing its own "thinking…" message, and editing it twice changes nothing. The token for
that lives 15 minutes and needs the deferral; without either, the reply goes into the channel. A message is
answered by replying to it under a nonce: Discord returns the reply that it has instead of posting another one, but
remembers nonces for a few minutes only, so a later attempt reads the channel first.

What does not fit into one message goes on in the next ones, each under a nonce of its own. They are sent one after
the other, so those that are there are the first ones, and a later attempt sends the rest. Follow-ups of a command
have no nonce: there a second attempt reads the channel in any case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import aiohttp
import discord
from discord.http import Route

from bot.discord._posting import HISTORY_LIMIT, NONCE_LIFE, request_message
from bot.discord.messages import build_messages, build_nonce, count_shown
from bot.discord.notices import place_of, send_notice
from bot.discord.permissions import READ_HISTORY, MissingPermissions, permission_to_write
from bot.discord.questions import PLATFORM
from bot.discord.refusals import (
    CANNOT_REPLY_WITHOUT_HISTORY,
    INVALID_WEBHOOK_TOKEN,
    missing_permission,
    verdict,
)
from supportbot.db.states import OutboxKind
from supportbot.delivery.claiming import Delivery
from supportbot.delivery.dispatch import RetryLaterError

_DEFERRAL_TAKES = timedelta(seconds=10)  # three seconds are allowed; the rest is for the request's own retries
_DEFERRAL_RETRY_SECONDS = 0.5


class DiscordSender:
    """Shows answers on Discord.

    Args:
        rest: returns a client that is logged in, connected to the gateway or not.
    """

    platform = PLATFORM
    pause = 0.0
    """discord.py waits by itself as long as Discord's answers say."""

    def __init__(self, rest: Callable[[], Awaitable[discord.Client]]) -> None:
        self._rest = rest
        self._tasks: dict[str, asyncio.Task[str]] = {}
        self._missing = MissingPermissions()

    async def send(self, delivery: Delivery) -> str:
        """Show a reply; returns the id of its last message, under which the buttons are.

        Raises:
            RetryLaterError: Discord asks to wait, or cannot be reached.
            UndeliverableError: the channel or the question is gone, or the bot may not write there.
        """
        try:
            return await self._unbroken(delivery)
        except discord.RateLimited as error:
            raise RetryLaterError("rate limit", error.retry_after, whole_channel=True) from error
        except discord.LoginFailure as error:
            raise RetryLaterError("Discord refuses DISCORD_TOKEN") from error
        except discord.HTTPException as error:
            channel, note = place_of(delivery)
            needed = permission_to_write(note)
            if permission := missing_permission(error, needed):
                self._missing.miss(channel, permission)
            raise verdict(error, needed) from error
        except (aiohttp.ClientError, OSError) as error:
            raise RetryLaterError(f"no connection ({type(error).__name__})") from error

    async def aclose(self) -> None:
        """Drop what is still under way."""
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
            return await self._post(client, delivery, bodies)
        if delivery.attempt > 1 and len(bodies) > 1:
            try:
                shown = await self._find_own(client, delivery, bodies, shown)
            except discord.Forbidden:
                # Who may answer a command need not be able to read. Rather is something shown twice than never.
                self._missing.miss(delivery.channel, READ_HISTORY)
        for body in bodies[len(shown) :]:
            route = Route("POST", "/webhooks/{webhook_id}/{webhook_token}", **webhook)
            try:
                shown.append(await request_message(client, route, body, params={"wait": "true"}))
            except discord.HTTPException as error:
                if not _is_expired(error):
                    raise
                return await self._post_rest(client, delivery, bodies, shown)
        return shown[-1]

    async def _post(self, client: discord.Client, delivery: Delivery, bodies: Sequence[dict[str, Any]]) -> str:
        """Send into the channel what no earlier attempt did."""
        shown: list[str] = []
        if delivery.attempt > 1 and delivery.age > NONCE_LIFE:
            shown = await self._find_own(client, delivery, bodies, shown)
        return await self._post_rest(client, delivery, bodies, shown)

    async def _post_rest(
        self, client: discord.Client, delivery: Delivery, bodies: Sequence[dict[str, Any]], shown: list[str]
    ) -> str:
        """Send into the channel what is not shown yet; the first message refers to the question."""
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=int(delivery.reply_to["channel_id"]))
        for number in range(len(shown), len(bodies)):
            body = bodies[number] | {"nonce": build_nonce(delivery.mark, number), "enforce_nonce": True}
            if number == 0 and (question := delivery.reply_to.get("message_id")):
                # Without its question an answer would stand in the channel for nobody.
                body["message_reference"] = {"message_id": question, "fail_if_not_exists": True}
            try:
                shown.append(await request_message(client, route, body))
            except discord.HTTPException as error:
                if error.code != CANNOT_REPLY_WITHOUT_HISTORY:
                    raise
                self._missing.miss(delivery.channel, READ_HISTORY)
                del body["message_reference"]
                shown.append(await request_message(client, route, body))
        return shown[-1]

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
        note, found = delivery.reply_to, list(shown)
        after = shown[-1] if shown else note.get("message_id") or note["interaction_id"]
        channel = client.get_partial_messageable(int(note["channel_id"]))
        async for message in channel.history(
            after=discord.Object(int(after)), oldest_first=True, limit=HISTORY_LIMIT
        ):
            if client.user is None or message.author.id != client.user.id:
                continue
            count = count_shown(message, delivery, bodies, len(found))
            found += [str(message.id)] * (count - len(found))
            if count == len(bodies):
                break
        return found


def _is_expired(error: discord.HTTPException) -> bool:
    """Return whether the token of a command is too old."""
    return error.code == INVALID_WEBHOOK_TOKEN or error.status == 401
