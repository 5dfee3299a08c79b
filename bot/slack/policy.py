"""The modal in which an admin decides what the bot answers in a channel: how it is built, and how it is read.

It carries the channel that it is about. Who sends it is what Slack says, and whether they may is asked again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from slack_sdk.models.blocks import InputBlock, Option, PlainTextObject, SectionBlock
from slack_sdk.models.blocks.block_elements import PlainTextInputElement, RadioButtonsElement
from slack_sdk.models.views import View

from bot.policies import HINTS, choices
from bot.slack._shapes import are_ids
from bot.slack.origin import workspace_of
from supportbot.policies.form import DIGEST_FIELDS, FIELDS
from supportbot.policies.policy import Policy
from supportbot.policies.store import Place
from supportbot.policies.wording import (
    HOURS_EXAMPLE,
    LABELS,
    NONE,
    typed_settings,
)
from supportbot.words import ENGLISH, N_, Words

POLICY_VIEW = "channel_policy"

_ALL = "all"
"""Stands for all channels, since Slack leaves out a field without a text; no id is in small letters."""

_LONGEST = 200
_CHOICES = choices(N_("Same as the workspace"))


@dataclass(frozen=True, slots=True)
class Submission:
    """What somebody decides: about which place, who, and the texts of the fields."""

    place: Place
    user: str
    typed: Mapping[str, str]


def read_place(body: object, *, is_all: bool) -> tuple[Place, str] | None:
    """Return what a command asks to configure, and who typed it; direct messages are no channel of their own."""
    match body:
        case {"team_id": str(team), "channel_id": str(channel), "user_id": str(user)} if are_ids(
            team, channel, user
        ):
            about = "" if is_all or channel.startswith("D") else channel
            return Place(platform="slack", workspace=team, channel=about), user
    return None


def build_policy(channel: str, policy: Policy, words: Words = ENGLISH) -> View:
    """Return the modal with what holds now.

    Args:
        channel: that it is about; nothing for all channels that decide nothing else.
        policy: that holds there.
        words: the bot's own.
    """
    lead = words.say("For this channel.") if channel else words.say("For all channels without their own settings.")
    now = typed_settings(policy)
    return View(
        type="modal",
        callback_id=POLICY_VIEW,
        private_metadata=channel or _ALL,
        title=words.say("How I answer"),
        submit=words.say("Save"),
        close=words.say("Cancel"),
        blocks=[
            SectionBlock(text=_plain(lead)),
            *(_field(name, now[name], words) for name in _fields(channel)),
        ],
    )


def read_submission(body: object) -> Submission | None:
    """Return what a ``view_submission`` payload says, or None if it isn't one that our modal sends."""
    match body:
        case {
            "user": {"id": str(user)},
            "view": {
                "callback_id": view,
                "private_metadata": str(about),
                "state": {"values": dict() as values},
            },
        } if view == POLICY_VIEW and (about == _ALL or are_ids(about)) and (team := workspace_of(body)):
            place = Place(platform="slack", workspace=team, channel="" if about == _ALL else about)
            typed = {name: _read(values.get(name), name) for name in _fields(place.channel)}
            return Submission(place, user, {name: text for name, text in typed.items() if text is not None})
    return None


def _fields(channel: str) -> tuple[str, ...]:
    return FIELDS if channel else FIELDS + DIGEST_FIELDS


def _field(name: str, now: str, words: Words) -> InputBlock:
    if name not in _CHOICES:
        return InputBlock(
            block_id=name,
            label=words.say(LABELS[name]),
            hint=words.say(HINTS[name], example=HOURS_EXAMPLE),
            optional=True,
            element=PlainTextInputElement(action_id=name, max_length=_LONGEST, initial_value=now or None),
        )
    options = {
        value: Option(value=value, text=_plain(words.say(choice))) for value, choice in _CHOICES[name].items()
    }
    return InputBlock(
        block_id=name,
        label=words.say(LABELS[name]),
        element=RadioButtonsElement(
            action_id=name, options=list(options.values()), initial_option=options[now or NONE]
        ),
    )


def _read(values: object, name: str) -> str | None:
    match values:
        case {**fields} if name in fields:
            match fields[name]:
                case {"selected_option": {"value": str(value)}} | {"value": str(value)}:
                    return "" if value == NONE else value
                case {"value": None}:
                    return ""
    return None


def _plain(text: str) -> PlainTextObject:
    return PlainTextObject(text=text, emoji=True)
