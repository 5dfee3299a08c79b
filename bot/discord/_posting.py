"""Messages that are posted and changed over Discord's REST API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord
from discord.http import Route

from bot.discord.refusals import CANNOT_REPLY_WITHOUT_HISTORY
from supportbot.delivery.dispatch import RetryLaterError


async def post(
    client: discord.Client,
    channel_id: int,
    body: dict[str, Any],
    nonce: str,
    question: str | None,
    cannot_refer: Callable[[], None] = lambda: None,
) -> str:
    """Post a message into a channel, unless its nonce was used there lately; return its id.

    Args:
        client: that is logged in.
        channel_id: where.
        body: of the message.
        nonce: a text that only this message has.
        question: id of the message that it answers, if there is one. Without that, an answer would stand in the
            channel for nobody, so it must exist.
        cannot_refer: called where the bot may not read the channel, and so may not refer to the question.
    """
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel_id)
    body = body | {"nonce": nonce, "enforce_nonce": True}
    if question is None:
        return await request(client, route, body)
    reference = {"message_reference": {"message_id": question, "fail_if_not_exists": True}}
    try:
        return await request(client, route, body | reference)
    except discord.HTTPException as error:
        if error.code != CANNOT_REPLY_WITHOUT_HISTORY:
            raise
        cannot_refer()
    return await request(client, route, body)


async def request(client: discord.Client, route: Route, body: dict[str, Any], **options: Any) -> str:
    """Post or edit a message; return its id."""
    message = await client.http.request(route, json=body, **options)
    if not isinstance(message, dict):  # a proxy's page instead of Discord's answer
        raise RetryLaterError("Discord answered something that is no message")
    return str(message["id"])


def message_route(method: str, channel_id: int, message_id: str) -> Route:
    """Return the route of one message of ours."""
    return Route(
        method, "/channels/{channel_id}/messages/{message_id}", channel_id=channel_id, message_id=int(message_id)
    )
