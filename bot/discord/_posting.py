"""One message to Discord, and what is known of finding it again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import discord
from discord.http import Route

from supportbot.delivery.dispatch import RetryLaterError

NONCE_LIFE = timedelta(minutes=2)
"""For so long the same nonce gives the same message: "a few minutes" in Discord's documentation, with caution."""

HISTORY_LIMIT = 1_000
"""Messages that are read: ten requests; what we look for comes soon after what caused it."""


async def request_message(client: discord.Client, route: Route, body: dict[str, Any], **options: Any) -> str:
    """Post or edit a message; return its id.

    Raises:
        RetryLaterError: somebody else answers, such as a proxy.
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
        raise RetryLaterError("Discord answered something that is none of its objects")
    return answer
