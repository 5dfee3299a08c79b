"""The thumbs under an answer: how they are built, and how a click on them is read.

A click carries everything that is needed to record it, so it works after a restart and on answers of any age.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import ContextActionsBlock
from slack_sdk.models.blocks.basic_components import FeedbackButtonObject
from slack_sdk.models.blocks.block_elements import FeedbackButtonsElement

from bot.slack._shapes import time_of
from bot.slack.origin import workspace_of
from supportbot.feedback.votes import Vote
from supportbot.words import ENGLISH, Words

FEEDBACK_ACTION = "answer_feedback"

_WORDS: Mapping[Vote, str] = {Vote.UP: "up", Vote.DOWN: "down"}
_VOTES: Mapping[str, Vote] = {word: vote for vote, word in _WORDS.items()}
_USER = re.compile(r"[A-Z0-9]{1,64}")
# 18 digits stay within the 63 bits of a database id, so a forged value is unknown, not an overflow.
_VALUE = re.compile(r"([0-9]{1,18}):(up|down)")


@dataclass(frozen=True, slots=True)
class Click:
    """Somebody's thumb on an answer.

    Attributes:
        voter: unique over all platforms.
        workspace: that the app is installed in; None if Slack does not say.
        at: when Slack heard of it; None if it does not say.
        thread_ts: the thread that the answer is in, if it is in one.
        trigger_id: what opens a modal for the voter, within 3 seconds of the click.
    """

    answer_id: int
    vote: Vote
    voter: str
    workspace: str | None
    at: datetime | None
    thread_ts: str | None
    trigger_id: str | None


def build_feedback(answer_id: int, words: Words = ENGLISH) -> ContextActionsBlock:
    """Return Slack's own feedback buttons for an answer."""
    return ContextActionsBlock(
        elements=[
            FeedbackButtonsElement(
                action_id=FEEDBACK_ACTION,
                positive_button=FeedbackButtonObject(
                    text=words.say("Good answer"),
                    accessibility_label=words.say("This answer helped"),
                    value=_value(answer_id, Vote.UP),
                ),
                negative_button=FeedbackButtonObject(
                    text=words.say("Bad answer"),
                    accessibility_label=words.say("This answer did not help"),
                    value=_value(answer_id, Vote.DOWN),
                ),
            )
        ]
    )


def read_click(body: object) -> Click | None:
    """Return the vote that a ``block_actions`` payload carries, or None if there is none in it."""
    match body:
        case {
            "actions": [{"action_id": action, "value": str(value)}, *_],
        } if action == FEEDBACK_ACTION and (found := _VALUE.fullmatch(value)) and (voter := read_voter(body)):
            return Click(
                answer_id=int(found.group(1)),
                vote=_VOTES[found.group(2)],
                voter=voter,
                workspace=workspace_of(body),
                at=_time(body),
                thread_ts=_thread(body),
                trigger_id=_trigger(body),
            )
    return None


def read_voter(body: object) -> str | None:
    """Return who interacts, as a name that is unique over all platforms; None for nobody."""
    match body:
        case {"user": {"id": str(user)}} if _USER.fullmatch(user):
            return f"slack:{_team(body)}:{user}"
    return None


def _value(answer_id: int, vote: Vote) -> str:
    return f"{answer_id}:{_WORDS[vote]}"


def _team(body: object) -> str:
    match body:
        # A guest of a shared channel votes as a member of their own workspace.
        case {"user": {"team_id": str(team)}} | {"team": {"id": str(team)}}:
            return team
    return ""


def _time(body: object) -> datetime | None:
    match body:
        case {"actions": [{"action_ts": str(ts)}, *_]}:
            return time_of(ts)
    return None


def _trigger(body: object) -> str | None:
    match body:
        case {"trigger_id": str(trigger_id)}:
            return trigger_id
    return None


def _thread(body: object) -> str | None:
    match body:
        case {"message": {"thread_ts": str(thread_ts)}} | {"container": {"thread_ts": str(thread_ts)}}:
            return thread_ts
    return None
