"""The modal behind a 👎: how it is built, and how what somebody sent with it is read.

The vote is in the database before the modal opens, so closing it loses nothing. The modal carries the answer's id,
so it can be sent to any process, also to one that started in the meantime. Who sends it is what Slack says, never
what the modal carries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from slack_sdk.models.blocks import InputBlock, Option, PlainTextObject, SectionBlock
from slack_sdk.models.blocks.block_elements import PlainTextInputElement, RadioButtonsElement
from slack_sdk.models.views import View

from bot.slack.feedback import read_voter
from bot.slack.origin import workspace_of
from supportbot.db.states import FeedbackReason
from supportbot.feedback.votes import MAX_CORRECTION, REASON_WORDS, Explanation
from supportbot.words import ENGLISH, Words

EXPLANATION_VIEW = "answer_explanation"

_REASON = "reason"
_CORRECTION = "correction"
_REASONS: Mapping[str, FeedbackReason] = {reason.value: reason for reason in FeedbackReason}
# 18 digits stay within the 63 bits of a database id.
_ANSWER_ID = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Submission:
    """What somebody says was wrong with an answer; ``voter`` is unique over all platforms."""

    answer_id: int
    voter: str
    workspace: str | None
    said: Explanation


def build_explanation(answer_id: int, thanks: str, before: Explanation, words: Words = ENGLISH) -> View:
    """Return the modal that asks what was wrong.

    Args:
        answer_id: the answer that got a 👎.
        thanks: what the voter is told about the vote.
        before: what the same person said the last time.
        words: the bot's own.
    """
    options = {
        reason: Option(value=reason.value, text=_plain(words.say(named))) for reason, named in REASON_WORDS.items()
    }
    lead = words.say("Your vote counts even if you don't add a reason.")
    return View(
        type="modal",
        callback_id=EXPLANATION_VIEW,
        private_metadata=str(answer_id),
        title=words.say("What was wrong?"),
        submit=words.say("Send"),
        close=words.say("Skip"),
        blocks=[
            SectionBlock(text=_plain(f"{thanks} {lead}")),
            InputBlock(
                block_id=_REASON,
                label=words.say("What was wrong with the answer?"),
                element=RadioButtonsElement(
                    action_id=_REASON,
                    options=list(options.values()),
                    initial_option=options[before.reason] if before.reason else None,
                ),
            ),
            InputBlock(
                block_id=_CORRECTION,
                label=words.say("What should it have said?"),
                optional=True,
                element=PlainTextInputElement(
                    action_id=_CORRECTION,
                    multiline=True,
                    max_length=MAX_CORRECTION,
                    initial_value=before.correction,
                ),
            ),
        ],
    )


def build_told(title: str, text: str, words: Words = ENGLISH) -> View:
    """Return what the modal becomes once it is sent; ``title`` has at most 24 characters."""
    return View(type="modal", title=title, close=words.say("Close"), blocks=[SectionBlock(text=_plain(text))])


def read_submission(body: object) -> Submission | None:
    """Return what a ``view_submission`` payload says, or None if it isn't one that our modal sends."""
    match body:
        case {"view": {"callback_id": view, "private_metadata": str(metadata), "state": {"values": values}}} if (
            view == EXPLANATION_VIEW and _ANSWER_ID.fullmatch(metadata)
        ):
            voter, said = read_voter(body), _read_values(values)
            if voter is not None and said is not None:
                return Submission(int(metadata), voter, workspace_of(body), said)
    return None


def _read_values(values: object) -> Explanation | None:
    match values:
        case {
            "reason": {"reason": {"selected_option": chosen}},
            "correction": {"correction": {"value": None | str() as correction}},
        }:
            match chosen:
                case None:
                    return Explanation(correction=correction)
                case {"value": str(value)} if value in _REASONS:
                    return Explanation(reason=_REASONS[value], correction=correction)
    return None


def _plain(text: str) -> PlainTextObject:
    return PlainTextObject(text=text, emoji=True)
