"""Clicks that ask something: who clicked, where, and so where the answer goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.slack._shapes import TIMESTAMP, TRIGGER, are_ids, manner_in
from bot.slack.feedback import read_voter
from supportbot.intake.questions import IncomingQuestion
from supportbot.intake.reception import Manner


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was clicked, and so where the answer of its question goes.

    Attributes:
        thread: what keeps the conversation together.
        reply_to: as in ``IncomingQuestion``.
        thread_ts: the thread of the click, if it was in one.
        is_private: whether only the person who clicked sees that place.
    """

    thread: str
    reply_to: Mapping[str, Any]
    thread_ts: str | None
    is_private: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicked:
    """Somebody's click on a button.

    Attributes:
        action: which button.
        value: what it carries.
        user: the platform's id of the person.
        person: unique over all platforms.
        place: where that was.
    """

    action: str
    value: str
    workspace: str
    channel: str
    user: str
    person: str
    place: Place

    def question(self, text: str, identity: str) -> IncomingQuestion:
        """Return what is asked by the click; its identity must be the same for the same click."""
        return IncomingQuestion(
            platform="slack",
            workspace=self.workspace,
            channel=self.channel,
            thread=self.place.thread,
            identity=identity,
            asker=self.user,
            text=text,
            reply_to=self.place.reply_to,
            manner=manner_in(self.channel, Manner.COMMAND),
            in_thread=not self.place.is_private,
        )


def read_clicked(body: object) -> Clicked | None:
    """Return the click that a ``block_actions`` payload carries, or None if there is none in it."""
    match body:
        case {
            "actions": [{"action_id": str(action), "value": str(value)}, *_],
            "team": {"id": str(team)},
            "channel": {"id": str(channel)},
            "user": {"id": str(user)},
        } if are_ids(team, channel) and (person := read_voter(body)) and (place := _read_place(body)):
            return Clicked(
                action=action,
                value=value,
                workspace=team,
                channel=channel,
                user=user,
                person=person,
                place=place,
            )
    return None


def _read_place(body: object) -> Place | None:
    """Return where somebody clicked; None for nowhere."""
    name = _user_name(body)
    match body:
        case {
            "container": {"is_ephemeral": True},
            "trigger_id": str(trigger),
            "response_url": str(response_url),
        } if TRIGGER.fullmatch(trigger):
            # As with a command: in no thread, so a conversation of its own, and perhaps only a private way back.
            return Place(trigger, {"response_url": response_url, "asker_name": name}, None, is_private=True)
        case {"message": {"ts": str(ts)} as message} if TIMESTAMP.fullmatch(ts):
            reply_to = {"ts": ts, "asker_name": name}
            match message.get("thread_ts"):
                case None:  # the answer to a command is in no thread; it becomes the root of one
                    return Place(ts, reply_to, None, is_private=False)
                case str(thread) if TIMESTAMP.fullmatch(thread):
                    return Place(thread, reply_to, thread, is_private=False)
    return None


def _user_name(body: object) -> str:
    match body:
        case {"user": {"username": str(name)}} | {"user": {"name": str(name)}}:
            return name
    return ""
