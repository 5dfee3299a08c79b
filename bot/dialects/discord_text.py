"""Text on its way to Discord: what a model or a user wrote becomes something that pings nobody and hides nothing.

Mentions are switched off by ``AllowedMentions.none()`` as well; here they also stop looking like one. How Markdown
is shown, and how an answer becomes several messages, is told in ``discord_markdown`` and ``discord_parts``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from discord.utils import escape_markdown, escape_mentions

from bot.dialects.discord_addresses import harmless
from bot.dialects.discord_markdown import Block, blocks
from bot.dialects.discord_parts import length, parts, start_of
from supportbot.printable import printable

LIMIT = 2_000
"""Length that Discord allows a message, counted in UTF-16 units, the strictest way to count."""

LABEL_LIMIT = 80
"""Length that Discord allows the label of a button, counted likewise."""

QUOTE_LIMIT = 200
_ELLIPSIS = "…"


def build_answer_parts(
    answer: str, quoted_question: str | None = None, remarks: Sequence[str] = (), *, mark: str = ""
) -> list[str]:
    """Return the contents of the messages of a reply: each at most ``LIMIT`` long and not empty.

    Args:
        answer: what the asker is told.
        quoted_question: shown above the answer where no message shows what was asked.
        remarks: of these lines, harmless already, the first that fits is shown below the answer. If none fits,
            none is shown.
        mark: a line, harmless already, shown below the answer in any case, in another message if necessary.
    """
    found = blocks(printable(answer).strip())
    if not any(_is_visible(block.text) for block in found):
        found = [Block(_ELLIPSIS)]
    if quoted_question is not None and (quote := build_quote(quoted_question)):
        found = [Block(quote), replace(found[0], before="\n"), *found[1:]]
    texts = parts(found, LIMIT)
    for line in [mark] if mark else remarks:
        if length(whole := f"{texts[-1]}\n{line}") <= LIMIT:
            return [*texts[:-1], whole]
    return [*texts, mark] if mark else texts


def build_name(name: str) -> str:
    """Return the name of a person as one line that pings nobody and has no formatting."""
    # The library leaves alone what looks like an address, and a fence at its end with it.
    return escape_markdown(_one_line(name), ignore_links=False)


def build_label(text: str) -> str:
    """Return the label of a button: one line of at most ``LABEL_LIMIT``, never empty."""
    line = _one_line(text)
    if not _is_visible(line):
        return _ELLIPSIS
    return _cut(line, LABEL_LIMIT)


def _cut(text: str, limit: int) -> str:
    """Shorten a line to ``limit`` UTF-16 units."""
    if length(text) <= limit:
        return text
    return start_of(text, limit - len(_ELLIPSIS)).rstrip() + _ELLIPSIS


def build_quote(text: str, limit: int = QUOTE_LIMIT) -> str:
    """Return a text as one quoted line without formatting, harmless; empty if there is nothing to see in it."""
    line = _one_line(text)
    return harmless(f"> {escape_markdown(_cut(line, limit))}") if _is_visible(line) else ""


def _one_line(text: str) -> str:
    return " ".join(_neutralised(text).split())


def _neutralised(text: str) -> str:
    text = printable(text)
    # A masked link needs the bracket and the parenthesis side by side; apart, both its halves are shown.
    return escape_mentions(text).replace("](", "] (")


def _is_visible(text: str) -> bool:
    # Categories: Z are separators, C are controls and zero-width characters, M are marks with nothing below.
    return any(unicodedata.category(character)[0] not in "ZCM" for character in text)
