"""Questions that arrived while the bot was not listening: after an outage or a restart, or when Slack gave up.

Slack delivers an event that was not acknowledged a few times and then never again, but it keeps the messages. So
the channels that the bot is in are read back, with their threads, and each message is processed as if its event
had come; known ones change nothing. A channel or a message that fails does not delay the others. Slash commands
and clicks leave no message, so they are not found.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.attempts import MOST_ATTEMPTS, Attempts, passes
from bot.slack.api_errors import RATE_LIMITED, error_code, retry_after
from bot.slack.identity import Identity
from bot.slack.patience import Patience
from supportbot.telemetry.way import hearing

log = structlog.get_logger(__name__)

_KINDS = "public_channel,private_channel,mpim,im"
_PAGE = 200
"""Channels or messages a page; Slack recommends no more."""

MOST_UNASKED = 100
"""Channels read back in which nobody has ever asked: one call each, of which Slack allows about 50 a minute. Where
somebody asked, all are read, the lately used ones first."""

_MARGIN_SECONDS = 60.0
"""An outage begins before it is noticed, and Slack's clock is not ours."""

_TROUBLED_SECONDS = 60.0
"""Between two attempts to read a channel that has failed more than a few times, though Slack itself answers."""

_UNREADABLE = frozenset({"channel_not_found", "not_in_channel", "is_archived", "thread_not_found"})
"""What the bot may not read any more holds nothing for it."""

Hear = Callable[[Mapping[str, Any]], Awaitable[object]]


class CatchUp:
    """Reads channels back whenever something may have been missed.

    Args:
        client: carries the bot token.
        identity: whom the messages are for.
        hear: handles the payload of one event; raises if the question could not be kept.
        asked_in: returns the channels of a workspace that somebody asked in, the lately used ones first.
        reach: how far back a question is still worth hearing.
        patience: how long to wait before it is tried again.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        identity: Identity,
        hear: Hear,
        asked_in: Callable[[str], Awaitable[Sequence[str]]],
        reach: timedelta,
        patience: Patience,
    ) -> None:
        self._client = client
        self._identity = identity
        self._hear = hear
        self._asked_in = asked_in
        self._reach = reach.total_seconds()
        self._patience = patience
        self._attempts = Attempts()
        self._since = 0.0
        self._done: set[str] = set()
        self._due = asyncio.Event()

    def missed(self, since: float = 0.0) -> None:
        """Read back what was said since a time, in seconds of the epoch; by default as far as it reaches."""
        self._done = set()
        self._since = min(self._since, since) if self._due.is_set() else since
        self._due.set()

    async def run(self) -> None:
        """Read back whenever it is due, until cancelled."""
        attempt = 0
        while True:
            await self._due.wait()
            self._due.clear()
            since = self._since
            seconds = None
            try:
                if await self._read_all(max(since - _MARGIN_SECONDS, time.time() - self._reach)):
                    attempt = 0
                    continue
                reason = "channels are left"
                seconds = _TROUBLED_SECONDS if attempt >= MOST_ATTEMPTS else None
            except SlackApiError as error:
                reason = error_code(error)
                if reason == "missing_scope":
                    log.warning("slack.catch_up_not_allowed", remedy="add the scopes of bot/slack/manifest.yaml")
                    continue
                seconds = retry_after(error)
            except Exception as error:  # whatever a network or a database can do
                reason = type(error).__name__
            seconds = seconds or self._patience.pause(attempt)
            log.warning("slack.catch_up_failed", reason=reason, retry_seconds=round(seconds, 1))
            attempt += 1
            self._since = min(self._since, since) if self._due.is_set() else since
            self._due.set()  # not ``missed``: what was read already need not be read once more
            await asyncio.sleep(seconds)

    async def _read_all(self, since: float) -> bool:
        """Read every channel that is not done yet; return False if some must be tried again."""
        started, heard, left = time.monotonic(), 0, 0
        done = self._done  # another set takes its place when something more is missed
        for channel in await self._channels():
            if channel["id"] in done:
                continue
            try:
                count = await self._read(channel, since)
            except SlackApiError as error:
                if error_code(error) == "missing_scope":
                    raise
                log.warning("slack.channel_not_read", reason=error_code(error))
                count = None
            if count is None:
                left += 1  # the others need not wait for it
            else:
                heard += count
                done.add(channel["id"])
        seconds = round(time.monotonic() - started, 1)
        log.info("slack.caught_up", messages=heard, channels_left=left, seconds=seconds)
        return not left

    async def _channels(self) -> list[dict[str, Any]]:
        """Return the channels to read, those first where a question is likely."""
        bot = await self._identity.get()
        ranks = {channel: rank for rank, channel in enumerate(await self._asked_in(bot.team))}
        found = self._pages(self._client.users_conversations, "channels", types=_KINDS, exclude_archived=True)
        channels = [channel async for channel in found]
        asked = sorted((one for one in channels if one["id"] in ranks), key=lambda one: ranks[one["id"]])
        others = [one for one in channels if one["id"] not in ranks]
        if len(others) > MOST_UNASKED:
            log.info("slack.channels_passed_over", channels=len(others) - MOST_UNASKED)
        return asked + others[:MOST_UNASKED]

    async def _read(self, channel: Mapping[str, Any], since: float) -> int | None:
        """Hear what was said in a channel; return how much, or None if some of it could not be kept."""
        bot = await self._identity.get()
        all_kept = True
        messages = [message async for message in self._messages(channel["id"], since)]
        for message in sorted(messages, key=lambda one: float(one["ts"])):
            name = f"{channel['id']}:{message['ts']}"
            if self._attempts.is_given_up(name):
                continue
            event = {
                **message,
                "type": "message",
                "channel": channel["id"],
                **({"channel_type": "im"} if channel.get("is_im") else {}),
            }
            try:
                with hearing():
                    await self._hear(
                        {"team_id": bot.team, "authorizations": [{"user_id": bot.user_id}], "event": event}
                    )
            except Exception as error:
                if passes(error):
                    raise
                if self._attempts.failed(name):
                    log.exception("slack.message_given_up", message=name)
                else:
                    all_kept = False
        return len(messages) if all_kept else None

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
