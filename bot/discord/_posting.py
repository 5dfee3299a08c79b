"""Messages that are posted and changed over Discord's REST API, and what is known of finding them again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import discord
from discord.http import Route

from bot.discord.refusals import CANNOT_REPLY_WITHOUT_HISTORY
from supportbot.delivery.dispatch import RetryLaterError

NONCE_LIFE = timedelta(minutes=2)
"""For so long the same nonce gives the same message: "a few minutes" in Discord's documentation, with caution."""

HISTORY_LIMIT = 1_000
"""Messages that are read: ten requests; what we look for comes soon after what caused it."""


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
        question: id of the message that it answers, if there is one. Without it an answer in the channel would
            refer to nothing, so it must exist.
        cannot_refer: called where the bot may not read the channel, and so may not refer to the question.

    Raises:
        RetryLaterError: somebody else answers, such as a proxy.
    """
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel_id)
    body = body | {"nonce": nonce, "enforce_nonce": True}
    if question is None:
        return await request_message(client, route, body)
    reference = {"message_reference": {"message_id": question, "fail_if_not_exists": True}}
    try:
        return await request_message(client, route, body | reference)
    except discord.HTTPException as error:
        if error.code != CANNOT_REPLY_WITHOUT_HISTORY:
            raise
        cannot_refer()
    return await request_message(client, route, body)


async def request_message(client: discord.Client, route: Route, body: dict[str, Any], **options: Any) -> str:
    """Post or edit a message; return its id.

    Raises:
        RetryLaterError: as above.
    """
    message = await request_object(client, route, body, **options)
    return str(message["id"])


async def request_object(
    client: discord.Client, route: Route, body: dict[str, Any] | None = None, **options: Any
) -> dict[str, Any]:
    """Call Discord; return the object that it answers.

    Raises:
        RetryLaterError: as above.
    """
    if body is not None:
        options["json"] = body
    answer = await client.http.request(route, **options)
    if not isinstance(answer, dict) or "id" not in answer:  # a proxy's page instead of Discord's answer
        raise RetryLaterError("Discord's answer has an unknown form")
    return answer


def message_route(method: str, channel_id: int, message_id: str) -> Route:
    """Return the route of one message of ours."""
    return Route(
        method, "/channels/{channel_id}/messages/{message_id}", channel_id=channel_id, message_id=int(message_id)
    )
