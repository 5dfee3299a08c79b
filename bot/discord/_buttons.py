"""Buttons that carry a number of ours in their id, so that they work in any process, for ever."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Self

import discord

from supportbot.words import ENGLISH, Words


class NumberedButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=""):
    """A button that is about one row of the database.

    Args:
        number: of that row.
        row: of the buttons under the message, from 0.
        words: the bot's own.
    """

    _kind: ClassVar[str]
    _label: ClassVar[str]

    def __init_subclass__(cls, *, kind: str, label: str) -> None:
        """Define a button: its name within the id, and its label."""
        # 18 digits fit into the 64 bits of a database key.
        super().__init_subclass__(template=rf"supportbot:{kind}:(?P<number>[0-9]{{1,18}})")
        cls._kind, cls._label = kind, label

    def __init__(self, number: int, row: int | None = None, words: Words = ENGLISH) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.secondary,
                label=words.say(self._label),
                custom_id=self.id_of(number),
            ),
            row=row,
        )
        self.number = number

    @classmethod
    def id_of(cls, number: int) -> str:
        """Return the custom id of the button for a row."""
        return f"supportbot:{cls._kind}:{number}"

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button that was clicked from its id."""
        return cls(int(match["number"]))
