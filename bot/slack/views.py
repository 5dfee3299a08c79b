"""What the bot shows: pure functions from plain text to Slack's blocks and strings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from slack_sdk.models.blocks import Block, MarkdownTextObject, SectionBlock

from bot.slack.feedback import build_feedback
from bot.slack.markup import escape, escaped_pieces
from supportbot.feedback.votes import VoteOutcome

THINKING_STATUS = "is thinking…"  # Slack puts the bot's name before it
THINKING_TEXT = "I am thinking about it…"

MAX_SECTIONS = 4
"""Sections of one answer: Slack refuses messages whose blocks hold more than about 13,000 characters."""

_PREVIEW_LIMIT = 3_000
_QUOTE_LIMIT = 300
_NOTHING = "…"


def build_answer(text: str, *, answer_id: int | None) -> list[Block]:
    """Return the blocks of an answer, with thumbs if it has an ``answer_id`` to vote on."""
    pieces = list(islice(escaped_pieces(text), MAX_SECTIONS + 1)) or [_NOTHING]
    if len(pieces) > MAX_SECTIONS:
        pieces[MAX_SECTIONS:] = [_NOTHING]
    blocks: list[Block] = [_section(piece) for piece in pieces]
    if answer_id is not None:
        blocks.append(build_feedback(answer_id))
    return blocks


def build_asked(question: str, asker_name: str) -> Block:
    """Return the block that says, above the answer to a slash command, who asked what; nobody is pinged."""
    asker = f"*{escape(asker_name)}*" if asker_name else "Somebody"
    quote = _shortened(" ".join(question.split()), _QUOTE_LIMIT)
    return _section(f"{asker} asked:\n> {quote}")


def build_preview(text: str) -> str:
    """Return the text for notifications and screen readers."""
    return _shortened(text, _PREVIEW_LIMIT)


def build_usage(command: str) -> str:
    """Return what somebody is told who typed the command alone."""
    return f"Type your question after the command, like this: `{escape(command)} how do I reset my password?`"


def build_thanks(outcome: VoteOutcome) -> str:
    """Return what a voter is told."""
    if outcome.previous is None:
        return "Thank you, your vote is recorded."
    if outcome.changed:
        return "Thank you, your vote is changed."
    return "Thank you, your vote was recorded already."


def to_dicts(blocks: Sequence[Block]) -> list[dict[str, object]]:
    """Return blocks as Slack's JSON, which checks Slack's limits on the way."""
    return [block.to_dict() for block in blocks]


def _section(escaped: str) -> SectionBlock:
    # verbatim: otherwise Slack makes mentions and links out of plain words such as @here.
    return SectionBlock(text=MarkdownTextObject(text=escaped, verbatim=True))


def _shortened(text: str, limit: int) -> str:
    """Return the escaped text, cut to ``limit`` characters."""
    pieces = list(islice(escaped_pieces(text, limit), 2))
    if not pieces:
        return _NOTHING
    return pieces[0] if len(pieces) == 1 else f"{pieces[0]}…"
