"""The tokens of an answer, each with its probability."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from supportbot.playground.writing import Token
from supportbot.printable import printable
from supportbot.words import N_, Words

_HINT = N_(
    "The darker a token, the less likely the model thought it was. Point at a token or use the arrow keys to "
    "see its numbers."
)


class Tokens(ui.element, component="tokens.js"):
    """The tokens of an answer.

    Args:
        label: what they are, for screen readers.
        tokens: in their order.
        words: the console's own.
    """

    def __init__(self, label: str, tokens: Sequence[Token], words: Words) -> None:
        super().__init__()
        self._props["label"] = label
        self._props["hint"] = words.say(_HINT)
        self._props["tokens"] = [[_shown(one.text), one.probability, _told(one, words)] for one in tokens]


def _shown(text: str) -> str:
    """Return what stands for a token: a line break is seen as well; a part of a character is a dot."""
    return printable(text).replace("\n", "↵\n") or "·"


def _told(token: Token, words: Words) -> str:
    text = printable(token.text)
    name = f"“{text.replace(chr(10), '↵')}”" if text else words.say("a part of a character")
    if token.probability is None:
        return words.say("{token}: the server gives no probability", token=name)
    return words.say("{token}: {percent}%", token=name, percent=words.tenths(100 * token.probability))
