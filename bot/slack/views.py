"""What the bot shows: pure functions from texts to Slack's blocks and strings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from itertools import islice

from slack_sdk.models.blocks import ActionsBlock, Block, ContextBlock, MarkdownTextObject
from slack_sdk.models.blocks.block_elements import ButtonElement

from bot import approval
from bot.dialects.slack_markup import escape, escaped_pieces
from bot.dialects.slack_packing import NOTHING, build_section
from bot.quotation import MARK, build_source
from bot.slack.again import build_try_again
from bot.slack.feedback import build_feedback
from bot.slack.handoffs import build_ask_human
from bot.slack.suggestions import build_suggestions
from supportbot import markdown
from supportbot.feedback.votes import VoteOutcome
from supportbot.intake.questions import Grounds
from supportbot.words import ENGLISH, N_, Words

THINKING_STATUS = N_("is thinking…")  # Slack puts the bot's name before it
LOADING_MESSAGES = (N_("Reading the question…"), N_("Searching the answers…"), N_("Writing an answer…"))
"""Shown in turn below the question where Slack does so."""
THINKING_TEXT = N_("I'm thinking about it…")
ASKED_ALREADY_TEXT = N_("You've already asked this. The answer is here or on its way.")
SORRY_TEXT = N_("Sorry, something went wrong on my side. Please try again in a moment.")

_PREVIEW_LIMIT = 3_000
_QUOTE_LIMIT = 300


def build_below(
    answer_id: int | None, grounds: Grounds, *, offers_sample: bool = False, words: Words = ENGLISH
) -> list[Block]:
    """Return the blocks below an answer: who approved it or where it is quoted from, suggestions, thumbs.

    Args:
        answer_id: what thumbs and suggestions refer to; without it there are none.
        grounds: what the answer is based on.
        offers_sample: whether another answer can be had.
        words: the bot's own.
    """
    blocks: list[Block] = []
    if verified := approval.build_approval(grounds, escape, partial(build_date, words=words), words):
        blocks.append(_remark(words.say("✓ Verified by {approval}", approval=verified)))
    if source := build_source(grounds, escape, words):
        blocks.append(_remark(f"{words.say(MARK)}: {source}"))
    if answer_id is not None:
        blocks += build_suggestions(answer_id, grounds.suggestions, words)
        buttons: list[ButtonElement] = [
            *([build_try_again(answer_id, words)] if offers_sample else []),
            *([build_ask_human(answer_id, words)] if grounds.offers_human else []),
        ]
        if buttons:
            blocks.append(ActionsBlock(elements=buttons))
        blocks.append(build_feedback(answer_id, words))
    return blocks


def build_asked(question: str, asker_name: str, words: Words = ENGLISH) -> Block:
    """Return the block that says who asked what, above an answer whose question no message shows; no pings."""
    asker = f"*{escape(asker_name)}*" if asker_name else words.say("Someone")
    quote = shortened(" ".join(question.split()), _QUOTE_LIMIT)
    lead = words.say("{asker} asked:", asker=asker)
    return build_section(f"{lead}\n> {quote}")


def build_preview(text: str, limit: int = _PREVIEW_LIMIT) -> str:
    """Return the text for notifications and screen readers, escaped and without the signs of Markdown."""
    blocks = markdown.read(text)
    return shortened(text if markdown.is_plain(text, blocks) else markdown.to_text(blocks), limit)


def build_usage(command: str, words: Words = ENGLISH) -> str:
    """Return what somebody is told who typed the command alone."""
    return words.say(
        "Type your question after the command, like this: `{command} how do I reset my password?`",
        command=escape(command),
    )


def build_thanks(outcome: VoteOutcome, words: Words = ENGLISH) -> str:
    """Return what a voter is told."""
    if outcome.previous is None:
        return words.say("Thanks, your vote was recorded.")
    if outcome.changed:
        return words.say("Thanks, your vote was changed.")
    return words.say("Thanks, your vote was already recorded.")


def to_dicts(blocks: Sequence[Block]) -> list[dict[str, object]]:
    """Return blocks as Slack's JSON, which checks Slack's limits on the way."""
    return [block.to_dict() for block in blocks]


def build_date(moment: datetime, words: Words = ENGLISH) -> str:
    """Return a day as everybody reads it in their own language; the fallback is for clients that can't."""
    return f"<!date^{int(moment.timestamp())}^{{date_short}}|{approval.build_date(moment, words)}>"


def _remark(escaped: str) -> ContextBlock:
    return ContextBlock(elements=[MarkdownTextObject(text=escaped, verbatim=True)])


def shortened(text: str, limit: int) -> str:
    """Return the escaped text, cut to ``limit`` characters; never nothing."""
    pieces = list(islice(escaped_pieces(text, limit), 2))
    if not pieces:
        return NOTHING
    return pieces[0] if len(pieces) == 1 else f"{pieces[0]}…"
