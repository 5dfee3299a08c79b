"""What is known, as it is set: the knowledge, the passages that may be quoted, and the encoder for both."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from threading import Lock

from supportbot.config import Settings
from supportbot.db.session import Database
from supportbot.knowledge.features import TextEncoder
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.passages import Passages


def make_knowledge(
    settings: Settings, database: Database, opener: Callable[[], TextEncoder | None] | None = None
) -> Knowledge:
    """Make the knowledge as it is set; it is empty until it is loaded, and opens its encoder then."""
    return Knowledge(
        database,
        opener or encoder_opener(settings),
        wrong_rate=settings.wrong_rate,
        small_talk=settings.small_talk,
    )


def make_passages(
    settings: Settings, database: Database, opener: Callable[[], TextEncoder | None]
) -> Passages | None:
    """Make the passages that may be quoted, empty until they are loaded; None where that is not set."""
    return Passages(database, opener) if settings.quote_documents else None


def encoder_opener(settings: Settings) -> Callable[[], TextEncoder | None]:
    """Return what opens the encoder that is set, once for all who ask, from any thread."""
    opened, lock = cache(partial(open_encoder, settings)), Lock()

    def open_once() -> TextEncoder | None:
        with lock:
            return opened()

    return open_once


def open_encoder(settings: Settings) -> TextEncoder | None:
    """Open the sentence encoder as it is set, or return None for n-grams alone; blocks.

    Raises:
        EncoderError: it cannot be used.
    """
    if settings.encoder == "none":
        return None
    from supportbot.knowledge.encoder import open as opening  # takes a second to import

    return opening.open_encoder(settings.encoder or "")
