"""The messages that carry a reply: their bodies, their nonces, and how they are recognised in a channel."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bot.dialects.discord_text import build_answer_parts
from bot.discord.handoffs import build_told
from bot.discord.views import build_answer_view, build_mark, build_remarks, vote_id
from supportbot.delivery.claiming import Delivery
from supportbot.feedback.votes import Vote


def build_messages(delivery: Delivery) -> list[dict[str, Any]]:
    """Return the bodies of the messages that carry a reply; to be called where an event loop runs.

    The answer to a command quotes the question, which no message in the channel shows.
    """
    is_command = delivery.reply_to["kind"] == "interaction"
    question = delivery.question if is_command else None
    words = delivery.words
    mark = build_mark(delivery.grounds, words)
    if delivery.note is not None:  # it went to a human at once
        mark = build_told(delivery.note, words)
    texts = build_answer_parts(delivery.text, question, build_remarks(delivery.grounds, words), mark=mark)
    bodies = [_body(text) for text in texts]
    if delivery.votable:
        view = build_answer_view(
            delivery.answer_id,
            delivery.grounds.suggestions,
            offers_sample=delivery.offers_sample,
            offers_human=delivery.grounds.offers_human,
            handoff_id=delivery.note["handoff"] if delivery.note is not None else None,
            words=words,
        )
        bodies[-1]["components"] = view.to_components()
    return bodies


def build_beginning(text: str, question: str | None) -> dict[str, Any]:
    """Return the body of the first message of a reply of which so much is written.

    Args:
        text: of the reply so far.
        question: quoted above it, as in the reply.
    """
    return _body(build_answer_parts(text, question)[0])


def build_stream_nonce(message_id: str) -> str:
    """Return the nonce of the reply to a message that is posted while it is written; its reply has no mark yet."""
    return f"st-{hashlib.blake2b(message_id.encode(), digest_size=11).hexdigest()}"


def build_nonce(mark: str, number: int) -> str:
    """Return the nonce of a message of a reply, 25 characters at most, which is what Discord allows.

    Args:
        mark: of the reply.
        number: of the message, from 0.
    """
    if number == 0:
        return mark
    return f"sb-{hashlib.blake2b(f'{mark}:{number}'.encode(), digest_size=11).hexdigest()}"


def count_shown(message: discord.Message, delivery: Delivery, bodies: Sequence[dict[str, Any]], shown: int) -> int:
    """Return how many messages of a reply are shown, given one more of ours in the channel.

    The buttons, which the last one has, name the answer. The first one refers to the question if a message asked
    it. Any other is known by its text.

    Args:
        message: of ours, later than those that are counted.
        delivery: the reply.
        bodies: of its messages.
        shown: how many of them stand before this message.
    """
    if bodies[-1]["components"] and vote_id(delivery.answer_id, Vote.UP) in _custom_ids(message):
        return len(bodies)
    if bodies[shown]["components"]:
        return shown
    if shown == 0 and (question := delivery.reply_to.get("message_id")):
        is_next = message.reference is not None and str(message.reference.message_id) == question
    else:
        is_next = message.content.strip() == str(bodies[shown]["content"]).strip()
    return shown + is_next


def is_begun(message: discord.Message, reply_to: Mapping[str, Any]) -> bool:
    """Return whether a message of ours is the one in which a reply was shown while it was written.

    Args:
        message: that says to which message it replies, or of which command it is.
        reply_to: where the reply goes.
    """
    if (question := reply_to.get("message_id")) is not None:
        return message.reference is not None and str(message.reference.message_id) == question
    command = message.interaction_metadata
    return command is not None and str(command.id) == reply_to["interaction_id"]


def _body(text: str) -> dict[str, Any]:
    return {
        "content": text,
        "components": [],
        "allowed_mentions": discord.AllowedMentions.none().to_dict() | {"replied_user": False},
        "flags": discord.MessageFlags(suppress_embeds=True).value,
    }


def _custom_ids(message: discord.Message) -> set[str | None]:
    rows = (row for row in message.components if isinstance(row, discord.ActionRow))
    return {child.custom_id for row in rows for child in row.children if isinstance(child, discord.Button)}
