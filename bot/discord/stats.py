"""``/stats``: the figures of a server, shown to those alone who may manage it.

Discord hides the command from others, unless the server decides otherwise; so it is checked here once more.
"""

from __future__ import annotations

import discord
from discord import app_commands

from bot.dialects.discord_text import build_name
from bot.discord._interactions import keep_or_defer, tell, whisper, words_for
from bot.discord._serving import ServingClient
from bot.discord.permissions import build_lacking
from bot.discord.questions import PLATFORM, workspace_of
from supportbot.handoffs.listing import AllWaiting
from supportbot.statistics.overview import Overview
from supportbot.statistics.statistics import Statistics
from supportbot.statistics.words import in_words
from supportbot.words import ENGLISH, N_, Words

NOT_ALLOWED_TEXT = N_("Only people who can manage this server see its statistics.")

_SHOWN = 100
"""Characters of a question; escaped, five of them stay far below Discord's 2,000."""


@app_commands.command(description=N_("Show how the bot did in the last seven days."))
@app_commands.default_permissions(manage_guild=True)
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
async def stats(interaction: discord.Interaction[ServingClient]) -> None:
    """Show the figures to whoever may manage the server."""
    overview = interaction.client.service.overview
    if overview is None or not may_manage(interaction.permissions):
        await whisper(interaction, NOT_ALLOWED_TEXT)
        return
    await tell(interaction, await keep_or_defer(_figures(interaction, overview), interaction))


async def _figures(interaction: discord.Interaction[ServingClient], overview: Overview) -> str:
    server, handoffs = workspace_of(interaction), interaction.client.service.handoffs
    figures = await overview.statistics(PLATFORM, server)
    waiting = await handoffs.waiting(PLATFORM, server, most=1) if handoffs else None
    words = await words_for(interaction)
    told = [build_figures(figures, waiting, words), build_lacking(interaction.app_permissions, words)]
    return "\n".join(line for line in told if line)


def may_manage(permissions: discord.Permissions) -> bool:
    """Return whether somebody manages a server."""
    return permissions.administrator or permissions.manage_guild


def build_figures(figures: Statistics, waiting: AllWaiting | None = None, words: Words = ENGLISH) -> str:
    """Return the figures as a message.

    Args:
        figures: of the server.
        waiting: what people were asked there and nobody has answered, with the oldest of it.
        words: the bot's own.
    """
    lines = in_words(figures, words)
    if figures.most_asked:
        heading = words.say("Most asked verified questions")
        lines.append(f"**{heading}**")
        lines += [f"- {build_name(_cut(one.question))} ({words.number(one.times)})" for one in figures.most_asked]
    if waiting is not None and waiting.count:
        since = discord.utils.format_dt(waiting.oldest[0].asked_at, "R")
        lines.append(
            words.say("Open hand-offs: {count}, oldest {since}.", count=words.number(waiting.count), since=since)
        )
    return "\n".join(lines)


def _cut(question: str) -> str:
    line = " ".join(question.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
