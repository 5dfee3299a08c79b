"""Verified questions that Discord offers while somebody types one.

The typed text is not stored, and errors are logged without it; the person then sees no suggestions.
"""

from __future__ import annotations

import discord
import structlog
from discord import app_commands

from bot.dialects.discord_parts import length
from bot.discord._serving import ServingClient
from bot.discord.questions import PLATFORM, workspace_of
from supportbot.printable import printable

log = structlog.get_logger(__name__)

MOST = 25
LONGEST = 100
"""Choices, and characters of one (Discord's limits); a choice is also what is then asked, so none is cut."""


async def complete_question(
    interaction: discord.Interaction[ServingClient], typed: str
) -> list[app_commands.Choice[str]]:
    """Return questions that may be meant, the likeliest first; perhaps none."""
    if (overview := interaction.client.service.overview) is None:
        return []
    try:
        found = await overview.complete(PLATFORM, workspace_of(interaction), typed, MOST, LONGEST)
    except Exception:
        log.exception("discord.completion_failed", interaction_id=interaction.id)
        return []
    return build_choices(found)


def build_choices(questions: list[str]) -> list[app_commands.Choice[str]]:
    """Return questions as Discord takes them; it refuses all if there is one among them that it refuses."""
    lines = dict.fromkeys(" ".join(printable(question).split()) for question in questions)
    fitting = [line for line in lines if 0 < length(line) <= LONGEST]
    return [app_commands.Choice(name=line, value=line) for line in fitting[:MOST]]
