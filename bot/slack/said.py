"""A message of a person, read from an event, and whether it is for the bot.

Who has a ``bot_id`` is a bot, whoever's token it used; so are Slackbot and what has no user, such as a webhook.
All others are people: guests, members of workspaces that share a channel, and whoever has an app write in their
name without saying so, which nobody can tell.

The workspace is that of the installation that an event is delivered for (``authorizations``), not that of the
sender; ``origin`` has seen to it that the installation is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.slack._shapes import TIMESTAMP, are_ids
from bot.slack.content import mentions_user, text_of

EDIT_SECONDS = 300.0
"""How soon after a message an edit of it may ask something; later nobody waits for an answer there any more."""

_SPOKEN = (None, "file_share", "thread_broadcast", "me_message")
"""The kinds of message that a person writes; other subtypes are edits, deletions and news of the channel."""

_SLACKBOT = "USLACKBOT"
"""Reminders, and answers that a workspace has taught Slack; it has no ``bot_id``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message of a person, its text as Slack writes it."""

    team: str
    channel: str
    user: str
    ts: str
    thread: str | None
    text: str
    own_user: str | None
    for_us: bool

    @property
    def identity(self) -> str:
        """Slack's name of the message, the same in every event about it."""
        return identity_of(self.team, self.channel, self.ts)


def read_said(body: object) -> Said | None:
    """Return what a person said in an ``event_callback``; None if that is not what it tells of."""
    match body:
        case {
            "event": {
                "type": "app_mention" | "message",
                "channel": str(channel),
                "user": str(user),
                "ts": str(ts),
            } as event,
        } if (
            (team := read_team(body))
            and are_ids(team, channel, user)
            and TIMESTAMP.fullmatch(ts)
            and is_spoken(event)
            and (text := text_of(event)) is not None
        ):
            own_user = read_own_user(body)
            if user in (own_user, _SLACKBOT):
                return None
            return Said(
                team=team,
                channel=channel,
                user=user,
                ts=ts,
                thread=_thread(event),
                text=text,
                own_user=own_user,
                for_us=is_for_us(event, own_user),
            )
    return None


def identity_of(team: str, channel: str, ts: str) -> str:
    """Return Slack's name of a message."""
    return f"{team}:{channel}:{ts}"


def read_team(body: object) -> str | None:
    """Return the workspace that an event is delivered for; an installation in an organisation names none there."""
    match body:
        case {"authorizations": [{"team_id": str(team)}, *_]} | {"team_id": str(team)}:
            return team
    return None


def read_own_user(body: object) -> str | None:
    """Return the bot's user id, which Slack names in every event: for whom it is delivered."""
    match body:
        case {"authorizations": [{"user_id": str(user)}, *_]}:
            return user
    return None


def is_spoken(message: Mapping[str, object]) -> bool:
    """Return whether a person wrote a message, as it reads now, when it was said."""
    match message:
        case {"bot_id": str()} | {"bot_profile": dict()} | {"hidden": True}:
            return False
        case {"edited": edited} if not _is_soon(edited, message.get("ts")):
            return False
    return message.get("subtype") in _SPOKEN


def is_for_us(message: Mapping[str, object], own_user: str | None) -> bool:
    """Return whether a message is said to the bot: directly, or by a mention outside of code."""
    match message:
        case {"channel_type": "im"}:
            return True
        case {"channel": str(channel)} if channel.startswith("D"):
            return True
        case {"type": "app_mention"} if own_user is None or own_user not in str(message.get("text")):
            return True  # Slack says so, whatever name it used for us
    return own_user is not None and mentions_user(message, own_user)


def _is_soon(edited: object, said_ts: object) -> bool:
    match edited, said_ts:
        case {"ts": str(ts)}, str(said) if TIMESTAMP.fullmatch(ts) and TIMESTAMP.fullmatch(said):
            return float(ts) - float(said) <= EDIT_SECONDS
    return False


def _thread(event: Mapping[str, object]) -> str | None:
    match event.get("thread_ts"):
        case str(thread_ts) if TIMESTAMP.fullmatch(thread_ts):
            return thread_ts
    return None
