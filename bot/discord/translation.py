"""What the commands are called in German; in every other language they have their English names.

Discord shows a command in the language of whoever types it, and sends its English name. So nothing else changes.
"""

from __future__ import annotations

from collections.abc import Mapping

import discord
from discord import app_commands

GERMAN: Mapping[str, str] = {
    "ask": "fragen",
    "Ask the support bot a question.": "Dem Support-Bot eine Frage stellen.",
    "question": "frage",
    "Your question, in a sentence or two.": "Die Frage, in ein, zwei Sätzen.",
    "Answer this": "Beantworten",
    "stats": "statistik",
    "config": "einstellungen",
    "Decide what the support bot answers here.": "Festlegen, was der Support-Bot hier beantwortet.",
    "where": "wo",
    "This channel, all channels of the server that decide nothing else, or the weekly digest.": (
        "Dieser Kanal, alle Kanäle des Servers, für die nichts anderes gilt, oder der Wochenbericht."
    ),
    "Show how the bot did in the last seven days.": "Zeigen, wie es dem Bot in den letzten sieben Tagen ging.",
}


class CommandTranslator(app_commands.Translator):
    """Gives Discord the names and descriptions in other languages, when the commands are registered."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Return the words in a language, or None if there are none but English ones."""
        return GERMAN.get(string.message) if locale is discord.Locale.german else None
