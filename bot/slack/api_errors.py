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
_RATE_LIMITED = frozenset({RATE_LIMITED, "rate_limited"})
"""Slack documents both."""

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
_PAUSE_SECONDS = 60.0
"""Replies wait for the operator or for the workspace, without knocking all the time."""

_TOKEN_REMEDY: Mapping[str, str] = {
    "SLACK_BOT_TOKEN": "install the app to the workspace again and copy the bot token (xoxb-…) "
    "from its OAuth & Permissions page.",
    "SLACK_APP_TOKEN": "create an app-level token (xapp-…) with the scope connections:write "
    "on the app's Basic Information page.",
}

_PAUSED = frozenset(
    {
        *_TOKEN_REFUSED,
        "accesslimited",  # from this network
        "message_limit_exceeded",  # everybody of the workspace together
        "team_added_to_org",  # the workspace is being moved
        "two_factor_setup_required",
    }
)
LAYOUT_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
"""Another layout may do."""

_DELETED = "The question was deleted."
_FORBIDDEN = "The workspace's rules forbid the bot to post there."
_LAYOUT = "Slack does not accept the layout of the answer."
_MALFORMED = "Slack does not accept the call: update the bot, because this version no longer fits Slack."
_TOO_LONG = "The answer is longer than Slack allows."
_UNSEEN = "The channel does not exist or the bot cannot see it."

# The "Errors" of chat.postMessage, chat.update, chat.delete and conversations.history and .replies at
# https://docs.slack.dev/reference/methods that no waiting fixes. All others are tried again as faults of the
# network are: fatal_error, internal_error, request_timeout, service_unavailable, and what is not documented.
_UNDELIVERABLE: Mapping[str, str] = {
    "access_denied": _FORBIDDEN,
    "as_user_not_supported": _MALFORMED,
    "cannot_reply_to_message": "Messages of the question's kind allow no replies.",
    "cant_broadcast_message": _MALFORMED,
    "cant_delete_message": "The message is not the bot's.",
    "cant_update_message": "The message is not the bot's.",
    "channel_is_limited_access": "Only some people may post in the channel.",
    "channel_not_found": _UNSEEN,
    "channel_type_not_supported": "Slack allows no app to post in a channel of this kind.",
    "compliance_exports_prevent_deletion": _FORBIDDEN,
    "deprecated_endpoint": _MALFORMED,
    "duplicate_channel_not_found": "The channel does not exist any more.",
    "duplicate_message_not_found": _DELETED,
    "edit_window_closed": "The message is too old to be changed.",
    "ekm_access_denied": "The workspace's administrators have suspended posting.",
    "enterprise_is_restricted": _FORBIDDEN,
    "invalid_arg_name": _MALFORMED,
    "invalid_arguments": _MALFORMED,
    "invalid_array_arg": _MALFORMED,
    "invalid_attachments": _LAYOUT,
    "invalid_blocks": _LAYOUT,
    "invalid_blocks_format": _LAYOUT,
    "invalid_charset": _MALFORMED,
    "invalid_cursor": _MALFORMED,
    "invalid_form_data": _MALFORMED,
    "invalid_limit": _MALFORMED,
    "invalid_metadata_filter_keys": _MALFORMED,
    "invalid_metadata_format": _MALFORMED,
    "invalid_metadata_schema": _MALFORMED,
    "invalid_post_type": _MALFORMED,
    "invalid_ts_latest": _MALFORMED,
    "invalid_ts_oldest": _MALFORMED,
    "is_archived": "The channel was archived before the answer was ready.",
    "is_inactive": "The channel was archived before the answer was ready.",
    "markdown_text_conflict": _MALFORMED,
    "message_not_found": "The message was deleted.",
    "messages_tab_disabled": "The app's messages tab is switched off: use the manifest that comes with the bot.",
    "metadata_must_be_sent_from_app": _MALFORMED,
    "metadata_too_large": _MALFORMED,
    "method_deprecated": _MALFORMED,
    "missing_post_type": _MALFORMED,
    "missing_scope": "The app lacks a permission: update it with the manifest that comes with the bot.",
    "msg_blocks_too_long": _TOO_LONG,
    "msg_too_long": _TOO_LONG,
    "no_text": "The answer has no text.",
    "not_in_channel": "The bot is not a member of the channel: invite it.",
    "org_login_required": "The workspace is closed while it moves into an organisation.",
    "restricted_action": _FORBIDDEN,
    "restricted_action_non_threadable_channel": "The channel allows no threads.",
    "restricted_action_read_only_channel": "The channel is read-only.",
    "restricted_action_thread_locked": "The thread is locked.",
    "restricted_action_thread_only_channel": "The channel allows only replies in threads.",
    "slack_connect_canvas_sharing_blocked": _FORBIDDEN,
    "slack_connect_file_link_sharing_blocked": _FORBIDDEN,
    "slack_connect_lists_sharing_blocked": _FORBIDDEN,
    "team_access_not_granted": "The app is not installed in the channel's workspace.",
    "team_not_found": "The workspace does not exist any more.",
    "thread_not_found": _DELETED,
    "too_many_attachments": _LAYOUT,
    "too_many_contact_cards": _LAYOUT,
    "unknown_method": _MALFORMED,
    "user_not_found": "The asker has left the workspace.",
}


def deleted_error() -> UndeliverableError:
    """Return what the dispatcher needs to know where the question is gone."""
    return UndeliverableError(_DELETED)


def error_code(error: SlackApiError) -> str:
    """Return Slack's name of an error, or an empty string for an answer that isn't Slack's JSON."""
    match error.response:
        case AsyncSlackResponse(status_code=429):
            return RATE_LIMITED
        case AsyncSlackResponse(data={"error": str(code)}):
            return RATE_LIMITED if code in _RATE_LIMITED else code
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
    if code in _PAUSED:
        return RetryLaterError(code, _PAUSE_SECONDS, unsent=True)
    return RetryLaterError(code or "an answer that is not Slack's")
