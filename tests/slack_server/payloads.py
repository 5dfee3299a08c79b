"""What Slack sends to an app, in the shapes that its documentation shows."""

from __future__ import annotations

import secrets
import time

from tests.slack_server.records import Ephemeral, Json, Message
from tests.slack_server.state import APP, BOT_USER, TEAM


def event_callback(event: Json) -> Json:
    """Wrap an event as the Events API does; every call gives another event id."""
    return {
        "token": "verification",
        "team_id": TEAM,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }


def app_mention(message: Message) -> Json:
    """Tell of a message that mentions the bot."""
    return event_callback({**_spoken(message), "type": "app_mention"})


def message_event(message: Message, channel_type: str) -> Json:
    """Tell of a message in a channel that the app hears."""
    return event_callback({**_spoken(message), "type": "message", "channel_type": channel_type})


def slash_command(command: str, text: str, *, channel: str, user: str, response_url: str) -> Json:
    """Tell of a slash command."""
    return {
        "token": "verification",
        "team_id": TEAM,
        "team_domain": "local",
        "channel_id": channel,
        "channel_name": "general",
        "user_id": user,
        "user_name": user_name(user),
        "command": command,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": _trigger(),
    }


def feedback_click(shown: Message | Ephemeral, user: str, *, positive: bool, response_url: str) -> Json:
    """Tell of a click on one of the thumbs under a message."""
    button = feedback_buttons(shown)["positive_button" if positive else "negative_button"]
    payload: Json = {
        "type": "block_actions",
        "user": {"id": user, "username": user_name(user), "team_id": TEAM},
        "api_app_id": APP,
        "token": "verification",
        "container": {
            "type": "message",
            "channel_id": shown.channel,
            "is_ephemeral": isinstance(shown, Ephemeral),
        },
        "trigger_id": _trigger(),
        "team": {"id": TEAM, "domain": "local"},
        "channel": {"id": shown.channel, "name": "general"},
        "response_url": response_url,
        "actions": [
            {
                "type": "feedback_buttons",
                "action_id": feedback_buttons(shown)["action_id"],
                "block_id": "b1",
                "text": button["text"],
                "value": button["value"],
                "action_ts": f"{time.time():.6f}",
            }
        ],
    }
    if isinstance(shown, Message):
        payload["message"] = shown.to_json(with_metadata=False)
    return payload


def feedback_buttons(shown: Message | Ephemeral) -> Json:
    """Return the feedback element of a message.

    Raises:
        LookupError: it has no thumbs.
    """
    for block in shown.blocks:
        for element in block.get("elements", []):
            if element["type"] == "feedback_buttons":
                buttons: Json = element
                return buttons
    raise LookupError(f"There are no thumbs under {shown.shown!r}.")


def user_name(user: str) -> str:
    """Return the name of a made-up person."""
    return f"name-of-{user.lower()}"


def _spoken(message: Message) -> Json:
    fields: Json = {
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
        "client_msg_id": secrets.token_hex(8),
        "team": TEAM,
        "channel": message.channel,
        "event_ts": message.ts,
    }
    if message.thread_ts:
        fields["thread_ts"] = message.thread_ts
    return fields


def _trigger() -> str:
    return f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**9)}.{secrets.token_hex(16)}"
