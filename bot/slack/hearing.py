"""What Slack sends, turned into questions and remarks: pure functions from a payload to one of them, or None.

None means that there is nothing of the kind: a bot spoke, nobody addressed us, it stands in no thread, or the
payload has a shape that Slack doesn't send. A payload of any shape gives an answer, never an exception.

A mention arrives as ``app_mention`` and, where the app hears the whole channel, as ``message`` too, with another
event id. Both name the same message, so the identity of a question is workspace, channel and timestamp.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.slack._shapes import TIMESTAMP, TRIGGER, are_ids, time_of
from bot.slack.markup import to_plain
from supportbot.intake.handoff import Remark
from supportbot.intake.questions import IncomingQuestion

_SPOKEN = (None, "file_share", "thread_broadcast")
"""The kinds of message that a person writes; other subtypes are edits, deletions and news of the channel."""


@dataclass(frozen=True, slots=True)
class Change:
    """A message as it reads now; ``text`` is None if it is gone."""

    identity: str
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A message of a person, its text as Slack sends it."""

    team: str
    channel: str
    user: str
    ts: str
    thread: str | None
    text: str
    own_user: str | None
    for_us: bool


def read_question(body: object) -> IncomingQuestion | None:
    """Return the question in an ``event_callback``: a mention of the bot, or a direct message to it."""
    said = _read_said(body)
    if said is None or not said.for_us:
        return None
    return IncomingQuestion(
        platform="slack",
        workspace=said.team,
        channel=said.channel,
        thread=said.thread or said.ts,
        identity=_identity(said.team, said.channel, said.ts),
        asker=said.user,
        text=to_plain(said.text, said.own_user),
        reply_to={"ts": said.ts},
        said_at=time_of(said.ts),
    )


def read_remark(body: object) -> Remark | None:
    """Return what somebody said in a thread of a channel, and not to the bot."""
    said = _read_said(body)
    # Without our own id a mention can't be told from a remark.
    if said is None or said.for_us or said.own_user is None or said.thread in (None, said.ts):
        return None
    return Remark(
        platform="slack",
        workspace=said.team,
        channel=said.channel,
        thread=said.thread,
        replied_to=f"{said.channel}:{said.thread}",  # the answer to a command is itself the root of a thread
        identity=_identity(said.team, said.channel, said.ts),
        author=said.user,
        text=to_plain(said.text),
    )


def read_change(body: object) -> Change | None:
    """Return what became of a message in a thread that its author has edited or deleted."""
    match body:
        case {
            "team_id": str(team),
            "event": {
                "type": "message",
                "subtype": "message_changed",
                "channel": str(channel),
                "message": {"ts": str(ts), "thread_ts": str(), "text": str(text)},
            },
        } if are_ids(team, channel) and TIMESTAMP.fullmatch(ts):
            return Change(_identity(team, channel, ts), to_plain(text))
        case {
            "team_id": str(team),
            "event": {
                "type": "message",
                "subtype": "message_deleted",
                "channel": str(channel),
                "deleted_ts": str(ts),
                "previous_message": {"thread_ts": str()},
            },
        } if are_ids(team, channel) and TIMESTAMP.fullmatch(ts):
            return Change(_identity(team, channel, ts), None)
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
        } if are_ids(team, channel, user) and TRIGGER.fullmatch(trigger):
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


def _read_said(body: object) -> _Said | None:
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
        } if are_ids(team, channel, user) and TIMESTAMP.fullmatch(ts):
            own_user = _own_user(body)
            if user == own_user or not _is_spoken(event):
                return None
            return _Said(
                team=team,
                channel=channel,
                user=user,
                ts=ts,
                thread=_thread(event),
                text=text,
                own_user=own_user,
                for_us=_is_for_us(event, own_user),
            )
    return None


def _identity(team: str, channel: str, ts: str) -> str:
    return f"{team}:{channel}:{ts}"


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
        case {"thread_ts": str(thread_ts)} if TIMESTAMP.fullmatch(thread_ts):
            return thread_ts
    return None


def _user_name(body: object) -> str:
    match body:
        case {"user_name": str(name)}:
            return name
    return ""
