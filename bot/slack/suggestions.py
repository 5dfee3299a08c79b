"""Verified questions under an answer that is not sure: how they are offered, and how a click on one is read.

A click carries which suggestion of which answer it is, so it works after a restart and on answers of any age. The
text to ask comes from the database, never from what is clicked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from slack_sdk.models.blocks import ActionsBlock, Block, MarkdownTextObject, PlainTextObject, SectionBlock
from slack_sdk.models.blocks.block_elements import ButtonElement

from bot.slack._shapes import TIMESTAMP, TRIGGER, are_ids, manner_in
from bot.slack.feedback import read_voter
from bot.slack.markup import escaped_pieces
from supportbot.intake.questions import IncomingQuestion, Suggestion
from supportbot.intake.reception import Manner
from supportbot.words import ENGLISH, Words

SUGGESTION_ACTION = re.compile(r"answer_suggestion:[0-9]{1,2}")

_LABEL_LIMIT = 75
"""Characters of a button's text (Slack's limit)."""

# 18 digits stay within the 63 bits of a database id, so a forged value is unknown, not an overflow.
_VALUE = re.compile(r"([0-9]{1,18}):([0-9]{1,2})")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a suggestion was clicked, and so where the answer of its question goes.

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
class Choice:
    """Somebody's click on a suggestion; ``chooser`` is unique over all platforms."""

    answer_id: int
    number: int
    workspace: str
    channel: str
    user: str
    chooser: str
    place: Place

    def question(self, text: str) -> IncomingQuestion:
        """Return the question that the click asks."""
        return IncomingQuestion(
            platform="slack",
            workspace=self.workspace,
            channel=self.channel,
            thread=self.place.thread,
            # The same at every click of a person on a suggestion, so a click that comes twice asks once.
            identity=f"suggestion:{self.answer_id}:{self.number}:{self.chooser}",
            asker=self.user,
            text=text,
            reply_to=self.place.reply_to,
            manner=manner_in(self.channel, Manner.COMMAND),
            in_thread=not self.place.is_private,
        )


def build_suggestions(answer_id: int, suggestions: Sequence[Suggestion], words: Words = ENGLISH) -> list[Block]:
    """Return the blocks that offer questions to ask; none if there is nothing to offer."""
    if not suggestions:
        return []
    buttons = [
        ButtonElement(
            action_id=f"answer_suggestion:{number}",  # unique in its block, as Slack wants it
            text=PlainTextObject(text=build_label(suggestion.question), emoji=True),
            value=f"{answer_id}:{number}",
        )
        for number, suggestion in enumerate(suggestions)
    ]
    lead = SectionBlock(text=MarkdownTextObject(text=words.say("Did you mean:"), verbatim=True))
    return [lead, ActionsBlock(elements=buttons)]


def build_label(question: str) -> str:
    """Return the text of a button, escaped; cut with an ellipsis if it is longer than Slack allows."""
    line = " ".join(question.split())
    pieces = list(islice(escaped_pieces(line, _LABEL_LIMIT), 2))
    if len(pieces) > 1:
        return next(escaped_pieces(line, _LABEL_LIMIT - 1)) + "…"
    return pieces[0] if pieces else "…"


def read_choice(body: object) -> Choice | None:
    """Return the choice that a ``block_actions`` payload carries, or None if there is none in it."""
    match body:
        case {
            "actions": [{"action_id": str(action), "value": str(value)}, *_],
            "team": {"id": str(team)},
            "channel": {"id": str(channel)},
            "user": {"id": str(user)},
        } if (
            SUGGESTION_ACTION.fullmatch(action)
            and (found := _VALUE.fullmatch(value))
            and are_ids(team, channel)
            and (chooser := read_voter(body))
            and (place := read_place(body))
        ):
            return Choice(
                answer_id=int(found.group(1)),
                number=int(found.group(2)),
                workspace=team,
                channel=channel,
                user=user,
                chooser=chooser,
                place=place,
            )
    return None


def read_place(body: object) -> Place | None:
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
                case None:  # the answer to a command stands in no thread; it becomes the root of one
                    return Place(ts, reply_to, None, is_private=False)
                case str(thread) if TIMESTAMP.fullmatch(thread):
                    return Place(thread, reply_to, thread, is_private=False)
    return None


def _user_name(body: object) -> str:
    match body:
        case {"user": {"username": str(name)}} | {"user": {"name": str(name)}}:
            return name
    return ""
