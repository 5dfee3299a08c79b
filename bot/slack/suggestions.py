"""Verified questions under an answer that is not sure: how they are offered, and how a click on one is read.

A click carries which suggestion of which answer it is, so it works after a restart and on answers of any age. The
text to ask comes from the database, never from what is clicked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from slack_sdk.models.blocks import ActionsBlock, Block, MarkdownTextObject, PlainTextObject, SectionBlock
from slack_sdk.models.blocks.block_elements import ButtonElement

from bot.dialects.slack_markup import escaped_pieces
from bot.slack.clicks import Clicked, read_clicked
from supportbot.intake.questions import IncomingQuestion, Suggestion
from supportbot.words import ENGLISH, Words

SUGGESTION_ACTION = re.compile(r"answer_suggestion:[0-9]{1,2}")

_LABEL_LIMIT = 75
"""Characters of a button's text (Slack's limit)."""

# 18 digits stay within the 63 bits of a database id, so a forged value is unknown, not an overflow.
_VALUE = re.compile(r"([0-9]{1,18}):([0-9]{1,2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Somebody's click on a suggestion of an answer; ``number`` is counted from 0."""

    answer_id: int
    number: int
    clicked: Clicked

    def question(self, text: str) -> IncomingQuestion:
        """Return the question that the click asks."""
        # The same at every click of a person on a suggestion, so a click that comes twice asks once.
        identity = f"suggestion:{self.answer_id}:{self.number}:{self.clicked.person}"
        return self.clicked.question(text, identity)


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
    clicked = read_clicked(body)
    if clicked is None or not SUGGESTION_ACTION.fullmatch(clicked.action):
        return None
    found = _VALUE.fullmatch(clicked.value)
    return found and Choice(answer_id=int(found[1]), number=int(found[2]), clicked=clicked)
