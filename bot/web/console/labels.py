"""What people read for the words that the database has for things."""

from __future__ import annotations

from collections.abc import Mapping

from supportbot.conversations.criteria import HandedOff, Voted
from supportbot.db.states import AnswerSource, EntryState, HandoffState, OutboxKind, OutboxState, QuestionState
from supportbot.words import N_, Words

PLATFORMS: Mapping[str, str] = {
    "slack": N_("Slack"),
    "discord": N_("Discord"),
    "web": N_("Chat page"),
    "cli": N_("Terminal"),
}

SOURCES: Mapping[AnswerSource, str] = {
    AnswerSource.APPROVED: N_("Verified"),
    AnswerSource.GENERATED: N_("Generated"),
    AnswerSource.QUOTED: N_("Quoted"),
    AnswerSource.NOT_SURE: N_("Not sure"),
    AnswerSource.HUMAN: N_("A person"),
}

VOTES: Mapping[Voted, str] = {
    Voted.UP: N_("👍 Helpful"),
    Voted.DOWN: N_("👎 Not helpful"),
    Voted.CORRECTED: N_("Corrected"),
    Voted.NONE: N_("No vote"),
}

HANDED_OFF: Mapping[HandedOff, str] = {
    HandedOff.OPEN: N_("Open"),
    HandedOff.CLOSED: N_("Closed"),
    HandedOff.UNREACHED: N_("Nobody was reached"),
}

QUESTIONS: Mapping[QuestionState, str] = {
    QuestionState.RECEIVED: N_("Waiting"),
    QuestionState.ANSWERING: N_("Being answered"),
    QuestionState.ANSWERED: N_("Answered, on its way"),
    QuestionState.DELIVERED: N_("Delivered"),
    QuestionState.FAILED: N_("Failed"),
    QuestionState.EXPIRED: N_("Too late"),
    QuestionState.REFUSED: N_("Too many at once"),
}

HANDOFFS: Mapping[HandoffState, str] = {
    HandoffState.OPEN: N_("No answer yet"),
    HandoffState.ANSWERED: N_("Answered by a person"),
    HandoffState.RESOLVED: N_("Closed"),
    HandoffState.UNREACHED: N_("Nobody was reached"),
}

MESSAGES: Mapping[OutboxKind, str] = {
    OutboxKind.REPLY: N_("The answer"),
    OutboxKind.POST: N_("Question to the team"),
    OutboxKind.TOLD: N_("Notice of who was asked"),
    OutboxKind.UNREACHED: N_("Notice that nobody was reached"),
    OutboxKind.RELAY: N_("A person's answer"),
    OutboxKind.REMINDER: N_("A reminder"),
    OutboxKind.ASK_AGAIN: N_("Offer to ask again"),
}

DELIVERIES: Mapping[OutboxState, str] = {
    OutboxState.PENDING: N_("On its way"),
    OutboxState.DELIVERED: N_("Delivered"),
    OutboxState.FAILED: N_("Failed"),
}

ENTRIES: Mapping[EntryState, str] = {EntryState.LIVE: N_("live"), EntryState.RETIRED: N_("retired")}

SAMPLING: Mapping[str, str] = {
    "max_length": N_("Maximum tokens"),
    "temperature": N_("Temperature"),
    "top_p": N_("Top p"),
    "repetition_penalty": N_("Repetition penalty"),
}
"""How tokens are drawn: what a person may choose of it."""


def platform_name(platform: str, words: Words) -> str:
    """Return what people call a platform."""
    return words.say(PLATFORMS.get(platform, platform))


def workspace_name(workspace: str, words: Words) -> str:
    """Return what people call a workspace that is written as ``slack:T1``."""
    platform, _, name = workspace.partition(":")
    return f"{platform_name(platform, words)} · {name}"
