"""Verified questions under an answer that is not sure: buttons that work in any process, for ever.

A button carries which suggestion of which answer it is; the text to ask comes from the database. A click is
answered as a command is, publicly and with the question quoted.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Self

import discord
import structlog

from bot.dialects.discord_text import build_label
from bot.discord._interactions import SORRY_TEXT, keep_then_answer, whisper
from bot.discord._serving import ServingClient
from bot.discord.explanation import voter_of
from bot.discord.questions import question_from_choice, workspace_of
from supportbot.errors import SupportBotError, sentence_for_users
from supportbot.intake.questions import Accepted
from supportbot.intake.reception import Reception
from supportbot.words import N_

log = structlog.get_logger(__name__)

ASKED_ALREADY_TEXT = N_(
    "You've already asked this. The answer is in this channel or on its way. To ask it again, please type it."
)


class SuggestionButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    # 18 digits fit into the 64 bits of a database key.
    template=r"supportbot:suggestion:(?P<answer_id>[0-9]{1,18}):(?P<number>[0-9]{1,2})",
):
    """One question that may have been meant.

    Args:
        answer_id: the answer that suggests it.
        number: which of its suggestions, from 0.
        question: what is suggested.
        row: of the buttons under the message, from 0.
    """

    def __init__(self, answer_id: int, number: int, question: str, row: int | None = None) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.secondary,
                label=build_label(question),
                custom_id=suggestion_id(answer_id, number),
            ),
            row=row,
        )
        self._answer_id = answer_id
        self._number = number

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button that was clicked from its id."""
        label = item.label if isinstance(item, discord.ui.Button) else None
        return cls(int(match["answer_id"]), int(match["number"]), label or "")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Ask the question; what goes wrong, only the person who clicked is told."""
        try:
            await keep_then_answer(self._ask(interaction), interaction)
        except SupportBotError as error:
            await whisper(interaction, sentence_for_users(error, SORRY_TEXT))
        except Exception:  # the library would swallow it, and the person would hear nothing
            log.exception("discord.choice_failed", answer_id=self._answer_id)
            await whisper(interaction, SORRY_TEXT)

    async def _ask(self, interaction: discord.Interaction[ServingClient]) -> Accepted:
        """Keep the question.

        Raises:
            AskedAlreadyError: this person has clicked on this suggestion before.
            UnknownSuggestionError: it is no longer there.
        """
        build = partial(question_from_choice, interaction, self._answer_id, self._number)
        accepted = await interaction.client.service.choose(
            self._answer_id, self._number, voter_of(interaction), build, workspace=workspace_of(interaction)
        )
        if not accepted.new and accepted.reception is not Reception.CLOSED:
            raise AskedAlreadyError(ASKED_ALREADY_TEXT)
        return accepted


class AskedAlreadyError(SupportBotError):
    """Somebody clicked a second time: there will be no second answer to show in its place."""


def suggestion_id(answer_id: int, number: int) -> str:
    """Return the custom id of a suggestion."""
    return f"supportbot:suggestion:{answer_id}:{number}"
