"""What Slack sends, turned into questions and remarks: pure functions from a payload to one of them, or None.

None means that there is nothing of the kind: a bot wrote it, nobody addressed us, it is in no thread, or the
payload has a shape that Slack doesn't send. No payload, whatever its shape, raises an exception.

A mention arrives as ``app_mention`` and, where the app hears the whole channel, as ``message`` too, with another
event id. Both name the same message, so the identity of a question is workspace, channel and timestamp. A mention
that an edit adds soon is a question like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.dialects.slack_markup import names_somebody, to_plain
from bot.slack._shapes import TIMESTAMP, TRIGGER, are_ids, manner_in, time_of
from bot.slack.content import text_of
from bot.slack.said import Said, identity_of, is_for_us, read_own_user, read_said, read_team
from supportbot.intake.handoff import Remark
from supportbot.intake.question_form import is_question
from supportbot.intake.questions import IncomingQuestion
from supportbot.intake.reception import Manner


@dataclass(frozen=True, slots=True)
class Change:
    """A message as it reads now; ``text`` is None if it is gone."""

    identity: str
    text: str | None


def read_question(body: object) -> IncomingQuestion | None:
    """Return the question in an ``event_callback``: a mention of the bot, or a direct message to it."""
    said = read_said(body) or _read_edited(body)
    return _question(said, Manner.NAMED) if said is not None and said.for_us else None


def read_follow_up(body: object) -> IncomingQuestion | None:
    """Return what somebody said to nobody by name as a question, as it is where they go on asking."""
    said = read_said(body)
    return None if said is None else _question(said, Manner.FOLLOW_UP)


def read_unasked(body: object) -> IncomingQuestion | None:
    """Return what somebody asks nobody in particular, also by an edit; what is quoted or in code asks nothing."""
    said = read_said(body) or _read_edited(body)
    # Without our own id a mention can't be told from talk.
    if said is None or said.for_us or said.own_user is None or not is_question(said.text):
        return None
    return _question(said, Manner.UNASKED)


def _question(said: Said, manner: Manner) -> IncomingQuestion:
    return IncomingQuestion(
        platform="slack",
        workspace=said.team,
        channel=said.channel,
        thread=said.thread or said.ts,
        identity=said.identity,
        asker=said.user,
        text=to_plain(said.text, said.own_user),
        reply_to={"ts": said.ts},
        said_at=time_of(said.ts),
        manner=manner_in(said.channel, manner),
        in_thread=True,
    )


def read_remark(body: object) -> Remark | None:
    """Return what somebody said in a thread of a channel, and not to the bot."""
    said = read_said(body)
    # Without our own id a mention can't be told from a remark.
    return None if said is None or said.for_us or said.own_user is None else _remark(said)


def read_direct_reply(body: object) -> Remark | None:
    """Return what somebody said in a thread of their direct messages, as a remark: people are asked there, too."""
    said = read_said(body)
    return _remark(said) if said is not None and said.channel.startswith("D") else None


def _remark(said: Said) -> Remark | None:
    if said.thread in (None, said.ts):
        return None
    return Remark(
        platform="slack",
        workspace=said.team,
        channel=said.channel,
        thread=said.thread,
        replied_to=f"{said.channel}:{said.thread}",  # the answer to a command is itself the root of a thread
        identity=said.identity,
        author=said.user,
        text=to_plain(said.text),
        names_others=names_somebody(said.text),
        said_at=time_of(said.ts),
        signed=said.user,
    )


def read_change(body: object) -> Change | None:
    """Return what became of a message that somebody has edited or deleted; None for one of a bot."""
    match body:
        case {"event": {"type": "message", "subtype": "message_changed", "channel": str(channel)} as event}:
            message = event.get("message")
        case {"event": {"type": "message", "subtype": "message_deleted", "channel": str(channel)} as event}:
            message = {"ts": event.get("deleted_ts"), "subtype": "tombstone"}
        case _:
            return None
    match message:
        case {"bot_id": str()}:
            return None
        case {"ts": str(ts)} if (team := read_team(body)) and are_ids(team, channel) and TIMESTAMP.fullmatch(ts):
            identity = identity_of(team, channel, ts)
        case _:
            return None
    if message.get("subtype") == "tombstone":  # what is left of a deleted message that has a thread
        return Change(identity, None)
    text = text_of(message)
    return None if text is None else Change(identity, to_plain(text, read_own_user(body)))


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
                thread=trigger,  # a command is in no thread: each is a conversation of its own
                identity=f"{team}:{trigger}",
                asker=user,
                text=to_plain(text),
                reply_to={"response_url": response_url, "asker_name": _user_name(body)},
                manner=manner_in(channel, Manner.COMMAND),
            )
    return None


def _read_edited(body: object) -> Said | None:
    """Return what somebody has edited who had not mentioned us; a preview of a link is told of in the same way."""
    match body:
        case {
            "event": {
                "type": "message",
                "subtype": "message_changed",
                "message": dict() as message,
                "previous_message": dict() as previous,
            } as event
        }:
            place = {key: event[key] for key in ("channel", "channel_type") if key in event}
            now = _as_event(message, place)
            was_for_us = is_for_us(_as_event(previous, place), read_own_user(body))
            if not was_for_us and text_of(message) != text_of(previous):
                return read_said({**body, "event": now})  # type: ignore[dict-item]
    return None


def _as_event(message: Mapping[str, object], place: Mapping[str, object]) -> dict[str, object]:
    return {**message, **place, "type": "message"}


def _user_name(body: object) -> str:
    match body:
        case {"user_name": str(name)}:
            return name
    return ""
