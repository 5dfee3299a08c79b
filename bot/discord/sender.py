"""How a reply reaches Discord exactly once.

A command is answered by editing its own "thinking…" message, and editing it twice changes nothing. The token for
that lives 15 minutes and needs the deferral; without either, the reply goes into the channel. A message is
answered by replying to it under a nonce: Discord returns the reply that it has instead of posting another one, but
remembers nonces for a few minutes only, so a later attempt reads the channel first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

import aiohttp
import discord
from discord.http import Route

from bot.discord._text import build_answer_text
from bot.discord.questions import PLATFORM
from bot.discord.views import build_answer_view, build_mark, build_remarks, vote_id
from supportbot.delivery.claiming import Delivery
from supportbot.delivery.dispatch import RetryLaterError, UndeliverableError
from supportbot.feedback.votes import Vote

_NONCE_LIFE = timedelta(minutes=2)  # "a few minutes" in Discord's documentation, read cautiously
_DEFERRAL_TAKES = timedelta(seconds=10)  # three seconds are allowed; the rest is for the request's own retries
_DEFERRAL_RETRY_SECONDS = 0.5
_BAN_SECONDS = 60.0  # when a proxy in front of Discord says 429 without saying for how long
_HISTORY_LIMIT = 1_000  # ten requests; the reply we look for comes soon after its question

# https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
_INVALID_WEBHOOK_TOKEN = 50027
_CANNOT_REPLY_WITHOUT_HISTORY = 160002


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
        self._tasks: set[asyncio.Task[str]] = set()

    async def send(self, delivery: Delivery) -> str:
        """Show a reply; returns the message's id.

        Raises:
            RetryLaterError: Discord asks to wait, or cannot be reached.
            UndeliverableError: the channel is gone, or the bot may not write there.
        """
        try:
            return await self._unbroken(self._send(delivery))
        except discord.RateLimited as error:
            raise RetryLaterError("rate limit", error.retry_after, whole_channel=True) from error
        except discord.LoginFailure as error:
            raise RetryLaterError("Discord refuses DISCORD_TOKEN") from error
        except discord.HTTPException as error:
            raise _verdict(error) from error
        except (aiohttp.ClientError, OSError) as error:
            raise RetryLaterError(f"no connection ({type(error).__name__})") from error

    async def aclose(self) -> None:
        """Drop what is still under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _unbroken(self, sending: Coroutine[Any, Any, str]) -> str:
        """Let a request end by itself when its attempt is cancelled.

        discord.py (2.7.1) closes a lock while it waits for a global rate limit and never opens it again if it is
        cancelled there. A reply that arrives after its attempt was given up is found by its nonce.
        """
        task = asyncio.create_task(sending)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _send(self, delivery: Delivery) -> str:
        client = await self._rest()
        if delivery.reply_to["kind"] == "interaction":
            return await self._answer_interaction(client, delivery)
        return await self._post(client, delivery)

    async def _answer_interaction(self, client: discord.Client, delivery: Delivery) -> str:
        note = delivery.reply_to
        route = Route(
            "PATCH",
            "/webhooks/{webhook_id}/{webhook_token}/messages/@original",
            webhook_id=int(note["application_id"]),
            webhook_token=note["token"],
        )
        try:
            return await _request(client, route, build_message(delivery))
        except discord.HTTPException as error:
            expired = error.code == _INVALID_WEBHOOK_TOKEN or error.status == 401
            if not expired and error.status != 404:
                raise
            if not expired and delivery.age < _DEFERRAL_TAKES:
                # The answer was faster than the deferral, whose message is about to appear.
                raise RetryLaterError("not deferred yet", _DEFERRAL_RETRY_SECONDS) from error
            return await self._post(client, delivery)

    async def _post(self, client: discord.Client, delivery: Delivery) -> str:
        """Send into the channel, unless an earlier attempt did."""
        late = delivery.age > _NONCE_LIFE
        if delivery.attempt > 1 and late and (found := await _find_own(client, delivery)):
            return found
        body = build_message(delivery) | {"nonce": delivery.mark, "enforce_nonce": True}
        if question := delivery.reply_to.get("message_id"):
            body["message_reference"] = {"message_id": question, "fail_if_not_exists": False}
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=int(delivery.reply_to["channel_id"]))
        try:
            return await _request(client, route, body)
        except discord.HTTPException as error:
            if error.code != _CANNOT_REPLY_WITHOUT_HISTORY:
                raise
            del body["message_reference"]
            return await _request(client, route, body)


def build_message(delivery: Delivery) -> dict[str, Any]:
    """Return the body of the message that carries a reply; to be called where an event loop runs.

    The answer to a command quotes the question, which no message in the channel shows.
    """
    is_command = delivery.reply_to["kind"] == "interaction"
    question = delivery.question if is_command else None
    components = []
    if delivery.votable:
        components = build_answer_view(delivery.answer_id, delivery.grounds.suggestions).to_components()
    return {
        "content": build_answer_text(
            delivery.text, question, build_remarks(delivery.grounds), mark=build_mark(delivery.grounds)
        ),
        "components": components,
        "allowed_mentions": discord.AllowedMentions.none().to_dict() | {"replied_user": False},
        "flags": discord.MessageFlags(suppress_embeds=True).value,
    }


async def _request(client: discord.Client, route: Route, body: dict[str, Any]) -> str:
    """Post or edit a message; return its id."""
    message = await client.http.request(route, json=body)
    if not isinstance(message, dict):  # a proxy's page instead of Discord's answer
        raise RetryLaterError("Discord answered something that is no message")
    return str(message["id"])


async def _find_own(client: discord.Client, delivery: Delivery) -> str | None:
    """Return the id of the message by which an earlier attempt delivered this reply, if there is one."""
    note = delivery.reply_to
    after = discord.Object(int(note.get("message_id") or note["interaction_id"]))
    channel = client.get_partial_messageable(int(note["channel_id"]))
    expected = build_message(delivery)
    async for message in channel.history(after=after, oldest_first=True, limit=_HISTORY_LIMIT):
        if client.user is None or message.author.id != client.user.id:
            continue
        # The buttons name the answer. Without buttons, the question it refers to or the text must do.
        refers = message.reference is not None and str(message.reference.message_id) == note.get("message_id")
        if delivery.votable:
            found = vote_id(delivery.answer_id, Vote.UP) in _custom_ids(message)
        else:
            found = refers or ("message_id" not in note and message.content == expected["content"])
        if found:
            return str(message.id)
    return None


def _custom_ids(message: discord.Message) -> set[str | None]:
    rows = (row for row in message.components if isinstance(row, discord.ActionRow))
    return {child.custom_id for row in rows for child in row.children if isinstance(child, discord.Button)}


def _verdict(error: discord.HTTPException) -> RetryLaterError | UndeliverableError:
    """Return what an error of Discord means for a reply."""
    if error.status == 429:
        return RetryLaterError("rate limit", retry_after(error), whole_channel=True)
    if error.status in (400, 403, 404):
        return UndeliverableError(
            "The channel is gone, or the bot may not write there: check its View Channel and Send Messages "
            f"permissions (Discord error {error.code}, HTTP {error.status})."
        )
    return RetryLaterError(f"Discord answered HTTP {error.status}")


def retry_after(error: discord.HTTPException) -> float:
    """Return the seconds to wait after a 429."""
    try:
        return float(error.response.headers["Retry-After"])
    except (KeyError, ValueError):
        return _BAN_SECONDS
