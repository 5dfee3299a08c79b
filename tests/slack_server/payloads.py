"""What Slack sends to an app, in the shapes that its documentation shows."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

from tests.slack_server.records import Ephemeral, Json, Message, Modal
from tests.slack_server.state import APP, TEAM, TEAMS


def event_callback(event: Json, team: str = TEAM) -> Json:
    """Wrap an event as the Events API does; every call gives another event id."""
    return {
        "token": "verification",
        "team_id": team,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": team,
                "user_id": TEAMS[team].bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }


def app_mention(message: Message) -> Json:
    """Tell of a message that mentions the bot."""
    return event_callback({**_spoken(message), "type": "app_mention"}, message.team)


def message_event(message: Message, channel_type: str) -> Json:
    """Tell of a message in a channel that the app hears."""
    return event_callback({**_spoken(message), "type": "message", "channel_type": channel_type}, message.team)


def message_changed(message: Message, old_text: str) -> Json:
    """Tell that somebody edited a message, a moment after it was said."""
    fields = ("user", "text", "ts", "thread_ts", "team")
    now = {"type": "message", **{key: value for key, value in _spoken(message).items() if key in fields}}
    return event_callback(
        {
            "type": "message",
            "subtype": "message_changed",
            "hidden": True,
            "message": {**now, "edited": {"user": message.user, "ts": message.ts}},
            "previous_message": {**now, "text": old_text},
            "channel": message.channel,
            "channel_type": _type_of(message.channel),
            "ts": f"{time.time():.6f}",
        },
        message.team,
    )


def message_deleted(message: Message) -> Json:
    """Tell that a message of a channel is gone."""
    fields = ("user", "text", "ts", "thread_ts", "team")
    previous = {key: value for key, value in _spoken(message).items() if key in fields}
    return event_callback(
        {
            "type": "message",
            "subtype": "message_deleted",
            "hidden": True,
            "deleted_ts": message.ts,
            "previous_message": {"type": "message", **previous},
            "channel": message.channel,
            "channel_type": _type_of(message.channel),
            "ts": f"{time.time():.6f}",
        },
        message.team,
    )


def app_home_opened(user: str, tab: str, team: str = TEAM) -> Json:
    """Tell that somebody looks at a tab of the app, where the channel is their direct messages."""
    return event_callback(
        {
            "type": "app_home_opened",
            "user": user,
            "channel": f"D{user}",
            "tab": tab,
            "event_ts": f"{time.time():.6f}",
        },
        team,
    )


def assistant_thread_started(user: str, thread_ts: str) -> Json:
    """Tell that somebody opened the older assistant view, which begins a thread."""
    return event_callback(
        {
            "type": "assistant_thread_started",
            "assistant_thread": {
                "user_id": user,
                "context": {"channel_id": "C1", "team_id": TEAM, "enterprise_id": None},
                "channel_id": f"D{user}",
                "thread_ts": thread_ts,
            },
            "event_ts": f"{time.time():.6f}",
        }
    )


def app_uninstalled(team: str) -> Json:
    """Tell that somebody removed the app from a workspace."""
    return event_callback({"type": "app_uninstalled"}, team)


def tokens_revoked(team: str, *, bots: tuple[str, ...] = (), people: tuple[str, ...] = ()) -> Json:
    """Tell that tokens of a workspace are revoked: the bot's, or those that people gave."""
    tokens = {"bot": list(bots), "oauth": list(people)}
    return event_callback({"type": "tokens_revoked", "tokens": tokens}, team)


def slash_command(
    command: str, text: str, *, channel: str, user: str, response_url: str, trigger_id: str, team: str = TEAM
) -> Json:
    """Tell of a slash command."""
    return {
        "token": "verification",
        "team_id": team,
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
        "trigger_id": trigger_id,
    }


def feedback_click(
    shown: Message | Ephemeral, user: str, *, positive: bool, response_url: str, trigger_id: str
) -> Json:
    """Tell of a click on one of the thumbs under a message."""
    buttons = feedback_buttons(shown)
    button = buttons["positive_button" if positive else "negative_button"]
    action = {"type": "feedback_buttons", "action_id": buttons["action_id"], **_said_by(button)}
    return _block_action(shown, user, action, response_url=response_url, trigger_id=trigger_id)


def button_click(
    shown: Message | Ephemeral, user: str, number: int, *, response_url: str, trigger_id: str
) -> Json:
    """Tell of a click on one of the plain buttons under a message."""
    button = buttons_of(shown)[number]
    action = {"type": "button", "action_id": button["action_id"], **_said_by(button)}
    return _block_action(shown, user, action, response_url=response_url, trigger_id=trigger_id)


def home_click(user: str, action_id: str, trigger_id: str) -> Json:
    """Tell of a click on a button in the Home tab."""
    return {
        "type": "block_actions",
        "user": {"id": user, "username": user_name(user), "team_id": TEAM},
        "api_app_id": APP,
        "token": "verification",
        "container": {"type": "view", "view_id": "VHOME"},
        "trigger_id": trigger_id,
        "team": {"id": TEAM, "domain": "local"},
        "view": {"id": "VHOME", "team_id": TEAM, "type": "home", "callback_id": "", "app_id": APP},
        "actions": [
            {"type": "button", "action_id": action_id, "block_id": "b1", "action_ts": f"{time.time():.6f}"}
        ],
    }


def view_submission(modal: Modal, values: Json, trigger_id: str) -> Json:
    """Tell of a modal that was sent; ``values`` are those of its fields, by block and action."""
    names = ("type", "title", "blocks", "private_metadata", "callback_id", "submit", "close")
    return {
        "type": "view_submission",
        "team": {"id": modal.team, "domain": "local"},
        "user": {
            "id": modal.user,
            "username": user_name(modal.user),
            "name": user_name(modal.user),
            "team_id": modal.team,
        },
        "api_app_id": APP,
        "token": "verification",
        "trigger_id": trigger_id,
        "view": {
            "id": modal.id,
            "team_id": modal.team,
            **{name: modal.view[name] for name in names if name in modal.view},
            "state": {"values": values},
            "hash": f"{time.time():.0f}.{modal.id}",
            "clear_on_close": False,
            "notify_on_close": False,
            "previous_view_id": None,
            "root_view_id": modal.id,
            "app_id": APP,
            "external_id": "",
            "app_installed_team_id": modal.team,
            "bot_id": TEAMS[modal.team].bot_id,
        },
        "response_urls": [],
        "is_enterprise_install": False,
        "enterprise": None,
    }


def has_thumbs(shown: Message | Ephemeral) -> bool:
    """Return whether people can vote under a message; they can't while it is being written."""
    return any(True for _ in _feedback_elements(shown))


def feedback_buttons(shown: Message | Ephemeral) -> Json:
    """Return the feedback element of a message.

    Raises:
        LookupError: it has no thumbs.
    """
    for element in _feedback_elements(shown):
        return element
    raise LookupError(f"There are no thumbs under {shown.shown!r}.")


def _feedback_elements(shown: Message | Ephemeral) -> Iterator[Json]:
    for block in shown.blocks:
        yield from (one for one in block.get("elements", []) if one["type"] == "feedback_buttons")


def buttons_of(shown: Message | Ephemeral) -> list[Json]:
    """Return the plain buttons of a message, in their order."""
    blocks = (block for block in shown.blocks if block["type"] == "actions")
    return [element for block in blocks for element in block["elements"] if element["type"] == "button"]


def user_name(user: str) -> str:
    """Return the name of a made-up person."""
    return f"name-of-{user.lower()}"


def _type_of(channel: str) -> str:
    return "im" if channel.startswith("D") else "channel"


def _said_by(button: Json) -> Json:
    return {"text": button["text"], "value": button["value"]}


def _block_action(
    shown: Message | Ephemeral, user: str, action: Json, *, response_url: str, trigger_id: str
) -> Json:
    payload: Json = {
        "type": "block_actions",
        "user": {"id": user, "username": user_name(user), "team_id": shown.team},
        "api_app_id": APP,
        "token": "verification",
        "container": {
            "type": "message",
            "channel_id": shown.channel,
            "is_ephemeral": isinstance(shown, Ephemeral),
        },
        "trigger_id": trigger_id,
        "team": {"id": shown.team, "domain": "local"},
        "channel": {"id": shown.channel, "name": "general"},
        "response_url": response_url,
        "actions": [{"block_id": "b1", "action_ts": f"{time.time():.6f}", **action}],
    }
    if isinstance(shown, Message):
        payload["message"] = shown.to_json(with_metadata=False)
    return payload


def _spoken(message: Message) -> Json:
    fields: Json = {
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
        "client_msg_id": secrets.token_hex(8),
        "team": message.team,
        "channel": message.channel,
        "event_ts": message.ts,
    }
    if message.thread_ts:
        fields["thread_ts"] = message.thread_ts
    return fields
