"""Shows answers on Discord while they are written, in a message that the sender turns into the answer.

A command has a message already, which says "thinking…": it is edited. Any other question gets a reply, under a
nonce that is made of the question's own id, so the sender finds it also where nobody knows whether it was posted.
It shows the first message of the answer as far as it is written, built by the functions that build the answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import aiohttp
import discord
from discord.http import Route

from bot.discord._posting import message_route, post, request_message
from bot.discord.messages import build_beginning, build_stream_nonce
from bot.discord.permissions import permission_to_write
from bot.discord.questions import PLATFORM
from bot.discord.refusals import is_deleted, verdict
from supportbot.delivery.dispatch import RetryLaterError
from supportbot.delivery.pace import Pace
from supportbot.delivery.stream_notes import Place

_T = TypeVar("_T")

PACE = Pace()
"""The library itself waits where Discord wants it to."""

_NOTHING = "…"


class DiscordStage:
    """See ``supportbot.delivery.streaming.Stage``.

    Args:
        rest: returns a client that is logged in, connected to the gateway or not.
        pace: for tests, which wait for nothing.
    """

    platform = PLATFORM
    paced_by_workspace = False
    one_a_thread = False
    """A reply says to what, and a command has a message of its own."""

    def __init__(self, rest: Callable[[], Awaitable[discord.Client]], pace: Pace = PACE) -> None:
        self._rest = rest
        self.pace = pace

    def suits(self, reply_to: Mapping[str, Any]) -> bool:
        """Return whether it is known where an answer goes; it is, of every message and command."""
        return "kind" in reply_to

    async def begin(self, place: Place, text: str) -> str:
        """Show the first words; return the id of the message."""
        body = _body(place, text)
        if place.reply_to["kind"] == "interaction":
            return await self._ask(place, lambda client: request_message(client, _original(place), body))
        question = str(place.reply_to["message_id"])
        channel = int(place.reply_to["channel_id"])
        return await self._ask(
            place, lambda client: post(client, channel, body, build_stream_nonce(question), question)
        )

    async def go_on(self, place: Place, identity: str, shown: str, text: str) -> None:
        """Edit the message, if there is room in it for more."""
        body = _body(place, text)
        if body != _body(place, shown):
            await self._ask(place, lambda client: request_message(client, _edited(place, identity), body))

    async def take_back(self, place: Place, identity: str) -> None:
        """Delete the message; that of a command has no words any more."""
        if place.reply_to["kind"] == "interaction":
            body = _body(place, _NOTHING)
            await self._ask(place, lambda client: request_message(client, _original(place), body))
            return

        async def delete(client: discord.Client) -> None:
            try:
                await client.http.request(message_route("DELETE", int(place.reply_to["channel_id"]), identity))
            except discord.HTTPException as error:
                if not is_deleted(error):
                    raise

        await self._ask(place, delete)

    async def _ask(self, place: Place, call: Callable[[discord.Client], Awaitable[_T]]) -> _T:
        try:
            return await call(await self._rest())
        except discord.RateLimited as error:
            raise RetryLaterError("rate limit", error.retry_after, whole_channel=True) from error
        except discord.LoginFailure as error:
            raise RetryLaterError("Discord refuses DISCORD_TOKEN") from error
        except discord.HTTPException as error:
            raise verdict(error, permission_to_write(place.reply_to)) from error
        except (aiohttp.ClientError, OSError) as error:
            raise RetryLaterError(f"no connection ({type(error).__name__})") from error


def _body(place: Place, text: str) -> dict[str, Any]:
    return build_beginning(text, place.question if place.reply_to["kind"] == "interaction" else None)


def _original(place: Place) -> Route:
    """Return the route of a command's own message."""
    return Route(
        "PATCH",
        "/webhooks/{webhook_id}/{webhook_token}/messages/@original",
        webhook_id=int(place.reply_to["application_id"]),
        webhook_token=place.reply_to["token"],
    )


def _edited(place: Place, identity: str) -> Route:
    if place.reply_to["kind"] == "interaction":
        return _original(place)
    return message_route("PATCH", int(place.reply_to["channel_id"]), identity)
