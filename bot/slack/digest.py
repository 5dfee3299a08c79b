"""A weekly digest as Slack shows it: pure functions to blocks.

Nothing in it pings anybody: what people wrote is escaped, and people who helped are named in plain text.
"""

from __future__ import annotations

from collections.abc import Sequence

from slack_sdk.models.blocks import Block, ContextBlock, HeaderBlock, MarkdownTextObject, PlainTextObject

from bot.dialects.slack_markup import escape
from bot.dialects.slack_packing import build_section
from bot.slack.views import shortened
from supportbot.digest.digest import Digest
from supportbot.digest.words import ADD_COMMAND, ADD_TEXT, TITLE, Writing, quiet_words, sections
from supportbot.statistics.words import in_words
from supportbot.words import ENGLISH, Words

_GAPS = 10
_SHOWN = 200
"""Characters of a question, escaped: ten of them stay below the 3,000 of a section."""

_NAME = 60


def build_digest(digest: Digest, names: Sequence[str], words: Words = ENGLISH) -> list[Block]:
    """Return a digest.

    Args:
        digest: what is told.
        names: of those who helped, as ``helped_words`` takes them, but not escaped yet.
        words: the bot's own.
    """
    title = words.say(TITLE)
    if digest.is_quiet:
        return [build_section(f"*{title}*\n{quiet_words(digest, words)}")]
    blocks: list[Block] = [
        HeaderBlock(text=PlainTextObject(text=title, emoji=True)),
        build_section("\n".join(escape(line) for line in in_words(digest.figures, words))),
    ]
    escaped = [shortened(name, _NAME) if name.strip() else "" for name in names]
    blocks += [
        build_section("\n".join([f"*{title}*", *lines]))
        for title, lines in sections(digest, escaped, _GAPS, _WRITING, words)
    ]
    if digest.gaps:
        add = MarkdownTextObject(text=f"{words.say(ADD_TEXT)} `{ADD_COMMAND}`", verbatim=True)
        blocks.append(ContextBlock(elements=[add]))
    return blocks


def build_notification(digest: Digest, words: Words = ENGLISH) -> str:
    """Return what notifications say, escaped."""
    line = quiet_words(digest, words) if digest.is_quiet else in_words(digest.figures, words)[0]
    return escape(f"{words.say(TITLE)}: {line}")


def _one_line(text: str) -> str:
    return shortened(" ".join(text.split()), _SHOWN)


_WRITING = Writing(bullet="• ", quoted=_one_line, remark="_{}_".format)
