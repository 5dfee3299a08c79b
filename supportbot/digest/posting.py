"""Posting digests: the loop of a daemon, each digest once a week, whichever daemon does it and whatever ends it.

What is due becomes a row first, of which there is one for each workspace and week. Whoever claims it reads the
digest, with no transaction open, and has the platform post it. If that process ends in between, the claim runs
out, and another one finds the message by its mark, or posts it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import clock
from supportbot.db.looking import look_repeatedly
from supportbot.db.models import WHOLE_WORKSPACE, ChannelPolicy, Workspace
from supportbot.db.session import Database
from supportbot.delivery.dispatch import RetryLaterError, UndeliverableError
from supportbot.digest.digest import Digest, Digests
from supportbot.digest.posts import Post, add, claim, deliver, give_up, postpone, release
from supportbot.digest.week import channel_of, is_quiet, week_of
from supportbot.policies.layers import effective
from supportbot.words import SOURCE, Language, Words

log = structlog.get_logger(__name__)

LOOK_SECONDS = 20.0
"""Nobody notices a third of a minute at nine o'clock."""

_SEND_SECONDS = 30.0
_LEASE = timedelta(minutes=5)
"""To encode the questions of a busy week takes seconds, and to post the digest at most ``_SEND_SECONDS``."""

_RETRY_SECONDS = 60.0
"""Between attempts, unless the platform asks for more; there is a day for them."""

_NO_CHANNEL = "name a channel with `supportbot policy set … digest_channel=…`, or in the form for all channels"


class Poster(Protocol):
    """How one platform posts a digest."""

    @property
    def platform(self) -> str:
        """``slack`` or ``discord``."""

    async def post(self, post: Post, digest: Digest, words: Words) -> str:
        """Post a digest, unless an earlier attempt did; return the platform's name of the message.

        Raises:
            RetryLaterError: the platform asks to wait, or cannot be reached.
            UndeliverableError: it will never work.
        """


class Posting:
    """The loop.

    Args:
        database: where policies and posts are kept.
        digests: what they say.
        owner: unique name of this process.
        now: the database's time; tests have another.
        language: of digests, where the policy of a workspace decides none.
    """

    def __init__(
        self,
        database: Database,
        digests: Digests,
        owner: str,
        now: Callable[[AsyncSession], Awaitable[datetime]] = clock.now,
        language: Language = SOURCE,
    ) -> None:
        self._database = database
        self._digests = digests
        self._owner = owner
        self._now = now
        self._language = language
        self._posters: dict[str, Poster] = {}
        self._told: set[tuple[int, date]] = set()

    def add(self, poster: Poster) -> None:
        """Post to a platform from now on."""
        self._posters[poster.platform] = poster

    async def recover(self) -> None:
        """Make every digest that is not posted due now, on a database that only this process uses."""
        await self._database.commit(partial(release, await self._moment()))

    async def run(self) -> None:
        """Look regularly, until cancelled."""
        await look_repeatedly(self.look, LOOK_SECONDS, "digest.failed")

    async def look(self) -> None:
        """Write down which digests are due, and post what nobody else has in hand."""
        await self._write_due()
        # One at a time: the last of many would be posted after its claim has run out.
        while post := await self._claim():
            await self._post(post)

    async def _claim(self) -> Post | None:
        now = await self._moment()
        return await self._database.commit(partial(claim, list(self._posters), self._owner, _LEASE, now))

    async def _write_due(self) -> None:
        decided = (
            select(Workspace.id, Workspace.platform)
            .join(ChannelPolicy, ChannelPolicy.workspace_id == Workspace.id)
            .where(ChannelPolicy.channel == WHOLE_WORKSPACE)
            .order_by(Workspace.id)
        )
        async with self._database.read() as session:
            now = await self._now(session)
            found = [
                (row.id, row.platform, await effective(session, row.id))
                for row in (await session.execute(decided)).all()
            ]
        for workspace_id, platform, policy in found:
            if (week := week_of(policy, now)) is None:
                continue
            monday, until = week
            if target := channel_of(policy, platform):
                await self._database.commit(partial(add, workspace_id, monday, target, until, now))
            elif (workspace_id, monday) not in self._told:
                self._told.add((workspace_id, monday))
                log.error("digest.no_channel", workspace_id=workspace_id, platform=platform, remedy=_NO_CHANNEL)

    async def _post(self, post: Post) -> None:
        async with self._database.read() as session:
            policy = await effective(session, post.workspace_id)
        if post.has_expired or not policy.digest:
            await self._give_up(post, "it is too late" if post.has_expired else "it was turned off")
            return
        if is_quiet(policy, await self._moment()):
            await self._postpone(post, "quiet hours", was_attempt=False)
            return
        try:
            digest = await self._digests.read(post.workspace_id)
            words = Words(policy.language or self._language)
            async with asyncio.timeout(_SEND_SECONDS):
                message = await self._posters[post.platform].post(post, digest, words)
        except UndeliverableError as error:
            await self._give_up(post, str(error))
        except RetryLaterError as error:
            await self._postpone(post, str(error), error.seconds, was_attempt=not error.unsent)
        except Exception as error:  # a passing fault of the network, or a defect: it is tried again for a day
            log.warning("digest.attempt_failed", **_names(post), exc_info=True)
            await self._postpone(post, type(error).__name__)
        else:
            await self._database.commit(partial(deliver, post, await self._moment()))
            log.info("digest.posted", **_names(post), message=message)

    async def _give_up(self, post: Post, reason: str) -> None:
        await self._database.commit(partial(give_up, post, reason))
        log.error("digest.not_posted", **_names(post), reason=reason)

    async def _postpone(
        self, post: Post, reason: str, seconds: float | None = None, *, was_attempt: bool = True
    ) -> None:
        due_at = await self._moment() + timedelta(seconds=max(seconds or 0.0, _RETRY_SECONDS))
        await self._database.commit(partial(postpone, post, due_at, reason, was_attempt))
        log.info("digest.postponed", **_names(post), reason=reason)

    async def _moment(self) -> datetime:
        async with self._database.read() as session:
            return await self._now(session)


def _names(post: Post) -> dict[str, object]:
    return {"workspace_id": post.workspace_id, "platform": post.platform, "attempt": post.attempt}
