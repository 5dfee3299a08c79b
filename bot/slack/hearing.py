"""What Slack sends, turned into questions: pure functions from a payload to a question, or None.

None means that nobody asked us anything: a bot spoke, a message was edited or deleted, it wasn't addressed to us,
or the payload has a shape that Slack doesn't send. A payload of any shape gives an answer, never an exception.

A mention arrives as ``app_mention`` and, where the app hears the whole channel, as ``message`` too, with another
event id. Both name the same message, so the identity of a question is workspace, channel and timestamp.
"""

from __future__ import annotations

import re

from bot.slack.markup import to_plain
from supportbot.questions import IncomingQuestion

_ID = re.compile(r"[A-Z0-9]{1,64}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")
_TRIGGER = re.compile(r"[\w.-]{1,200}", re.ASCII)

_SPOKEN = (None, "file_share", "thread_broadcast")
"""The kinds of message that a person writes; other subtypes are edits, deletions and news of the channel."""


def read_question(body: object) -> IncomingQuestion | None:
    """Return the question in an ``event_callback``: a mention of the bot, or a direct message to it."""
    match body:
        case {
            "team_id": str(team),
            "event": {
                "type": "app_mention" | "message",
                "channel": str(channel),
                "user": str(user),
                "ts": str(ts),
                "text": str(text),
            } as event,
        } if _are_ids(team, channel, user) and _TIMESTAMP.fullmatch(ts):
            own_user = _own_user(body)
            if user == own_user or not _is_spoken(event) or not _is_for_us(event, own_user):
                return None
            return IncomingQuestion(
                platform="slack",
                workspace=team,
                channel=channel,
                thread=_thread(event) or ts,
                identity=f"{team}:{channel}:{ts}",
                asker=user,
                text=to_plain(text, own_user),
                reply_to={"ts": ts},
            )
    return None


def read_command(body: object) -> IncomingQuestion | None:
    """Return the question in a slash command; its text is empty if only the command was typed."""
    match body:
        case {
            "team_id": str(team),
            "channel_id": str(channel),
            "user_id": str(user),
            "trigger_id": str(trigger),
            "response_url": str(response_url),
            "text": str(text),
        } if (
            _ID.fullmatch(team) and _ID.fullmatch(channel) and _ID.fullmatch(user) and _TRIGGER.fullmatch(trigger)
        ):
            return IncomingQuestion(
                platform="slack",
                workspace=team,
                channel=channel,
                thread=trigger,  # a command stands in no thread: each is a conversation of its own
                identity=f"{team}:{trigger}",
                asker=user,
                text=to_plain(text),
                reply_to={"response_url": response_url, "asker_name": _user_name(body)},
            )
    return None


def _are_ids(*values: str) -> bool:
    return all(_ID.fullmatch(value) for value in values)


def _own_user(body: object) -> str | None:
    """Return the bot's user id, which Slack names in every event: for whom it is delivered."""
    match body:
        case {"authorizations": [{"user_id": str(user)}, *_]}:
            return user
    return None


def _is_spoken(event: object) -> bool:
    match event:
        case {"bot_id": _} | {"bot_profile": _} | {"edited": _} | {"hidden": True}:
            return False
        case {"subtype": subtype}:
            return subtype in _SPOKEN
    return True


def _is_for_us(event: object, own_user: str | None) -> bool:
    match event:
        case {"type": "app_mention"} | {"channel_type": "im"}:
            return True
        case {"channel": str(channel)} if channel.startswith("D"):
            return True
        case {"text": str(text)} if own_user:
            return re.search(rf"<@{re.escape(own_user)}[|>]", text) is not None
    return False


def _thread(event: object) -> str | None:
    match event:
        case {"thread_ts": str(thread_ts)} if _TIMESTAMP.fullmatch(thread_ts):
            return thread_ts
    return None


def _user_name(body: object) -> str:
    match body:
        case {"user_name": str(name)}:
            return name
    return ""
