"""What Slack's refusals mean: the sentence for the operator, and whether to try again.

The library raises one class for everything, whose ``response`` is sometimes a parsed answer and sometimes a bare
HTTP response; this is the one place that looks into it.
"""

from __future__ import annotations

from collections.abc import Mapping

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from supportbot.delivery.dispatch import RetryLaterError, UndeliverableError
from supportbot.errors import ConfigError

RATE_LIMITED = "ratelimited"

# https://docs.slack.dev/reference/methods/auth.test and …/apps.connections.open, "Errors"
_TOKEN_REFUSED = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "token_expired",
        "token_revoked",
    }
)
_TOKEN_RETRY_SECONDS = 60.0
"""Replies wait for the operator to mend the token, without knocking all the time."""

_TOKEN_REMEDY: Mapping[str, str] = {
    "SLACK_BOT_TOKEN": "install the app to the workspace again and copy the bot token (xoxb-…) "
    "from its OAuth & Permissions page.",
    "SLACK_APP_TOKEN": "create an app-level token (xapp-…) with the scope connections:write "
    "on the app's Basic Information page.",
}

# https://docs.slack.dev/reference/methods/chat.postMessage, "Errors": those that no waiting mends.
_UNDELIVERABLE: Mapping[str, str] = {
    "channel_not_found": "The channel does not exist or the bot cannot see it.",
    "channel_is_limited_access": "Only some people may post in the channel.",
    "duplicate_channel_not_found": "The channel does not exist any more.",
    "invalid_blocks": "Slack does not accept the layout of the answer.",
    "is_archived": "The channel was archived before the answer was ready.",
    "messages_tab_disabled": "The app's messages tab is switched off: use the manifest that comes with the bot.",
    "missing_scope": "The app lacks a permission: update it with the manifest that comes with the bot.",
    "msg_blocks_too_long": "The answer is longer than Slack allows.",
    "msg_too_long": "The answer is longer than Slack allows.",
    "no_text": "The answer has no text.",
    "not_in_channel": "The bot is not a member of the channel: invite it.",
    "restricted_action": "The workspace's rules forbid the bot to post there.",
    "restricted_action_non_threadable_channel": "The channel allows no threads.",
    "restricted_action_read_only_channel": "The channel is read-only.",
    "restricted_action_thread_locked": "The thread is locked.",
    "thread_not_found": "The question was deleted.",
    "team_not_found": "The workspace does not exist any more.",
    "user_not_found": "The asker has left the workspace.",
}


def error_code(error: SlackApiError) -> str:
    """Return Slack's name of an error, or an empty string for an answer that isn't Slack's JSON."""
    match error.response:
        case AsyncSlackResponse(status_code=429):
            return RATE_LIMITED
        case AsyncSlackResponse(data={"error": str(code)}):
            return code
    return ""


def retry_after(error: SlackApiError) -> float | None:
    """Return the seconds that Slack asks to wait, if it says."""
    headers = getattr(error.response, "headers", None) or {}
    try:
        seconds = float(headers.get("Retry-After", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds <= 3600 else None  # a day-long or negative figure isn't Slack's


def token_error(error: SlackApiError, key: str) -> ConfigError | None:
    """Return the sentence for the operator if Slack refuses the token of the setting ``key``."""
    code = error_code(error)
    if code not in _TOKEN_REFUSED:
        return None
    return ConfigError(f"{key} was refused by Slack ({code}): {_TOKEN_REMEDY[key]}")


def delivery_error(error: SlackApiError) -> RetryLaterError | UndeliverableError:
    """Return what the dispatcher needs to know about a failed attempt."""
    code = error_code(error)
    if code == RATE_LIMITED:
        return RetryLaterError(code, retry_after(error), unsent=True, whole_channel=True)
    if sentence := _UNDELIVERABLE.get(code):
        return UndeliverableError(sentence)
    if code in _TOKEN_REFUSED:
        return RetryLaterError(code, _TOKEN_RETRY_SECONDS, unsent=True)
    return RetryLaterError(code or "an answer that is not Slack's")
