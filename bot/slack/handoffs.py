"""Asking a human: the button for that, what the people who are asked see, what the asker sees, and their clicks.

The people whom the policy names are mentioned, so that Slack notifies them. Nobody else is: what people wrote is
escaped, and the person who answered is named in plain text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from slack_sdk.models.blocks import ActionsBlock, Block, ContextBlock, MarkdownTextObject, PlainTextObject
from slack_sdk.models.blocks.block_elements import ButtonElement

from bot.dialects.slack_blocks import build_words
from bot.dialects.slack_markup import escape, escaped_pieces
from bot.dialects.slack_packing import build_section
from bot.handoffs import (
    ASK_TEXT,
    RESOLVED_TEXT,
    STILL_OPEN_TEXT,
    UNREACHED_TEXT,
    build_when,
    read_back,
)
from bot.slack._shapes import TIMESTAMP
from bot.slack.feedback import read_voter
from bot.slack.origin import workspace_of
from supportbot.db.states import AnswerSource
from supportbot.delivery.claiming import Delivery
from supportbot.handoffs.target import TargetKind
from supportbot.words import ENGLISH, Words

ASK_ACTION = "ask_human"
RESOLVE_ACTION = "handoff_resolved"

_QUOTE_LIMIT = 1_500
_NUMBER = re.compile(r"[0-9]{1,18}")  # 18 digits stay within the 63 bits of a database id


@dataclass(frozen=True, slots=True)
class Click:
    """Somebody's click on a button of a hand-off.

    Attributes:
        number: of the answer that a human should be asked about, or of the hand-off to close.
        person: unique over all platforms.
        workspace: that the app is installed in; None if Slack does not say.
        message: our name of the message under which that was; None for one that only this person sees.
        thread_ts: the thread that it is in, if it is in one.
    """

    number: int
    person: str
    workspace: str | None
    message: str | None
    thread_ts: str | None


def build_ask_human(answer_id: int, words: Words = ENGLISH) -> ButtonElement:
    """Return the button that has a human asked."""
    return ButtonElement(
        action_id=ASK_ACTION, text=PlainTextObject(text=words.say(ASK_TEXT), emoji=True), value=str(answer_id)
    )


def build_post(delivery: Delivery, link: str | None) -> list[Block]:
    """Return what the people who are asked see.

    Args:
        delivery: of the kind ``POST``.
        link: to where it was asked, if they can open that.
    """
    note, words = _note(delivery), delivery.words
    lead = _lead(delivery)
    if note["kind"] == TargetKind.GROUP:
        lead = words.say("{group}, someone is asking for a human here:", group=_mention(note))
    blocks: list[Block] = [build_section(f"{lead}\n{_quote(delivery.question)}")]
    if delivery.source is not AnswerSource.NOT_SURE:
        answered = words.say("The bot has answered:")
        blocks.append(build_section(f"{answered}\n{_quote(delivery.text)}"))
    hints = [f"<{link}>"] if link else []
    if note["kind"] != TargetKind.GROUP:
        hints.append(words.say("Messages in this thread are passed on to the person who asked."))
    if hints:
        blocks.append(_remark("\n".join(hints)))
    return [*blocks, _build_resolve(note, words)]


def build_told(note: Mapping[str, Any], words: Words = ENGLISH) -> list[Block]:
    """Return what the asker sees when people are asked: whom, and from when on somebody is there."""
    asked = words.say("I've asked a human here.")
    if note["kind"] != TargetKind.GROUP:
        asked = words.say("I've asked {who}.", who=_mention(note))
    when = build_when(read_back(note), words, partial(_moment, words=words))
    return [build_section(f"{asked} {when}"), _build_resolve(note, words)]


def build_unreached(words: Words = ENGLISH) -> list[Block]:
    """Return what the asker sees where nobody could be asked."""
    return [build_section(words.say(UNREACHED_TEXT))]


def build_relay(author: str, text: str, words: Words = ENGLISH) -> list[Block]:
    """Return what somebody wrote elsewhere, for the asker to see; in words, without anybody's formatting."""
    lead = words.say("*{name}* answers:", name=escape(author))
    return [build_section(lead), *build_words(text)]


def build_reminder(note: Mapping[str, Any], words: Words = ENGLISH) -> list[Block]:
    """Return what people see who have not answered for long."""
    mention = f"{_mention(note)}: " if note["kind"] == TargetKind.GROUP else ""
    return [build_section(f"{mention}{words.say(STILL_OPEN_TEXT)}"), _build_resolve(note, words)]


def build_about(question: str, words: Words = ENGLISH) -> Block:
    """Return the block that says which question something is about, where no message shows it."""
    lead = words.say("About your question:")
    return build_section(f"{lead}\n{_quote(question)}")


def read_click(body: object) -> Click | None:
    """Return the click that a ``block_actions`` payload carries, or None if there is none in it."""
    match body:
        case {"actions": [{"action_id": str(action), "value": str(value)}, *_]} if (
            action in (ASK_ACTION, RESOLVE_ACTION) and _NUMBER.fullmatch(value) and (person := read_voter(body))
        ):
            message, thread = _message(body)
            return Click(int(value), person, workspace_of(body), message, thread)
    return None


def _message(body: object) -> tuple[str | None, str | None]:
    match body:
        case {"container": {"is_ephemeral": True}}:
            return None, None
        case {"channel": {"id": str(channel)}, "message": {"ts": str(ts)} as message} if TIMESTAMP.fullmatch(ts):
            thread = message.get("thread_ts")
            return f"{channel}:{ts}", thread if isinstance(thread, str) else None
    return None, None


def _build_resolve(note: Mapping[str, Any], words: Words) -> ActionsBlock:
    button = ButtonElement(
        action_id=RESOLVE_ACTION, text=PlainTextObject(text=words.say(RESOLVED_TEXT)), value=str(note["handoff"])
    )
    return ActionsBlock(elements=[button])


def _mention(note: Mapping[str, Any]) -> str:
    match note["kind"]:
        case TargetKind.CHANNEL:
            return f"<#{note['target']}>"
        case TargetKind.PERSON:
            return f"<@{note['target']}>"
        case _:
            return f"<!subteam^{note['target']}>"


def _lead(delivery: Delivery) -> str:
    words = delivery.words
    if delivery.is_from_elsewhere:
        return words.say("Someone is asking for a human on the chat page:")
    if delivery.channel.startswith("D"):
        return words.say("Someone is asking for a human in a direct message:")
    channel = f"<#{delivery.channel}>"
    return words.say("Someone is asking for a human in {channel}:", channel=channel)


def _quote(text: str) -> str:
    pieces = list(islice(escaped_pieces(" ".join(text.split()), _QUOTE_LIMIT), 2)) or ["…"]
    return f"> {pieces[0]}{'…' if len(pieces) > 1 else ''}"


def _moment(moment: datetime, words: Words) -> str:
    """Return a moment as everybody reads it in their own zone; the fallback is for clients that can't."""
    # Slack itself replaces what is in the braces.
    shown = words.say("{day} at {time}", day="{date_short_pretty}", time="{time}")
    return f"<!date^{int(moment.timestamp())}^{shown}|{words.moment(moment)}>"


def _note(delivery: Delivery) -> Mapping[str, Any]:
    assert delivery.note is not None  # noqa: S101 - all kinds but a reply have one
    return delivery.note


def _remark(escaped: str) -> ContextBlock:
    return ContextBlock(elements=[MarkdownTextObject(text=escaped, verbatim=True)])
