"""Text on its way to Discord: what a model or a user wrote becomes something that pings nobody and hides nothing.

Mentions are switched off by ``AllowedMentions.none()`` as well; here they also stop looking like one. Markdown is
left alone except for masked links, whose address a reader could not see.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from discord.utils import escape_markdown, escape_mentions

from supportbot.printable import printable

LIMIT = 2_000
"""Length that Discord allows a message, counted in UTF-16 units, the strictest way to count."""

LABEL_LIMIT = 80
"""Length that Discord allows the label of a button, counted likewise."""

_QUOTE_LIMIT = 200
_ELLIPSIS = "…"
_FENCE = "```"


def build_answer_text(
    answer: str, quoted_question: str | None = None, remarks: Sequence[str] = (), *, mark: str = ""
) -> str:
    """Return the content of a reply: at most ``LIMIT`` long, never empty, without pings and masked links.

    Args:
        answer: what the asker is told.
        quoted_question: shown above the answer where no message shows what was asked.
        remarks: of these lines, harmless already, the first that fits stands below the answer. For none of them
            is the answer cut.
        mark: a line, harmless already, that stands below the answer in any case: rather is the answer cut.
    """
    text = _neutralised(answer).strip()
    if quoted_question is not None and (quote := _quote(quoted_question)):
        text = f"{quote}\n{text}"
    if not _is_visible(text):
        text = _ELLIPSIS
    if mark:
        return f"{cut(text, LIMIT - _length(mark) - 1)}\n{mark}"
    for remark in remarks:
        if _length(whole := f"{text}\n{remark}") <= LIMIT:
            return whole
    return cut(text, LIMIT)


def build_name(name: str) -> str:
    """Return the name of a person as one line that pings nobody and has no formatting."""
    # The library leaves alone what looks like an address, and a fence at its end with it.
    return escape_markdown(_one_line(name), ignore_links=False)


def build_label(text: str) -> str:
    """Return the label of a button: one line of at most ``LABEL_LIMIT``, never empty."""
    line = _one_line(text)
    if not _is_visible(line):
        return _ELLIPSIS
    if _length(line) <= LABEL_LIMIT:
        return line
    kept = line.encode("utf-16-le")[: (LABEL_LIMIT - len(_ELLIPSIS)) * 2].decode("utf-16-le", "ignore")
    return kept.rstrip() + _ELLIPSIS


def cut(text: str, limit: int) -> str:
    """Shorten text to ``limit`` UTF-16 units, at a space if one is near, closing a code block that is cut open."""
    if _length(text) <= limit:
        return text
    room = limit - len(_ELLIPSIS) - len("\n" + _FENCE)
    kept = text.encode("utf-16-le")[: room * 2].decode("utf-16-le", "ignore")
    words = kept.rsplit(maxsplit=1)[0] if len(kept.split()) > 1 else kept
    if len(words) > len(kept) * 3 // 4:
        kept = words
    kept += _ELLIPSIS
    return f"{kept}\n{_FENCE}" if kept.count(_FENCE) % 2 else kept


def _quote(question: str) -> str:
    """Return a question as one quoted line without formatting; empty if there is nothing to see in it."""
    line = _one_line(question)
    return f"> {escape_markdown(cut(line, _QUOTE_LIMIT))}" if _is_visible(line) else ""


def _one_line(text: str) -> str:
    return " ".join(_neutralised(text).split())


def _neutralised(text: str) -> str:
    text = printable(text)
    # A masked link needs the bracket and the parenthesis side by side; apart, both its halves are shown.
    return escape_mentions(text).replace("](", "] (")


def _is_visible(text: str) -> bool:
    # Categories: Z are separators, C are controls and zero-width characters, M are marks with nothing below.
    return any(unicodedata.category(character)[0] not in "ZCM" for character in text)


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
