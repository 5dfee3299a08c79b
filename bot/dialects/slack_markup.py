"""Slack's text format, read and written.

Reading turns its angle-bracket markup into what a person sees, without asking Slack who ``<@U1>`` is. Writing
escapes the three characters that Slack gives a meaning, so nothing that the bot says can ping anybody, hide an
address behind a word, or reorder a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.printable import printable

SECTION_LIMIT = 3_000
"""Characters of a section block's text, escapes counted (Slack's limit)."""

# A mention of a person, channel or group, or an address; then perhaps what is shown for it.
_MARKUP = re.compile(r"<([@#!][^<>|]+|[a-z][a-z0-9+.-]*:[^<>|]+)(?:\|([^<>]*))?>")
_SOMEBODY = re.compile(r"<(?:@|!subteam\^)[A-Z0-9]+[|>]")
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))
_ESCAPED_LENGTHS = {character: len(replacement) for character, replacement in _ESCAPES}


def to_plain(text: str, own_user: str | None = None) -> str:
    """Return a message as a person reads it, without the mention of the bot itself; in code it stays.

    Args:
        text: a message's text as Slack sends it.
        own_user: the bot's user id, if known.
    """
    if own_user:
        # After it a comma or a colon may stand, but not the one that an emoji begins with.
        own_mention = rf"[ \t]*<@{re.escape(own_user)}(?:\|[^<>]*)?>[ \t]*(?:,|:(?![\w+'-]+:))?[ \t]*"
        text = "".join(
            part if is_code else re.sub(own_mention, " ", part) for part, is_code in _split_at_code(text)
        )
    text = _MARKUP.sub(lambda match: _readable(match.group(1), match.group(2) or ""), text)
    for character, escape in reversed(_ESCAPES):  # &amp; last, or &amp;lt; would lose one level too many
        text = text.replace(escape, character)
    return text.strip()


def mentions(text: str, user: str) -> bool:
    """Return whether a message's text, as Slack sends it, mentions somebody; code mentions nobody."""
    mention = re.compile(rf"<@{re.escape(user)}[|>]")
    return any(not is_code and mention.search(part) for part, is_code in _split_at_code(text))


def names_somebody(text: str) -> bool:
    """Return whether a message's text, as Slack sends it, mentions a person or a group; code mentions nobody."""
    return any(not is_code and _SOMEBODY.search(part) for part, is_code in _split_at_code(text))


def _split_at_code(text: str) -> Iterator[tuple[str, bool]]:
    for number, part in enumerate(_CODE.split(text)):
        yield part, number % 2 == 1


def _readable(target: str, label: str) -> str:
    """Return what Slack shows for the inside of a pair of angle brackets."""
    if target.startswith("@"):
        return f"@{label or target[1:]}"
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        name = target.removeprefix("!subteam^").removeprefix("!").partition("^")[0]
        return label if label and not target.startswith(("!channel", "!here", "!everyone")) else f"@{name}"
    address = target.removeprefix("mailto:").removeprefix("tel:")
    if not label or label == address or target.endswith(f"://{label}"):
        return label or address
    return f"{label} ({address})"


def escape(text: str) -> str:
    """Return text that Slack shows as it is, and in which it finds no markup.

    What can't be seen, or reorders the text around it, is left out.
    """
    text = printable(text)
    for character, replacement in _ESCAPES:
        text = text.replace(character, replacement)
    return text


def escaped_pieces(text: str, limit: int = SECTION_LIMIT) -> Iterator[str]:
    """Yield the escaped text in pieces of at most ``limit`` characters, none of them blank.

    Pieces end at a line, else at a space, else anywhere, but never inside an escape.
    """
    return map(escape, pieces(text, limit))


def pieces(text: str, limit: int) -> Iterator[str]:
    """Yield likewise what, once it is escaped, has at most ``limit`` characters."""
    rest = printable(text).strip()
    while rest:
        size = _fitting(rest, limit)
        if size < len(rest):
            size = break_before(rest, size)
        piece, rest = rest[:size].rstrip(), rest[size:].lstrip()
        yield piece


def _fitting(text: str, limit: int) -> int:
    """Return how many characters of showable text fit into ``limit`` once they are escaped."""
    used = 0
    for index, character in enumerate(text):
        used += _ESCAPED_LENGTHS.get(character, 1)
        if used > limit:
            return index
    return len(text)


def break_before(text: str, size: int) -> int:
    """Return a good place to break a text at or before ``size``, but not in the first half: pieces stay few."""
    for separator in ("\n\n", "\n", " "):
        found = text.rfind(separator, size // 2, size)
        if found > 0:
            return found + len(separator)
    return size
