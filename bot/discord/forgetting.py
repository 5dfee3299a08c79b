"""The question whether somebody shall be forgotten: two buttons that work in any process, for ever.

They carry nothing: who is erased is who clicked, as Discord says.
"""

from __future__ import annotations

import re
from typing import Any, Self

import aiohttp
import discord
import structlog

from bot.discord._interactions import tell, words_for
from bot.discord._serving import ServingClient
from bot.discord.questions import PLATFORM
from bot.erasure import (
    ASK_TEXT,
    CANCEL_LABEL,
    CANCELLED_TEXT,
    CONFIRM_LABEL,
    ERASING_TEXT,
    FAILED_TEXT,
    build_told,
)
from supportbot.privacy.person import Person
from supportbot.words import ENGLISH, Words

log = structlog.get_logger(__name__)

_LABELS = {"erase": CONFIRM_LABEL, "cancel": CANCEL_LABEL}


class ForgetButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"supportbot:forget:(?P<what>erase|cancel)",
):
    """One of the two buttons.

    Args:
        what: ``erase`` or ``cancel``.
        words: the bot's own.
    """

    def __init__(self, what: str, words: Words = ENGLISH) -> None:
        style = discord.ButtonStyle.danger if what == "erase" else discord.ButtonStyle.secondary
        super().__init__(
            discord.ui.Button(style=style, label=words.say(_LABELS[what]), custom_id=f"supportbot:forget:{what}")
        )
        self._what = what

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button that was clicked from its id."""
        return cls(match["what"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Erase who clicked, who alone is told what is gone, in place of the question."""
        client: ServingClient = interaction.client
        words = await words_for(interaction)
        if self._what == "cancel" or not client.service.can_forget:
            await _replace(interaction, words.say(CANCELLED_TEXT))
            return
        await _replace(
            interaction, words.say(ERASING_TEXT)
        )  # first, for an erasure may take longer than Discord waits
        try:
            person = Person(platform=PLATFORM, user=str(interaction.user.id))
            text = build_told(PLATFORM, await client.service.forget(person), words)
        except Exception:  # the library would swallow it, and the person would hear nothing
            log.exception("discord.not_forgotten")
            text = words.say(FAILED_TEXT)
        await tell(interaction, text)


async def ask_to_confirm(interaction: discord.Interaction[ServingClient]) -> None:
    """Ask whoever typed it, and only them, whether they shall be forgotten."""
    words = await words_for(interaction)
    view = discord.ui.View(timeout=None)
    for what in _LABELS:
        view.add_item(ForgetButton(what, words))
    await interaction.response.send_message(words.say(ASK_TEXT), view=view, ephemeral=True)


async def _replace(interaction: discord.Interaction[Any], text: str) -> None:
    try:
        await interaction.response.edit_message(content=text, view=None)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.warning("interaction.not_told", interaction_id=interaction.id, error=type(error).__name__)
