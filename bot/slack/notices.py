"""Shows messages in Slack that are not answers, each exactly once, as ``sender`` does with answers: those of a
hand-off, and the offer to a person who has edited an answered question. People are asked in a channel, in a direct
message, or as a group in the thread of the question. The asker is told in the place of the answer. If only they
saw the answer, the bot writes to them directly, because private replies to a command are possible only for half an
hour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.web.async_client import AsyncWebClient

from bot.again import REWORDED_TEXT
from bot.handoffs import SOMEBODY, STILL_OPEN_TEXT, UNREACHED_TEXT
from bot.slack.again import build_reworded
from bot.slack.handoffs import build_about, build_post, build_relay, build_reminder, build_told, build_unreached
from bot.slack.identity import Identity
from bot.slack.lookups import find_link, find_name
from bot.slack.marks import CLOCK_SKEW, PAGE, Place, find_marked, post_marked
from bot.slack.views import build_preview, to_dicts
from supportbot.db.states import OutboxKind
from supportbot.delivery.claiming import Delivery
from supportbot.delivery.dispatch import RetryLaterError
from supportbot.handoffs.target import TargetKind
from supportbot.words import Words


class Notices:
    """Delivers what is no answer.

    Args:
        client: carries the bot token and retries nothing.
        identity: tells the bot's own messages from those of others.
    """

    def __init__(self, client: AsyncWebClient, identity: Identity) -> None:
        self._client = client
        self._identity = identity

    async def send(self, delivery: Delivery) -> str:
        """Show a message, unless an earlier attempt did; return ``channel:timestamp`` of it.

        Raises:
            SlackApiError: Slack refuses.
            RetryLaterError: Slack does not answer sensibly.
            UndeliverableError: the thread was deleted.
        """
        place = await self._place(delivery)
        if delivery.attempt > 1 and (ts := await self._find(delivery, place)):
            return f"{place.channel}:{ts}"
        text, blocks = await self._content(delivery)
        if place.channel != delivery.channel and _is_for_asker(delivery):
            blocks = [build_about(delivery.question, delivery.words), *blocks]
        posted = await post_marked(
            self._client,
            self._identity,
            place,
            delivery.mark,
            {"text": build_preview(text), "blocks": to_dicts(blocks)},
            # People who did not write in a thread hear nothing of it.
            broadcast=delivery.kind is OutboxKind.REMINDER and _note(delivery)["kind"] == TargetKind.CHANNEL,
        )
        return f"{posted.channel}:{posted.ts}"

    async def _place(self, delivery: Delivery) -> Place:
        note = _note(delivery)
        if _is_for_asker(delivery) or note["kind"] == TargetKind.GROUP:
            return await self._asker_place(delivery)
        if delivery.kind is OutboxKind.REMINDER:
            channel, _, ts = str(note["post"]).partition(":")
            return Place(channel, ts)
        if note["kind"] == TargetKind.PERSON:
            return Place(await self._open(str(note["target"])), None)
        return Place(str(note["target"]), None)

    async def _asker_place(self, delivery: Delivery) -> Place:
        if "response_url" not in delivery.reply_to:
            return Place(delivery.channel, delivery.thread)
        channel, _, ts = str(_note(delivery).get("anchor") or "").partition(":")
        if ts and ts != "private":  # the bot's answer to a command is the root of a thread
            return Place(channel, ts)
        return Place(await self._open(delivery.asker), None)

    async def _open(self, user: str) -> str:
        """Return the channel of the direct messages with somebody."""
        answer = await self._client.conversations_open(users=user)
        match answer.data:
            case {"channel": {"id": str(channel)}}:
                return channel
        raise RetryLaterError("no channel for direct messages")

    async def _find(self, delivery: Delivery, place: Place) -> str | None:
        oldest = f"{(delivery.created_at - CLOCK_SKEW).timestamp():.6f}"
        if place.thread is None:
            pages = await self._client.conversations_history(
                channel=place.channel, oldest=oldest, include_all_metadata=True, limit=PAGE
            )
        else:
            pages = await self._client.conversations_replies(
                channel=place.channel, ts=place.thread, oldest=oldest, include_all_metadata=True, limit=PAGE
            )
        found = await find_marked(pages, self._identity, [delivery.mark])
        return found.marked.get(delivery.mark)

    async def _content(self, delivery: Delivery) -> tuple[str, Sequence[Block]]:
        """Return what notifications say, and the blocks."""
        note, words = _note(delivery), delivery.words
        match delivery.kind:
            case OutboxKind.POST:
                return delivery.question, build_post(delivery, await self._link(delivery))
            case OutboxKind.RELAY:
                return delivery.text, build_relay(await self._name(note, words), delivery.text, words)
            case OutboxKind.REMINDER:
                return words.say(STILL_OPEN_TEXT), build_reminder(note, words)
            case OutboxKind.ASK_AGAIN:
                return words.say(REWORDED_TEXT), build_reworded(delivery.question_id, words)
            case OutboxKind.TOLD:
                return words.say("I've asked a human."), build_told(note, words)
            case _:
                return words.say(UNREACHED_TEXT), build_unreached(words)

    async def _link(self, delivery: Delivery) -> str | None:
        """Return the address of the question, or of the answer to a command; None where others can't open it."""
        if delivery.is_from_elsewhere or delivery.channel.startswith("D"):
            return None
        ts = delivery.reply_to.get("ts") or str(_note(delivery).get("anchor") or "").partition(":")[2]
        if not ts or ts == "private":
            return None
        return await find_link(self._client, delivery.channel, str(ts))

    async def _name(self, note: Mapping[str, Any], words: Words) -> str:
        return await find_name(self._client, str(note.get("author", ""))) or words.say(SOMEBODY)


def _is_for_asker(delivery: Delivery) -> bool:
    kinds = (OutboxKind.TOLD, OutboxKind.UNREACHED, OutboxKind.RELAY, OutboxKind.ASK_AGAIN)
    return delivery.kind in kinds


def _note(delivery: Delivery) -> Mapping[str, Any]:
    return delivery.note or {}
