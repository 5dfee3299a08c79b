"""Asking once more: the buttons for another sample and for a question that was edited, and clicks on them.

A click carries the number of the answer, or of the question, so it works after a restart, whatever its age.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from slack_sdk.models.blocks import ActionsBlock, Block, PlainTextObject
from slack_sdk.models.blocks.block_elements import ButtonElement

from bot.again import ASK_TEXT, REWORDED_TEXT, TRY_TEXT
from bot.slack._shapes import are_ids, manner_in
from bot.slack.feedback import read_voter
from bot.slack.formatting import build_section
from bot.slack.suggestions import Place, read_place
from supportbot.intake.questions import IncomingQuestion
from supportbot.intake.reception import Manner
from supportbot.words import ENGLISH, Words

TRY_ACTION = "try_again"
ASK_ACTION = "ask_again"

_NUMBER = re.compile(r"[0-9]{1,18}")  # 18 digits stay within the 63 bits of a database id


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """Somebody's click.

    Attributes:
        number: of the answer to have another one of, or of the question to ask again.
        person: unique over all platforms.
        place: where that was.
    """

    number: int
    workspace: str
    channel: str
    user: str
    person: str
    place: Place

    def question(self, text: str) -> IncomingQuestion:
        """Return the question as it is asked by the click; ``Again`` says under which identity."""
        reply_to = dict(self.place.reply_to)
        if not self.place.is_private:  # it stands in the thread of the question
            reply_to.pop("asker_name")
        return IncomingQuestion(
            platform="slack",
            workspace=self.workspace,
            channel=self.channel,
            thread=self.place.thread,
            identity="",
            asker=self.user,
            text=text,
            reply_to=reply_to,
            manner=manner_in(self.channel, Manner.COMMAND),
            in_thread=not self.place.is_private,
        )


def build_try_again(answer_id: int, words: Words = ENGLISH) -> ButtonElement:
    """Return the button that has another answer drawn."""
    return ButtonElement(
        action_id=TRY_ACTION, text=PlainTextObject(text=words.say(TRY_TEXT)), value=str(answer_id)
    )


def build_reworded(question_id: int, words: Words = ENGLISH) -> list[Block]:
    """Return what the asker sees who has edited an answered question."""
    button = ButtonElement(
        action_id=ASK_ACTION, text=PlainTextObject(text=words.say(ASK_TEXT)), value=str(question_id)
    )
    return [build_section(words.say(REWORDED_TEXT)), ActionsBlock(elements=[button])]


def read_click(body: object) -> Click | None:
    """Return the click that a ``block_actions`` payload carries, or None if there is none in it."""
    match body:
        case {
            "actions": [{"action_id": str(action), "value": str(value)}, *_],
            "team": {"id": str(team)},
            "channel": {"id": str(channel)},
            "user": {"id": str(user)},
        } if (
            action in (TRY_ACTION, ASK_ACTION)
            and _NUMBER.fullmatch(value)
            and are_ids(team, channel)
            and (person := read_voter(body))
            and (place := read_place(body))
        ):
            return Click(number=int(value), workspace=team, channel=channel, user=user, person=person, place=place)
    return None
