"""Messages that can be recognised: each has its mark as metadata, by which a later attempt finds it."""

from __future__ import annotations

from collections.abc import AsyncIterable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from slack_sdk.models.metadata import Metadata
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.api_errors import deleted_error
from bot.slack.identity import Identity
from supportbot.delivery.dispatch import RetryLaterError

MARK_EVENT = "supportbot_answer"

BEGUN_EVENT = "supportbot_begun"
"""In the metadata of a message that is posted and updated while its answer is written, until it is the answer."""

PAGE = 200
"""Messages a page when looking for our own; Slack recommends no more."""

CLOCK_SKEW = timedelta(minutes=5)
"""Where Slack gives no timestamp to begin a search at, it begins a little before our own."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message goes, or stands: a channel, and there perhaps a thread."""

    channel: str
    thread: str | None


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of ours, by the names that Slack has for it."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class Found:
    """Messages of ours, by their timestamps: those with a mark that was looked for, and the newest without any."""

    marked: dict[str, str] = field(default_factory=dict)
    unmarked: str | None = None


def marked(mark: str) -> Metadata:
    """Return what a message carries by which it is found again."""
    return Metadata(event_type=MARK_EVENT, event_payload={"mark": mark})


async def post_marked(
    client: AsyncWebClient,
    identity: Identity,
    place: Place,
    mark: str,
    content: Mapping[str, Any],
    *,
    broadcast: bool = False,
) -> Posted:
    """Post a message with a mark.

    Args:
        client: carries the bot token and retries nothing.
        identity: learns from the message which app we are.
        place: where.
        mark: of the outbox row.
        content: its text and blocks.
        broadcast: whether the channel sees a message in a thread as well.

    Raises:
        SlackApiError: Slack refuses.
        UndeliverableError: the root of the thread was deleted.
        RetryLaterError: Slack answers something that is no message.
    """
    answer = await client.chat_postMessage(
        channel=place.channel,
        thread_ts=place.thread,
        reply_broadcast=True if broadcast else None,
        metadata=marked(mark),
        unfurl_links=False,
        unfurl_media=False,
        link_names=False,
        parse="none",
        **content,
    )
    match answer.data:
        case {"ts": str(ts)}:
            message = answer.get("message")
            identity.learn_app(message)
            if place.thread is not None and isinstance(message, dict) and "thread_ts" not in message:
                await client.chat_delete(channel=place.channel, ts=ts)
                raise deleted_error()
            return Posted(str(answer.get("channel") or place.channel), ts)
    raise RetryLaterError("an answer without a timestamp")


async def find_marked(
    pages: AsyncIterable[AsyncSlackResponse], identity: Identity, marks: Collection[str]
) -> Found:
    """Look among these pages for our messages that carry these marks, and for one of ours that carries none."""
    bot = await identity.get()
    found: dict[str, str] = {}
    unmarked: str | None = None
    async for page in pages:
        messages = page.get("messages")
        if not isinstance(messages, list):
            raise RetryLaterError("a page without messages")
        for message in messages:
            match message:
                case {"ts": str(ts), "bot_id": bot.bot_id, "metadata": {"event_payload": {"mark": mark}}} if (
                    mark in marks
                ):
                    found.setdefault(mark, ts)
                case {"ts": str(ts), "bot_id": bot.bot_id, "metadata": {"event_type": event}}:
                    unmarked = ts if event == BEGUN_EVENT else unmarked
                case {"ts": str(ts), "bot_id": bot.bot_id}:
                    unmarked = ts
        if len(found) == len(marks):
            break
    return Found(found, unmarked)
