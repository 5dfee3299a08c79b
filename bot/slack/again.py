"""Asking again: the buttons for another sample and for an edited question, and clicks on them.

A click carries the number of the answer, or of the question, so it works after a restart, whatever its age.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from slack_sdk.models.blocks import ActionsBlock, Block, PlainTextObject
from slack_sdk.models.blocks.block_elements import ButtonElement

from bot.again import ASK_TEXT, REWORDED_TEXT, TRY_TEXT
from bot.dialects.slack_packing import build_section
from bot.slack.clicks import Clicked, read_clicked
from supportbot.intake.questions import IncomingQuestion
from supportbot.words import ENGLISH, Words

TRY_ACTION = "try_again"
ASK_ACTION = "ask_again"

_NUMBER = re.compile(r"[0-9]{1,18}")  # 18 digits stay within the 63 bits of a database id


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """Somebody's click; ``number`` is of the answer to have another one of, or of the question to ask again."""

    number: int
    clicked: Clicked

    def question(self, text: str) -> IncomingQuestion:
        """Return the question as it is asked by the click; ``Again`` says under which identity."""
        asked = self.clicked.question(text, "")
        if self.clicked.place.is_private:
            return asked
        # It is in the thread of the question.
        return replace(asked, reply_to={k: v for k, v in asked.reply_to.items() if k != "asker_name"})


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
    clicked = read_clicked(body)
    if clicked is None or clicked.action not in (TRY_ACTION, ASK_ACTION) or not _NUMBER.fullmatch(clicked.value):
        return None
    return Click(number=int(clicked.value), clicked=clicked)
