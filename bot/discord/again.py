"""Asking again: the buttons for another sample, and for an edited question.

Buttons carry the number of the answer, or of the question, so they work in any process, for ever. A click is
answered like a command, with the question quoted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

import discord
import structlog

from bot.again import ASK_TEXT, TRIED_ALREADY_TEXT, TRY_TEXT
from bot.discord._buttons import NumberedButton
from bot.discord._interactions import SORRY_TEXT, keep_then_answer, whisper
from bot.discord._serving import ServingClient
from bot.discord.explanation import voter_of
from bot.discord.policy import may_decide
from bot.discord.questions import question_from_interaction, workspace_of
from bot.discord.suggestions import ASKED_ALREADY_TEXT, AskedAlreadyError
from supportbot.errors import SupportBotError, sentence_for_users
from supportbot.intake.questions import Accepted
from supportbot.intake.reception import Reception
from supportbot.words import ENGLISH, Words

log = structlog.get_logger(__name__)


class TryAgainButton(NumberedButton, kind="again", label=TRY_TEXT):
    """Has another answer drawn."""

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Ask; what goes wrong, only the person who clicked is told."""
        client: ServingClient = interaction.client
        kept = client.service.try_again(
            self.number,
            voter_of(interaction),
            partial(question_from_interaction, interaction),
            workspace=workspace_of(interaction),
            is_admin=_asks_whether_admin(interaction),
        )
        await _answer(interaction, kept, TRIED_ALREADY_TEXT)


class AskAgainButton(NumberedButton, kind="reworded", label=ASK_TEXT):
    """Asks a question as it reads since it was edited."""

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Ask; what goes wrong, only the person who clicked is told."""
        client: ServingClient = interaction.client
        kept = client.service.ask_again(
            self.number,
            voter_of(interaction),
            partial(question_from_interaction, interaction),
            workspace=workspace_of(interaction),
        )
        await _answer(interaction, kept, ASKED_ALREADY_TEXT)


def build_reworded_view(question_id: int, words: Words = ENGLISH) -> discord.ui.View:
    """Return the button below the word to who edited a question; to be called where an event loop runs."""
    view = discord.ui.View(timeout=None)
    view.add_item(AskAgainButton(question_id, words=words))
    return view


async def _answer(
    interaction: discord.Interaction[ServingClient], kept: Coroutine[Any, Any, Accepted], already: str
) -> None:
    try:
        await keep_then_answer(_new(kept, already), interaction)
    except SupportBotError as error:
        await whisper(interaction, sentence_for_users(error, SORRY_TEXT))
    except Exception:  # the library would swallow it, and the person would hear nothing
        log.exception("discord.not_asked_again", interaction_id=interaction.id)
        await whisper(interaction, SORRY_TEXT)


async def _new(kept: Coroutine[Any, Any, Accepted], already: str) -> Accepted:
    """Keep a question.

    Raises:
        AskedAlreadyError: it was there before.
    """
    accepted = await kept
    if not accepted.new and accepted.reception is not Reception.CLOSED:
        raise AskedAlreadyError(already)
    return accepted


def _asks_whether_admin(interaction: discord.Interaction[ServingClient]) -> Callable[[], Awaitable[bool]]:
    async def is_admin() -> bool:
        return interaction.guild_id is not None and may_decide(interaction)

    return is_admin
