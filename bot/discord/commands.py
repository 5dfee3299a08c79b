"""The commands, and the one handler of their errors. Each translates the interaction, calls the service once, and
defers."""

from __future__ import annotations

import discord
import structlog
from discord import app_commands

from bot.discord._interactions import SORRY_TEXT, keep_then_answer, whisper
from bot.discord._serving import ServingClient
from bot.discord.completion import complete_question
from bot.discord.forgetting import ask_to_confirm
from bot.discord.questions import question_about_message, question_from_interaction
from bot.erasure import asks_to_be_forgotten
from supportbot.errors import SupportBotError, sentence_for_users
from supportbot.words import N_

log = structlog.get_logger(__name__)

_OUTDATED_TEXT = N_("This command has changed. Please reload Discord and try again.")


@app_commands.command(description=N_("Ask the support bot a question."))
@app_commands.describe(question=N_("Your question, in a sentence or two."))
@app_commands.autocomplete(question=complete_question)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
@app_commands.allowed_installs(guilds=True, users=True)
async def ask(interaction: discord.Interaction[ServingClient], question: str) -> None:
    """Answer a question or have a human asked; ask who wants to be forgotten whether they are sure."""
    if asks_to_be_forgotten(question) and interaction.client.service.can_forget:
        await ask_to_confirm(interaction)
        return
    incoming = question_from_interaction(interaction, question)
    await keep_then_answer(interaction.client.service.command(incoming), interaction)


@app_commands.context_menu(name=N_("Answer this"))
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
@app_commands.allowed_installs(guilds=True, users=True)
async def answer_this(interaction: discord.Interaction[ServingClient], message: discord.Message) -> None:
    """Answer a message that somebody chose."""
    incoming = question_about_message(interaction, message)
    await keep_then_answer(interaction.client.service.ask(incoming), interaction)


class SupportTree(app_commands.CommandTree[ServingClient]):
    """The commands of the bot, with one place for what goes wrong in them."""

    async def on_error(
        self, interaction: discord.Interaction[ServingClient], error: app_commands.AppCommandError, /
    ) -> None:
        """Log the error and show a sentence that was written for people, never the error itself."""
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        if isinstance(cause, SupportBotError):
            text = sentence_for_users(cause, SORRY_TEXT)
        elif isinstance(cause, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            text = _OUTDATED_TEXT
        else:
            text = SORRY_TEXT
        log.error("discord.command_failed", interaction_id=interaction.id, exc_info=cause)
        await whisper(interaction, text)
