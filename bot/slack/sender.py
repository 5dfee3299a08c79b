"""Shows answers in Slack, each exactly once.

The outbox retries, the library doesn't: it would post a second time when a connection drops after Slack accepted.
Every message carries its mark as metadata, and a later attempt looks for a message of ours with that mark before
it posts (``marks``). What goes to people who are asked, and from them, ``notices`` shows.

An answer goes into the thread of its question, in channels and in direct messages alike: with the manifest's
agent view, Slack shows each question to the bot as the root of a thread of its own. The answer to a slash command
goes into the channel with the question quoted; where the bot can't post, or the channel's policy wants answers
in threads only, it goes to the asker alone through the command's ``response_url``. That way knows no marks and
may, if the connection drops at the wrong moment, show an answer twice. A suggestion that somebody clicked is
answered where it was made, with the question quoted as well.

An answer that was shown while it was written has a message already: its stream is stopped, and the message becomes
the answer, mark and all. Doing that twice changes nothing. Where a crash came between the message and our note of
it, it is the one message of ours in the thread that has no mark.

Slack takes a reply to a deleted message, and shows it to the whole channel instead. Such a reply is taken back.
Where Slack refuses the layout of an answer, the words are shown without it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.slack.api_errors import LAYOUT_REFUSED, deleted_error, delivery_error, error_code
from bot.slack.bolt import library_logger
from bot.slack.handoffs import build_told
from bot.slack.identity import Identity
from bot.slack.marks import CLOCK_SKEW, PAGE, Found, Place, find_marked, marked, post_marked
from bot.slack.notices import Notices
from bot.slack.origin import leads_to_slack
from bot.slack.streaming import SlackStage
from bot.slack.views import build_answer, build_asked, build_preview, to_dicts
from supportbot.db.states import OutboxKind
from supportbot.delivery.claiming import Delivery
from supportbot.delivery.dispatch import RetryLaterError, UndeliverableError
from supportbot.intake.questions import PRIVATELY

log = structlog.get_logger(__name__)

POST_SECONDS = 1.0
"""Between two messages in a channel: https://docs.slack.dev/apis/web-api/rate-limits, "Posting messages"."""

_NOT_TO_BE_CHANGED = frozenset({"cant_update_message", "edit_window_closed", "message_not_found"})
"""A streamed message that somebody has deleted, or that a rule of the workspace keeps as it is."""


class SlackSender:
    """Delivers what the outbox holds for one workspace of Slack.

    Args:
        client: carries the bot token and retries nothing.
        identity: tells the bot's own messages from those of others.
        stage: stops the streams that it began.
    """

    def __init__(self, client: AsyncWebClient, identity: Identity, stage: SlackStage) -> None:
        self._client = client
        self._identity = identity
        self._stage = stage
        self._notices = Notices(client, identity)

    async def send(self, delivery: Delivery) -> str:
        """Show an answer, unless an earlier attempt did; return ``channel:timestamp`` of the message.

        Raises:
            RetryLaterError: Slack asks to wait, cannot be reached, or does not answer sensibly.
            UndeliverableError: it will never work, and there is no private way either.
        """
        if PRIVATELY in delivery.reply_to and (private := _response_url(delivery)):
            return await self._respond(delivery, private)
        try:
            if delivery.kind is not OutboxKind.REPLY:
                return await self._notices.send(delivery)
            ts = await self._complete(delivery, delivery.streamed) if delivery.streamed else None
            if ts is None and (delivery.attempt > 1 or delivery.streamed is not None):
                found = await self._find(delivery)
                ts = found.whole
                if ts is None and found.unmarked and delivery.streamed == "":
                    ts = await self._complete(delivery, found.unmarked)
            return f"{delivery.channel}:{ts or await self._post(delivery)}"
        except SlackApiError as error:
            failure = delivery_error(error)
        except (aiohttp.ClientError, OSError) as error:
            raise RetryLaterError(f"no connection ({type(error).__name__})") from error
        response_url = _response_url(delivery) if delivery.kind is OutboxKind.REPLY else None
        if isinstance(failure, UndeliverableError) and response_url:
            return await self._respond(delivery, response_url)
        raise failure

    async def _complete(self, delivery: Delivery, ts: str) -> str | None:
        """Turn a streamed message into the answer; return None if that can't be done any more."""
        await self._stage.stop(delivery.channel, ts)
        try:
            return await self._show(delivery, partial(self._update, delivery, ts))
        except SlackApiError as error:
            if error_code(error) not in _NOT_TO_BE_CHANGED:
                raise
            if error_code(error) != "message_not_found":
                await self._client.chat_delete(channel=delivery.channel, ts=ts)
        return None

    async def _post(self, delivery: Delivery) -> str:
        return await self._show(delivery, partial(self._post_content, delivery))

    async def _show(self, delivery: Delivery, show: Callable[[Mapping[str, Any]], Awaitable[str]]) -> str:
        content = _content(delivery)
        try:
            return await show(content)
        except SlackApiError as error:
            in_words = _content(delivery, words_only=True)
            if error_code(error) not in LAYOUT_REFUSED or in_words == content:
                raise
            log.warning("slack.layout_refused", reason=error_code(error), answer_id=delivery.answer_id)
        return await show(in_words)

    async def _update(self, delivery: Delivery, ts: str, content: Mapping[str, Any]) -> str:
        answer = await self._client.chat_update(
            channel=delivery.channel,
            ts=ts,
            metadata=marked(delivery.mark),
            link_names=False,
            parse="none",
            **content,
        )
        self._identity.learn_app(answer.get("message"))
        return ts

    async def _post_content(self, delivery: Delivery, content: Mapping[str, Any]) -> str:
        thread = None if _response_url(delivery) else delivery.thread
        place = Place(delivery.channel, thread)
        posted = await post_marked(self._client, self._identity, place, delivery.mark, content)
        return posted.ts

    async def _find(self, delivery: Delivery) -> Found:
        """Look for the message that carries this delivery's mark, and for one of ours that carries none."""
        if _response_url(delivery):
            return await self._find_in_channel(delivery)
        pages = self._client.conversations_replies(
            channel=delivery.channel,
            ts=delivery.thread,
            oldest=str(delivery.reply_to.get("ts", delivery.thread)),
            include_all_metadata=True,
            limit=PAGE,
        )
        try:
            return await find_marked(await pages, self._identity, delivery.mark)
        except SlackApiError as error:
            if error_code(error) != "thread_not_found":
                raise
        if stray := (await self._find_in_channel(delivery)).whole:
            await self._client.chat_delete(channel=delivery.channel, ts=stray)
        raise deleted_error()

    async def _find_in_channel(self, delivery: Delivery) -> Found:
        """Look likewise for what stands in no thread."""
        pages = await self._client.conversations_history(
            channel=delivery.channel,
            oldest=f"{(delivery.created_at - CLOCK_SKEW).timestamp():.6f}",
            include_all_metadata=True,
            limit=PAGE,
        )
        return await find_marked(pages, self._identity, delivery.mark)

    async def _respond(self, delivery: Delivery, response_url: str) -> str:
        """Show the answer to the asker alone."""
        if not leads_to_slack(response_url, self._client.base_url):
            raise UndeliverableError("The command's private way does not lead to Slack.")
        webhook = AsyncWebhookClient(
            response_url, session=self._client.session, retry_handlers=[], logger=library_logger()
        )
        try:
            response = await webhook.send_dict(
                # A click's way would otherwise replace the message that was clicked on.
                {"response_type": "ephemeral", "replace_original": False, **_content(delivery)}
            )
        except (aiohttp.ClientError, OSError) as error:
            raise RetryLaterError(f"no connection ({type(error).__name__})") from error
        if response.status_code == 429 or response.status_code >= 500:
            raise RetryLaterError(f"HTTP {response.status_code}")
        if response.status_code != 200:
            raise UndeliverableError("The bot is not in the channel, and the command's private way has expired.")
        return f"{delivery.channel}:private"


def _content(delivery: Delivery, *, words_only: bool = False) -> Mapping[str, Any]:
    answer_id, words = delivery.answer_id if delivery.votable else None, delivery.words
    blocks = build_answer(
        delivery.text,
        answer_id=answer_id,
        grounds=delivery.grounds,
        offers_sample=delivery.offers_sample,
        words_only=words_only,
        words=words,
    )
    if _response_url(delivery) or "asker_name" in delivery.reply_to:  # no message shows the question
        blocks.insert(0, build_asked(delivery.question, str(delivery.reply_to.get("asker_name", "")), words))
    if delivery.note is not None:  # it went to a human at once
        blocks += build_told(delivery.note, words)
    return {"text": build_preview(delivery.text), "blocks": to_dicts(blocks)}


def _response_url(delivery: Delivery) -> str | None:
    """Return the private way to the asker, which only a slash command has, and a click on what it alone saw."""
    match delivery.reply_to:
        case {"response_url": str(url)}:
            return url
    return None
