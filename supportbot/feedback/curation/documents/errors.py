"""The one error of learning from a document that somebody brings."""

from __future__ import annotations

from supportbot.errors import SupportBotError


class DocumentError(SupportBotError):
    """A document cannot be learned from; the text names it, what is wrong with it and the remedy."""
