"""The modal behind a 👎: how it is built, read, and kept.

It carries the answer's id in its custom id and is read from what Discord sends back, not by the object that opened
it. So it can be sent to a process that started in the meantime, and none waits for a modal that somebody closed:
Discord tells nobody of that, and the vote is in the database anyway.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord
import structlog

from bot.discord._interactions import SORRY_TEXT, keep_then_defer, whisper
from bot.discord._serving import ServingClient
from bot.discord.questions import workspace_of
from supportbot.db.states import FeedbackReason
from supportbot.errors import SupportBotError, sentence_for_users
from supportbot.feedback.votes import MAX_CORRECTION, REASON_WORDS, Explanation
from supportbot.words import ENGLISH, N_, Words

log = structlog.get_logger(__name__)

_PREFIX = "supportbot:explain:"
# 18 digits fit into the 64 bits of a database key.
_CUSTOM_ID = re.compile(rf"{_PREFIX}([0-9]{{1,18}})")
_REASON = "reason"
_CORRECTION = "correction"
_REASONS: Mapping[str, FeedbackReason] = {reason.value: reason for reason in FeedbackReason}

_THANKS = N_("Thanks, your reason was saved with your vote. The team reviews it before I learn from it.")
_OUTDATED_TEXT = N_("This form has changed. Please click 👎 again.")


@dataclass(frozen=True, slots=True)
class Submission:
    """What somebody says was wrong with an answer."""

    answer_id: int
    said: Explanation


def build_explanation(
    answer_id: int, thanks: str, before: Explanation, words: Words = ENGLISH
) -> discord.ui.Modal:
    """Return the modal that asks what was wrong; to be called where an event loop runs.

    Args:
        answer_id: the answer that got a 👎.
        thanks: what the voter is told about the vote.
        before: what the same person said the last time.
        words: the bot's own.
    """
    modal = discord.ui.Modal(title=words.say("What was wrong?"), custom_id=f"{_PREFIX}{answer_id}")
    reasons: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=_REASON,
        placeholder=words.say("Choose a reason"),
        options=[
            discord.SelectOption(label=words.say(named), value=reason.value, default=reason is before.reason)
            for reason, named in REASON_WORDS.items()
        ],
    )
    correction: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=_CORRECTION,
        style=discord.TextStyle.paragraph,
        required=False,
        max_length=MAX_CORRECTION,
        default=before.correction,
    )
    lead = words.say("Your vote counts even if you don't add a reason.")
    modal.add_item(discord.ui.TextDisplay(f"{thanks} {lead}"))
    modal.add_item(discord.ui.Label(text=words.say("What was wrong with the answer?"), component=reasons))
    modal.add_item(
        discord.ui.Label(
            text=words.say("What should it have said?"), description=words.say("Optional."), component=correction
        )
    )
    modal.stop()  # nobody listens to this object, so the library need not keep it for one that may never be sent
    return modal


def read_submission(data: object) -> Submission | None:
    """Return what the data of a modal says, or None if it isn't one that ``build_explanation`` makes."""
    match data:
        case {"custom_id": str(custom_id), "components": [*components]} if found := _CUSTOM_ID.fullmatch(
            custom_id
        ):
            match read_fields(components):
                case {
                    "reason": {"values": [str(reason)]},
                    "correction": {"value": str() | None as correction},
                } if reason in _REASONS:
                    said = Explanation(reason=_REASONS[reason], correction=correction)
                    return Submission(int(found.group(1)), said)
    return None


def read_fields(components: list[object]) -> dict[str, object]:
    """Return the fields of a modal by their names."""
    fields: dict[str, object] = {}
    for component in components:
        match component:
            case {"component": {"custom_id": str(name)} as field}:
                fields[name] = field
    return fields


async def on_modal(interaction: discord.Interaction[ServingClient]) -> None:
    """Keep what somebody sent with the modal and thank them, who alone see it; an odd one gets a sentence."""
    submission = read_submission(interaction.data)
    if submission is None:
        await whisper(interaction, _OUTDATED_TEXT)
        return
    said = submission.said
    explained = interaction.client.service.explain(
        submission.answer_id,
        voter_of(interaction),
        said.reason,
        said.correction,
        workspace=workspace_of(interaction),
    )
    try:
        await keep_then_defer(explained, interaction)
        text = _THANKS
    except SupportBotError as error:
        text = sentence_for_users(error, SORRY_TEXT)
    except Exception:  # the library would only log it, and the person would hear nothing
        log.exception("discord.explanation_failed", answer_id=submission.answer_id)
        text = SORRY_TEXT
    await whisper(interaction, text)


def voter_of(interaction: discord.Interaction[Any]) -> str:
    """Return who interacts, as a name that is unique over all platforms."""
    return f"discord:{interaction.user.id}"
