"""The messages that carry an answer: what each shows, and the mark by which it is recognised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import Block

from bot.dialects.slack_blocks import build_parts
from bot.dialects.slack_packing import Part
from bot.slack.handoffs import build_told
from bot.slack.views import build_asked, build_below, build_preview, to_dicts
from supportbot.delivery.claiming import Delivery

Content = dict[str, Any]
"""The text and the blocks of a message."""


@dataclass(frozen=True, slots=True)
class AnswerMessage:
    """One message of an answer.

    Attributes:
        mark: the first one's is that of the delivery.
        content: what it shows.
        in_words: makes the same for where Slack refuses the looks of the answer, which is hardly ever.
    """

    mark: str
    content: Content
    in_words: Callable[[], Content]


def build_messages(delivery: Delivery) -> list[AnswerMessage]:
    """Return the messages of a reply in order; what people can click on is in the last one.

    The answer to a command quotes the question, which no message in the channel shows.
    """
    parts = build_parts(delivery.text)
    words = delivery.words
    above: list[Block] = []
    if "response_url" in delivery.reply_to or "asker_name" in delivery.reply_to:
        above.append(build_asked(delivery.question, str(delivery.reply_to.get("asker_name", "")), words))
    answer_id = delivery.answer_id if delivery.votable else None
    below = build_below(answer_id, delivery.grounds, offers_sample=delivery.offers_sample, words=words)
    if delivery.note is not None:  # it went to a human at once
        below += build_told(delivery.note, words)
    last = len(parts) - 1
    return [
        _message(
            delivery.mark if number == 0 else f"{delivery.mark}/{number}",
            part,
            above if number == 0 else (),
            below if number == last else (),
        )
        for number, part in enumerate(parts)
    ]


def _message(mark: str, part: Part, above: Sequence[Block], below: Sequence[Block]) -> AnswerMessage:
    text = build_preview(part.text)

    def content(blocks: Sequence[Block]) -> Content:
        return {"text": text, "blocks": to_dicts([*above, *blocks, *below])}

    return AnswerMessage(mark, content(part.blocks), lambda: content(part.in_words()))
