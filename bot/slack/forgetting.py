"""The question whether somebody shall be forgotten: how it is built, and how the click on it is read.

The buttons carry nothing: who is erased is who clicked, as Slack says.
"""

from __future__ import annotations

import re

from slack_sdk.models.blocks import ActionsBlock, Block, MarkdownTextObject, PlainTextObject, SectionBlock
from slack_sdk.models.blocks.block_elements import ButtonElement

from bot.erasure import ASK_TEXT, CANCEL_LABEL, CONFIRM_LABEL
from bot.slack._shapes import are_ids
from supportbot.privacy.person import Person
from supportbot.words import ENGLISH, Words

ERASE_ACTION = "forget_me_erase"
CANCEL_ACTION = "forget_me_cancel"
FORGET_ACTION = re.compile(f"{ERASE_ACTION}|{CANCEL_ACTION}")


def build_question(words: Words = ENGLISH) -> list[Block]:
    """Return the blocks that ask for a confirmation."""
    buttons = [
        ButtonElement(
            action_id=ERASE_ACTION,
            text=PlainTextObject(text=words.say(CONFIRM_LABEL)),
            value="erase",
            style="danger",
        ),
        ButtonElement(action_id=CANCEL_ACTION, text=PlainTextObject(text=words.say(CANCEL_LABEL)), value="cancel"),
    ]
    return [
        SectionBlock(text=MarkdownTextObject(text=words.say(ASK_TEXT), verbatim=True)),
        ActionsBlock(elements=buttons),
    ]


def read_clicker(body: object) -> Person | None:
    """Return who clicked on "Erase everything of mine"; None for another click, or nobody.

    The workspaces are that of the click, and, for a guest of a shared channel, their own: they vote as a member of
    that one.
    """
    match body:
        case {
            "actions": [{"action_id": action}, *_],
            "team": {"id": str(team)},
            "user": {"id": str(user)} as clicker,
        } if action == ERASE_ACTION and are_ids(team, user):
            own = clicker.get("team_id")
            teams = {team, own} if isinstance(own, str) and are_ids(own) else {team}
            return Person(platform="slack", user=user, workspaces=frozenset(teams))
    return None
