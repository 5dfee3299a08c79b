"""The errors of reading a file that somebody brings."""

from __future__ import annotations

from collections.abc import Sequence

from supportbot.errors import SupportBotError


class ImportFileError(SupportBotError):
    """A file cannot be imported; the text names it, the lines, what is wrong with them and the remedy."""


class UnknownColumnsError(ImportFileError):
    """It is not known which column is what.

    Args:
        sentence: as of any such error.
        names: the columns that there are.
    """

    def __init__(self, sentence: str, names: Sequence[str]) -> None:
        super().__init__(sentence)
        self.names = tuple(names)
