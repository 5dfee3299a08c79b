"""What a line of a log may contain: short, visible text without secrets, numbers, and containers of these.

A value may come from a stranger, so none can begin a line of its own, move a terminal's cursor, or fill the disk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from structlog.typing import EventDict

from supportbot.faults import locate, trace
from supportbot.telemetry.redactor import Redactor

MOST_CHARACTERS = 2_000
"""Of one value: a long sentence of ours has 300."""

MOST_TRACE_CHARACTERS = 8_000
"""Of an exception: eight of them with 24 places each would have 15,000, and the first ones tell the most."""

_MOST_LOOKED_AT = 4 * MOST_TRACE_CHARACTERS
"""What is cut off before anything is searched, so that a megabyte costs no time."""


class Plain:
    """Makes the values of events plain.

    Args:
        redactor: knows the secrets.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def event(self, event: EventDict) -> EventDict:
        """Return an event as a renderer may show it; ``exc_info`` holds an exception, if any."""
        error = event.pop("exc_info", None)
        made = {visible(str(key)): self._value(value) for key, value in event.items()}
        if isinstance(error, BaseException):
            made["exception"] = self._lines(trace(error))
        return made

    def text(self, text: str, most: int = MOST_CHARACTERS) -> str:
        """Return a text in one line: secrets out, what can't be seen spelt out, cut at ``most`` characters."""
        cleaned = visible(self._redactor.clean(text[:_MOST_LOOKED_AT]))
        return cleaned if len(cleaned) <= most else f"{cleaned[:most]}… ({len(text):,} characters)"

    def _lines(self, text: str) -> str:
        """Return the lines of an exception; all but the first are set in, so none looks like a line of the log."""
        first, *others = self._redactor.clean(text).split("\n")
        shown = "\n".join([visible(first), *(f"  {visible(line)}" for line in others)])
        return shown if len(shown) <= MOST_TRACE_CHARACTERS else f"{shown[:MOST_TRACE_CHARACTERS]}…"

    def _value(self, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, BaseException):
            return self.text(locate(value))
        if isinstance(value, str):
            return self.text(value)
        # As a whole first: a secret may be told by what stands before it, and a long list is cut as text.
        shown = str(value)
        if len(shown) > MOST_CHARACTERS or self._redactor.clean(shown) != shown:
            return self.text(shown)
        if isinstance(value, Mapping):
            return {str(self._value(key)): self._value(inner) for key, inner in value.items()}
        if isinstance(value, Sequence | Set) and not isinstance(value, bytes | bytearray):
            return [self._value(inner) for inner in value]
        return self.text(shown)


def visible(text: str) -> str:
    """Return a text with every character spelt out that shows nothing or that a terminal obeys."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
