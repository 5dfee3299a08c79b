"""Questions that were asked while nobody listened: after an outage or a restart, or when Slack gave up.

Slack delivers an event that was not acknowledged a few times and then never again, but it keeps the messages. So
the channels that the bot is in are read back, with their threads, and each message is heard as if its event had
come; what is known already changes nothing. Slash commands and clicks leave no message, so they are not found.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.api_errors import RATE_LIMITED, error_code, retry_after
from bot.slack.identity import Identity
from bot.slack.patience import Patience

log = structlog.get_logger(__name__)

_KINDS = "public_channel,private_channel,mpim,im"
_PAGE = 200
"""Channels or messages a page; Slack recommends no more."""

_MARGIN_SECONDS = 60.0
"""An outage begins before it is noticed, and Slack's clock is not ours."""

_UNREADABLE = frozenset({"channel_not_found", "not_in_channel", "is_archived", "thread_not_found"})
"""What the bot may not read any more holds nothing for it."""

Hear = Callable[[Mapping[str, Any]], Awaitable[object]]


class CatchUp:
    """Reads channels back whenever something may have been missed.

    Args:
        client: carries the bot token.
        identity: whom the messages are for.
        hear: handles the payload of one event; raises if the question could not be kept.
        reach: how far back a question is still worth hearing.
        patience: how long to wait before it is tried again.
    """

    def __init__(
        self, client: AsyncWebClient, identity: Identity, hear: Hear, reach: timedelta, patience: Patience
    ) -> None:
        self._client = client
        self._identity = identity
        self._hear = hear
        self._reach = reach.total_seconds()
        self._patience = patience
        self._since = 0.0
        self._due = asyncio.Event()

    def missed(self, since: float = 0.0) -> None:
        """Read back what was said since a time, in seconds of the epoch; by default as far as it reaches."""
        self._since = min(self._since, since) if self._due.is_set() else since
        self._due.set()

    async def run(self) -> None:
        """Read back whenever it is due, until cancelled."""
        attempt = 0
        while True:
            await self._due.wait()
            self._due.clear()
            since = max(self._since - _MARGIN_SECONDS, time.time() - self._reach)
            try:
                await self._read_all(since)
            except SlackApiError as error:
                code = error_code(error)
                if code == "missing_scope":
                    log.warning("slack.catch_up_not_allowed", remedy="add the scopes of bot/slack/manifest.yaml")
                    continue
                seconds = retry_after(error) or self._patience.pause(attempt)
                log.warning("slack.catch_up_failed", reason=code, retry_seconds=round(seconds, 1))
            except Exception as error:  # whatever a network or a database can do
                seconds = self._patience.pause(attempt)
                log.warning("slack.catch_up_failed", reason=type(error).__name__, retry_seconds=round(seconds, 1))
            else:
                attempt = 0
                continue
            attempt += 1
            self.missed(since + _MARGIN_SECONDS)
            await asyncio.sleep(seconds)

    async def _read_all(self, since: float) -> None:
        bot = await self._identity.get()
        heard = 0
        channels = self._pages(self._client.users_conversations, "channels", types=_KINDS, exclude_archived=True)
        async for channel in channels:
            messages = [message async for message in self._messages(channel["id"], since)]
            for message in sorted(messages, key=lambda one: float(one["ts"])):
                heard += 1
                await self._hear(
                    {
                        "team_id": bot.team,
                        "authorizations": [{"user_id": bot.user_id}],
                        "event": {
                            **message,
                            "type": "message",
                            "channel": channel["id"],
                            **({"channel_type": "im"} if channel.get("is_im") else {}),
                        },
                    }
                )
        log.info("slack.caught_up", messages=heard, seconds=round(time.time() - since))

    async def _messages(self, channel: str, since: float) -> AsyncIterator[dict[str, Any]]:
        """Yield what was said in a channel, and in its threads that begin no earlier than it reaches."""
        oldest = f"{since:.6f}"
        try:
            roots = self._pages(
                self._client.conversations_history,
                "messages",
                channel=channel,
                oldest=f"{time.time() - self._reach:.6f}",
            )
            async for root in roots:
                if float(root["ts"]) >= since:
                    yield root
                if float(root.get("latest_reply", 0)) >= since:
                    replies = self._pages(
                        self._client.conversations_replies,
                        "messages",
                        channel=channel,
                        ts=root["ts"],
                        oldest=oldest,
                    )
                    async for reply in replies:
                        if reply["ts"] != root["ts"]:
                            yield reply
        except SlackApiError as error:
            if error_code(error) not in _UNREADABLE:
                raise

    async def _pages(
        self, method: Callable[..., Awaitable[Any]], kind: str, **arguments: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield all that a method has, page by page, with the breaks that Slack asks for."""
        cursor: str | None = None
        while True:
            try:
                page = await method(limit=_PAGE, **arguments, **({"cursor": cursor} if cursor else {}))
            except SlackApiError as error:
                if error_code(error) != RATE_LIMITED:
                    raise
                await asyncio.sleep(retry_after(error) or self._patience.longest_pause)
                continue
            for item in page.get(kind) or ():
                yield item
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return
