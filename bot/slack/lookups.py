"""What is asked of Slack about a message or a person: the address of the one, the name of the other."""

from __future__ import annotations

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.api_errors import RATE_LIMITED, error_code

_NO_LINK = frozenset({"message_not_found", "channel_not_found", "not_in_channel"})
_NO_NAME = frozenset({"user_not_found", "user_not_visible", "missing_scope"})


async def find_link(client: AsyncWebClient, channel: str, ts: str) -> str | None:
    """Return the address of a message; None where it is gone, or others can't open it.

    Raises:
        SlackApiError: Slack refuses for another reason.
    """
    try:
        answer = await client.chat_getPermalink(channel=channel, message_ts=ts)
    except SlackApiError as error:
        if error_code(error) in _NO_LINK:
            return None
        raise
    link = answer.get("permalink")
    return link if isinstance(link, str) and link.startswith("https://") else None


async def find_name(client: AsyncWebClient, user: str) -> str:
    """Return what somebody is called in Slack; empty where Slack does not tell.

    Raises:
        SlackApiError: Slack refuses for a reason that passes.
    """
    try:
        answer = await client.users_info(user=user)
    except SlackApiError as error:
        if error_code(error) == RATE_LIMITED or error_code(error) not in _NO_NAME:
            raise
        return ""
    match answer.data:
        case (
            {"user": {"profile": {"display_name": str(name)}}}
            | {"user": {"real_name": str(name)}}
            | {"user": {"name": str(name)}}
        ) if name.strip():
            return name
        case {"user": {"real_name": str(name)}} | {"user": {"name": str(name)}} if name.strip():
            return name
    return ""
