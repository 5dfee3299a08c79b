"""An answer as the blocks of the one message that holds it."""

from __future__ import annotations

from slack_sdk.models.blocks import Block

from bot.dialects.slack_blocks import build_parts
from bot.slack.views import build_below
from supportbot.intake.questions import Grounds
from supportbot.words import ENGLISH, Words


def build_answer(
    text: str,
    *,
    answer_id: int | None,
    grounds: Grounds | None = None,
    offers_sample: bool = False,
    words: Words = ENGLISH,
) -> list[Block]:
    """Return the blocks of a short answer, and of what stands below it."""
    (part,) = build_parts(text)
    below = build_below(answer_id, grounds or Grounds(), offers_sample=offers_sample, words=words)
    return [*part.blocks, *below]
