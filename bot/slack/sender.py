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

A reply that one message can't hold continues in further ones of the thread, each with a mark of its own
(``messages``), one after the other. A later attempt posts the missing ones. An answer that is in no thread becomes
the root of one and continues there. Private messages are sent without marks, and after a failure all of them
again.

Slack takes a reply to a deleted message, and shows it to the whole channel instead. Such a reply is taken back.
Where Slack refuses the layout of an answer, the words are shown without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.slack.api_errors import LAYOUT_REFUSED, deleted_error, delivery_error, error_code
from bot.slack.bolt import library_logger
from bot.slack.identity import Identity
from bot.slack.marks import CLOCK_SKEW, PAGE, Found, Place, find_marked, marked, post_marked
from bot.slack.messages import AnswerMessage, Content, build_messages
from bot.slack.notices import Notices
from bot.slack.origin import leads_to_slack
from bot.slack.streaming import SlackStage
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
        pause: seconds between two messages of one answer.
    """

    def __init__(
        self, client: AsyncWebClient, identity: Identity, stage: SlackStage, pause: float = POST_SECONDS
    ) -> None:
        self._pause = pause
        self._client = client
        self._identity = identity
        self._stage = stage
        self._notices = Notices(client, identity)

    async def send(self, delivery: Delivery) -> str:
        """Show an answer, unless an earlier attempt did; return ``channel:timestamp`` of its first message.

        Raises:
            RetryLaterError: Slack asks to wait, cannot be reached, or does not answer sensibly.
            UndeliverableError: it will never work, and there is no private way either.
        """
        if PRIVATELY in delivery.reply_to and (private := _response_url(delivery)):
            return await self._respond(delivery, private)
        try:
            if delivery.kind is not OutboxKind.REPLY:
                return await self._notices.send(delivery)
            return f"{delivery.channel}:{await self._answer(delivery, build_messages(delivery))}"
        except SlackApiError as error:
            failure = delivery_error(error)
        except (aiohttp.ClientError, OSError) as error:
            raise RetryLaterError(f"no connection ({type(error).__name__})") from error
        response_url = _response_url(delivery) if delivery.kind is OutboxKind.REPLY else None
        if isinstance(failure, UndeliverableError) and response_url:
            return await self._respond(delivery, response_url)
        raise failure

    async def _answer(self, delivery: Delivery, messages: Sequence[AnswerMessage]) -> str:
        """Post what no earlier attempt did; return the timestamp of the first message."""
        first = messages[0]
        shown: dict[str, str] = {}
        if delivery.streamed and (ts := await self._complete(delivery, delivery.streamed, first)):
            shown[first.mark] = ts
        may_be_there = delivery.attempt > 1 or (delivery.streamed is not None and not shown)
        if may_be_there and len(shown) < len(messages):
            found = await self._find(delivery, [message.mark for message in messages])
            shown |= found.marked
            if not shown and found.unmarked and delivery.streamed == "":
                ts = await self._complete(delivery, found.unmarked, first)
                shown |= {first.mark: ts} if ts else {}
        for message in messages:
            if message.mark in shown:
                continue
            if shown:
                await asyncio.sleep(self._pause)
            thread = shown.get(first.mark) if _response_url(delivery) else delivery.thread
            try:
                shown[message.mark] = await self._show(message, partial(self._post, delivery, message, thread))
            except SlackApiError as error:
                failure = delivery_error(error)
                if shown and isinstance(failure, RetryLaterError):  # the next attempt looks for what is there
                    raise RetryLaterError(
                        str(failure), failure.seconds, whole_channel=failure.whole_channel
                    ) from error
                raise
        return shown[first.mark]

    async def _complete(self, delivery: Delivery, ts: str, message: AnswerMessage) -> str | None:
        """Turn a streamed message into the answer; return None if that can't be done any more."""
        await self._stage.stop(delivery.channel, ts)
        try:
            return await self._show(message, partial(self._update, delivery, message, ts))
        except SlackApiError as error:
            if error_code(error) not in _NOT_TO_BE_CHANGED:
                raise
            if error_code(error) != "message_not_found":
                await self._client.chat_delete(channel=delivery.channel, ts=ts)
        return None

    async def _show(self, message: AnswerMessage, show: Callable[[Content], Awaitable[str]]) -> str:
        try:
            return await show(message.content)
        except SlackApiError as error:
            if error_code(error) not in LAYOUT_REFUSED or (in_words := message.in_words()) == message.content:
                raise
            log.warning("slack.layout_refused", reason=error_code(error), mark=message.mark)
        return await show(in_words)

    async def _update(self, delivery: Delivery, message: AnswerMessage, ts: str, content: Content) -> str:
        answer = await self._client.chat_update(
            channel=delivery.channel,
            ts=ts,
            metadata=marked(message.mark),
            link_names=False,
            parse="none",
            **content,
        )
        self._identity.learn_app(answer.get("message"))
        return ts

    async def _post(self, delivery: Delivery, message: AnswerMessage, thread: str | None, content: Content) -> str:
        place = Place(delivery.channel, thread)
        return (await post_marked(self._client, self._identity, place, message.mark, content)).ts

    async def _find(self, delivery: Delivery, marks: Sequence[str]) -> Found:
        """Look for the messages that carry this delivery's marks, and for one of ours that carries none."""
        if _response_url(delivery):
            found = await self._find_in_channel(delivery, marks)
            if (root := found.marked.get(marks[0])) and len(marks) > 1:
                found.marked.update((await self._find_in_thread(delivery, root, root, marks[1:])).marked)
            return found
        oldest = str(delivery.reply_to.get("ts", delivery.thread))
        try:
            return await self._find_in_thread(delivery, delivery.thread, oldest, marks)
        except SlackApiError as error:
            if error_code(error) != "thread_not_found":
                raise
        for stray in (await self._find_in_channel(delivery, marks)).marked.values():
            await self._client.chat_delete(channel=delivery.channel, ts=stray)
        raise deleted_error()

    async def _find_in_thread(self, delivery: Delivery, root: str, oldest: str, marks: Sequence[str]) -> Found:
        pages = await self._client.conversations_replies(
            channel=delivery.channel, ts=root, oldest=oldest, include_all_metadata=True, limit=PAGE
        )
        return await find_marked(pages, self._identity, marks)

    async def _find_in_channel(self, delivery: Delivery, marks: Sequence[str]) -> Found:
        """Look in the same way for messages that are in no thread."""
        pages = await self._client.conversations_history(
            channel=delivery.channel,
            oldest=f"{(delivery.created_at - CLOCK_SKEW).timestamp():.6f}",
            include_all_metadata=True,
            limit=PAGE,
        )
        return await find_marked(pages, self._identity, marks)

    async def _respond(self, delivery: Delivery, response_url: str) -> str:
        """Show the answer to the asker alone."""
        if not leads_to_slack(response_url, self._client.base_url):
            raise UndeliverableError("The address for the private reply is not Slack's.")
        webhook = AsyncWebhookClient(
            response_url, session=self._client.session, retry_handlers=[], logger=library_logger()
        )
        for message in build_messages(delivery):
            try:
                response = await webhook.send_dict(
                    # A click's way would otherwise replace the message that was clicked on.
                    {"response_type": "ephemeral", "replace_original": False, **message.content}
                )
            except (aiohttp.ClientError, OSError) as error:
                raise RetryLaterError(f"no connection ({type(error).__name__})") from error
            if response.status_code == 429 or response.status_code >= 500:
                raise RetryLaterError(f"HTTP {response.status_code}")
            if response.status_code != 200:
                raise UndeliverableError(
                    "The bot is not in the channel, and the private reply to the command has expired."
                )
        return f"{delivery.channel}:private"


def _response_url(delivery: Delivery) -> str | None:
    """Return the private way to the asker, which only a slash command has, and a click on what it alone saw."""
    match delivery.reply_to:
        case {"response_url": str(url)}:
            return url
    return None
