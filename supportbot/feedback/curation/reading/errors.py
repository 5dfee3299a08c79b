"""The one error of reading a file that somebody brings."""

from __future__ import annotations

from supportbot.errors import SupportBotError


class ImportFileError(SupportBotError):
    """A file cannot be imported; the text names it, the lines, what is wrong with them and the remedy."""
