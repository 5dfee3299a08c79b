"""A weekly digest as Slack shows it: pure functions to blocks.

Nothing in it pings anybody: what people wrote is escaped, and who helped stands there by name.
"""

from __future__ import annotations

from collections.abc import Sequence

from slack_sdk.models.blocks import Block, ContextBlock, HeaderBlock, MarkdownTextObject, PlainTextObject

from bot.slack.formatting import build_section
from bot.slack.markup import escape
from bot.slack.views import shortened
from supportbot.digest.digest import Digest
from supportbot.digest.gaps import Gap
from supportbot.digest.words import (
    ADD_COMMAND,
    ADD_TEXT,
    ASKED_TITLE,
    GAPS_TITLE,
    HELPED_TITLE,
    PRIVATE_TEXT,
    TITLE,
    gap_words,
    helped_words,
    more_words,
    quiet_words,
)
from supportbot.statistics.words import in_words

_GAPS = 10
_SHOWN = 200
"""Characters of a question, escaped: ten of them stay below the 3,000 of a section."""

_NAME = 60


def build_digest(digest: Digest, names: Sequence[str]) -> list[Block]:
    """Return a digest.

    Args:
        digest: what is told.
        names: of those who helped, as ``helped_words`` takes them, but not escaped yet.
    """
    if digest.is_quiet:
        return [build_section(f"*{TITLE}*\n{quiet_words(digest)}")]
    blocks: list[Block] = [
        HeaderBlock(text=PlainTextObject(text=TITLE, emoji=True)),
        build_section("\n".join(escape(line) for line in in_words(digest.figures))),
    ]
    if asked := digest.figures.most_asked:
        lines = [f"• {_one_line(one.question)} ({one.times:,})" for one in asked]
        blocks.append(build_section("\n".join([f"*{ASKED_TITLE}*", *lines])))
    if digest.gaps:
        lines = [*map(_gap, digest.gaps[:_GAPS]), more_words(len(digest.gaps[_GAPS:]))]
        blocks.append(build_section("\n".join([f"*{GAPS_TITLE}*", *filter(None, lines)])))
    if digest.helpers:
        shown = helped_words(digest, [shortened(name, _NAME) if name.strip() else "" for name in names])
        blocks.append(build_section(f"*{HELPED_TITLE}*\n{shown}"))
    if digest.gaps:
        add = MarkdownTextObject(text=f"{ADD_TEXT} `{ADD_COMMAND}`", verbatim=True)
        blocks.append(ContextBlock(elements=[add]))
    return blocks


def build_notification(digest: Digest) -> str:
    """Return what notifications say, escaped."""
    line = quiet_words(digest) if digest.is_quiet else in_words(digest.figures)[0]
    return escape(f"{TITLE}: {line}")


def _gap(gap: Gap) -> str:
    example = _one_line(gap.example) if gap.example else f"_{PRIVATE_TEXT}_"
    return f"• {example} ({gap_words(gap)})"


def _one_line(text: str) -> str:
    return shortened(" ".join(text.split()), _SHOWN)
