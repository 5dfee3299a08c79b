"""What the commands are called in other languages; in those without a catalogue they have their English names.

Discord shows a command in the language of whoever types it, and sends its English name. So nothing else changes.
"""

from __future__ import annotations

import discord
from discord import app_commands

from supportbot.words import N_, Words, nearest

NAMES = (N_("ask"), N_("question"), N_("stats"), N_("config"), N_("where"))
"""Of commands and what is typed after them: small letters without spaces, at most 32."""


class CommandTranslator(app_commands.Translator):
    """Gives Discord the names and descriptions in other languages, when the commands are registered."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Return the words in a language, or None if there are none but English ones."""
        language = nearest(locale.value)
        said = Words(language).say(string.message) if language else string.message
        return said if said != string.message else None
