"""Asking a human: the buttons, what the people who are asked see, and what the asker sees.

Buttons carry the number of the answer, or of the hand-off, so they work in any process, for ever. Only the message
that asks pings the people whom the policy names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord
import structlog

from bot.dialects.discord_text import build_name, build_quote
from bot.discord._buttons import NumberedButton
from bot.discord._interactions import SORRY_TEXT, keep_or_defer, whisper
from bot.discord._serving import ServingClient
from bot.discord.explanation import voter_of
from bot.discord.questions import workspace_of
from bot.handoffs import (
    ASK_TEXT,
    ASKED_ALREADY_TEXT,
    ASKING_TEXT,
    CLOSED_ALREADY_TEXT,
    CLOSED_TEXT,
    RESOLVED_TEXT,
    SOMEBODY,
    build_when,
    read_back,
)
from supportbot.db.states import AnswerSource
from supportbot.delivery.claiming import Delivery
from supportbot.errors import SupportBotError, sentence_for_users
from supportbot.handoffs.asking import Handoffs
from supportbot.handoffs.target import TargetKind
from supportbot.words import ENGLISH, Words

log = structlog.get_logger(__name__)

_QUESTION_LIMIT = 900
_ANSWER_LIMIT = 600
"""Of UTF-16 units; with the signs before Markdown, both fit into a message of 2,000."""


class AskHumanButton(NumberedButton, kind="human", label=ASK_TEXT):
    """Has a human asked."""

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Ask; whoever clicked is told, and the channel hears whom."""
        try:
            asked = await keep_or_defer(
                _handoffs(interaction).ask(
                    self.number, voter_of(interaction), workspace=workspace_of(interaction)
                ),
                interaction,
            )
            text = ASKING_TEXT if asked.new else ASKED_ALREADY_TEXT
        except SupportBotError as error:
            text = sentence_for_users(error, SORRY_TEXT)
        except Exception:  # the library would swallow it, and the person would hear nothing
            log.exception("discord.human_not_asked", answer_id=self.number)
            text = SORRY_TEXT
        await whisper(interaction, text)


class ResolveButton(NumberedButton, kind="resolved", label=RESOLVED_TEXT):
    """Closes a hand-off."""

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Close it, and say so to whoever clicked."""
        clicked = str(interaction.message.id) if interaction.message else None
        try:
            is_new = await keep_or_defer(
                _handoffs(interaction).resolve(
                    self.number, voter_of(interaction), workspace=workspace_of(interaction), clicked=clicked
                ),
                interaction,
            )
            text = CLOSED_TEXT if is_new else CLOSED_ALREADY_TEXT
        except SupportBotError as error:
            text = sentence_for_users(error, SORRY_TEXT)
        except Exception:  # as above
            log.exception("discord.not_resolved", handoff_id=self.number)
            text = SORRY_TEXT
        await whisper(interaction, text)


def build_resolve_view(handoff_id: int, words: Words = ENGLISH) -> discord.ui.View:
    """Return that button alone; to be called where an event loop runs."""
    view = discord.ui.View(timeout=None)
    view.add_item(ResolveButton(handoff_id, words=words))
    return view


def build_post(delivery: Delivery) -> str:
    """Return what the people who are asked see."""
    note, words = note_of(delivery), delivery.words
    is_group = note["kind"] == TargetKind.GROUP
    lead = _lead(delivery)
    if is_group:
        lead = words.say("{group} Someone is asking for a human here:", group=build_mention(note))
    lines = [lead]
    lines.append(build_quote(delivery.question, _QUESTION_LIMIT))
    if delivery.source is not AnswerSource.NOT_SURE:
        lines += [words.say("The bot has answered:"), build_quote(delivery.text, _ANSWER_LIMIT)]
    if not is_group:
        if link := build_link(delivery):
            lines.append(link)
        hint = words.say("Reply to this message to answer the person who asked.")
        lines.append(f"-# {hint}")
    return "\n".join(line for line in lines if line)


def build_title(delivery: Delivery) -> str:
    """Return the title of a post in a forum; its number makes it known again."""
    quote = build_quote(delivery.question, 70).removeprefix("> ") or delivery.words.say("A question")
    return f"{quote[:90]} (#{delivery.question_id})"


def build_told(note: Mapping[str, Any], words: Words = ENGLISH) -> str:
    """Return what the asker sees when people are asked: whom, and from when on somebody is there."""
    asked = words.say("I've asked {who}.", who=build_mention(note))
    return f"{asked} {build_when(read_back(note), words, lambda back: discord.utils.format_dt(back, 'f'))}"


def build_relay(author: str, words: Words = ENGLISH) -> str:
    """Return the line above what somebody has answered elsewhere."""
    name = build_name(author or words.say(SOMEBODY))
    return words.say("**{name}** answers:", name=name)


def build_mention(note: Mapping[str, Any]) -> str:
    """Return whom a hand-off asks, as Discord shows it."""
    sign = {TargetKind.CHANNEL: "#", TargetKind.PERSON: "@", TargetKind.GROUP: "@&"}[TargetKind(note["kind"])]
    return f"<{sign}{note['target']}>"


def build_link(delivery: Delivery) -> str | None:
    """Return the address of the question, or of the answer to a command; None where others can't open it."""
    if delivery.is_from_elsewhere or not delivery.workspace.isdecimal():
        return None
    message = delivery.reply_to.get("message_id") or note_of(delivery).get("anchor")
    place = f"https://discord.com/channels/{delivery.workspace}/{delivery.reply_to['channel_id']}"
    return f"{place}/{message}" if message else place


def note_of(delivery: Delivery) -> Mapping[str, Any]:
    """Return the note of what is no reply."""
    return delivery.note or {}


def _lead(delivery: Delivery) -> str:
    words = delivery.words
    if delivery.is_from_elsewhere:
        return words.say("Someone is asking for a human on the chat page:")
    if not delivery.workspace.isdecimal():
        return words.say("Someone is asking for a human in a direct message:")
    channel = f"<#{delivery.reply_to['channel_id']}>"
    return words.say("Someone is asking for a human in {channel}:", channel=channel)


def _handoffs(interaction: discord.Interaction[ServingClient]) -> Handoffs:
    handoffs = interaction.client.service.handoffs
    assert handoffs is not None  # noqa: S101 - without, no button offers it
    return handoffs
