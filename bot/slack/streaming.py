"""Shows answers in Slack while they are written, in a message that the sender turns into the answer.

Slack's own streams need a thread, so the answers to commands and to clicks are posted when they are whole. A
stream is text to which text is added, and Slack reads Markdown in it. Nothing that is added can be changed any
more, so each sign that could ping somebody, or give a link other words than its address, is made harmless by
itself; see ``harmless``. A workspace that knows no streams has the message posted and updated instead, in the same
blocks as the answer: which one it is, its first answer tells.

``chat.startStream`` takes no metadata (https://docs.slack.dev/reference/methods/chat.startStream), so the message
has no mark yet; the sender knows it by its timestamp, or as the one message of ours in the thread without
metadata. While a stream is open, Slack refuses to update or to delete it (``streaming_state_conflict``,
``cant_delete_message``): it is stopped first.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.models.metadata import Metadata
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.dialects.slack_blocks import build_parts
from bot.dialects.slack_markup import escape
from bot.slack.api_errors import deleted_error, delivery_error, error_code
from bot.slack.marks import BEGUN_EVENT
from bot.slack.views import build_preview, to_dicts
from supportbot.delivery.dispatch import RetryLaterError
from supportbot.delivery.pace import Pace
from supportbot.delivery.stream_notes import Place

PACE = Pace(
    all=0.75,  # chat.appendStream: 100 a minute and workspace ("Tier 4")
    starts=3.0,  # chat.startStream: 20 a minute and workspace ("Tier 2")
    pause=1.0,  # as for any message in a channel
)
"""https://docs.slack.dev/apis/web-api/rate-limits"""

MOST_SHOWN = 11_000
"""Characters of a stream: Slack takes 12,000 at once, and the rest comes with the answer."""

UNKNOWN_METHOD = "unknown_method"

_NOT_OPEN = frozenset({"message_not_in_streaming_state", "message_not_found", UNKNOWN_METHOD})
_GONE = frozenset({"message_not_found"})

_PINGS = re.compile(r"(?<![\w/.])@")
_LOOK_ALIKES = str.maketrans({"[": "\uff3b", "|": "\uff5c"})


class SlackStage:
    """What ``supportbot.delivery.streaming.Stage`` asks for, in one workspace.

    Args:
        client: carries the bot token and retries nothing.
    """

    one_a_thread = True
    """What began just before a crash is known by nothing but having no mark."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._knows_streams = True

    @staticmethod
    def suits(reply_to: Mapping[str, Any]) -> bool:
        """Return whether an answer goes into a thread, with nothing above it."""
        return "ts" in reply_to and "response_url" not in reply_to and "asker_name" not in reply_to

    async def begin(self, place: Place, text: str) -> str:
        """Show the first words; return the timestamp of the message."""
        if self._knows_streams:
            try:
                return _timestamp(await self._start(place, text))
            except SlackApiError as error:
                if error_code(error) != UNKNOWN_METHOD:
                    raise delivery_error(error) from error
                self._knows_streams = False
        answer = await _asked(
            lambda: self._client.chat_postMessage(
                channel=place.channel,
                thread_ts=place.thread,
                metadata=Metadata(event_type=BEGUN_EVENT, event_payload={}),
                unfurl_links=False,
                unfurl_media=False,
                link_names=False,
                parse="none",
                **_content(text),
            )
        )
        ts, message = _timestamp(answer), answer.get("message")
        if isinstance(message, dict) and "thread_ts" not in message:  # as the sender says
            await self.take_back(place, ts)
            raise deleted_error()
        return ts

    async def go_on(self, place: Place, identity: str, shown: str, text: str) -> None:
        """Add what is new."""
        if self._knows_streams:
            if new := harmless(text[len(shown) : MOST_SHOWN]):
                await _asked(
                    lambda: self._client.chat_appendStream(channel=place.channel, ts=identity, markdown_text=new)
                )
            return
        await _asked(lambda: self._client.chat_update(channel=place.channel, ts=identity, **_content(text)))

    async def take_back(self, place: Place, identity: str) -> None:
        """Delete the message."""
        await self.stop(place.channel, identity)
        await _asked(lambda: self._client.chat_delete(channel=place.channel, ts=identity), _GONE)

    async def stop(self, channel: str, ts: str) -> None:
        """End a stream as it is, so that its message can be changed; one that has ended already stays so.

        Raises:
            RetryLaterError: Slack asks to wait, or cannot be reached.
            UndeliverableError: it will never work.
        """
        await _asked(lambda: self._client.chat_stopStream(channel=channel, ts=ts), _NOT_OPEN)

    async def _start(self, place: Place, text: str) -> AsyncSlackResponse:
        try:
            return await self._client.chat_startStream(
                channel=place.channel,
                thread_ts=place.thread,
                recipient_team_id=place.workspace,
                recipient_user_id=place.asker,
                markdown_text=harmless(text[:MOST_SHOWN]),
            )
        except (aiohttp.ClientError, OSError) as error:
            raise RetryLaterError(f"no connection ({type(error).__name__})") from error


def harmless(text: str) -> str:
    """Return a piece of Markdown that hides nothing and pings nobody, whatever stands before and after it.

    What can't be seen goes, ``&``, ``<`` and ``>`` are escaped as Slack wants it, and the signs that make links
    with words of their own, or that mentions begin with, are replaced by their look-alikes. The answer itself has
    the real ones.
    """
    return _PINGS.sub("\uff20", escape(text).translate(_LOOK_ALIKES))


def _timestamp(answer: AsyncSlackResponse) -> str:
    match answer.data:
        case {"ts": str(ts)}:
            return ts
    raise RetryLaterError("an answer without a timestamp")


def _content(text: str) -> Mapping[str, Any]:
    """Return the first message of an answer of which so much is written; the others come with the whole of it."""
    first = build_parts(text)[0]
    return {"text": build_preview(first.text), "blocks": to_dicts(first.blocks)}


async def _asked(
    call: Callable[[], Awaitable[AsyncSlackResponse]], passed_over: frozenset[str] = frozenset()
) -> AsyncSlackResponse:
    """Ask Slack for something; return its answer, also if that is one of the errors that are passed over."""
    try:
        return await call()
    except SlackApiError as error:
        if error_code(error) in passed_over and isinstance(error.response, AsyncSlackResponse):
            return error.response
        raise delivery_error(error) from error
    except (aiohttp.ClientError, OSError) as error:
        raise RetryLaterError(f"no connection ({type(error).__name__})") from error
