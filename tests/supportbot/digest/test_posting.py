"""A digest is posted once a week, by whichever daemon; late, quiet and refused ones are not, or later."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from supportbot.db.models import Audit, DigestPost
from supportbot.db.session import Database
from supportbot.db.states import OutboxState
from supportbot.delivery.dispatch import RetryLaterError, UndeliverableError
from supportbot.digest.digest import Digest, Digests
from supportbot.digest.posting import Posting
from supportbot.digest.posts import Post
from supportbot.policies.errors import PolicyError
from supportbot.policies.store import Place, Policies
from supportbot.words import Language, Words
from tests.digests import states
from tests.policies import decide

NINE = datetime(2026, 11, 30, 9, tzinfo=UTC)
DAY = timedelta(days=1)


class Platform:
    """A platform that keeps what is posted, by mark, and fails as a test says."""

    def __init__(self, platform: str = "slack") -> None:
        self.platform = platform
        self.posted: list[Post] = []
        self.languages: list[Language] = []
        self.attempts: list[int] = []
        self.faults: list[Exception] = []
        self.entered = asyncio.Event()
        self.leave = asyncio.Event()
        self.leave.set()

    async def post(self, post: Post, digest: Digest, words: Words) -> str:
        """Post a digest, or fail."""
        self.attempts.append(post.attempt)
        self.entered.set()
        await self.leave.wait()
        if self.faults:
            raise self.faults.pop(0)
        if not any(one.mark == post.mark for one in self.posted):
            self.posted.append(post)
            self.languages.append(words.language)
        return "C9:1.0"


class Clock:
    """The database's time, as a test sets it."""

    def __init__(self) -> None:
        self.moment = NINE

    async def now(self, session: AsyncSession) -> datetime:
        """Return it."""
        return self.moment


@pytest.fixture
def clock() -> Clock:
    """It is Monday, nine o'clock."""
    return Clock()


def daemon(database: Database, platform: Platform, clock: Clock, owner: str = "one") -> Posting:
    """Return the loop of a daemon."""
    posting = Posting(database, Digests(database, lambda: None), owner, clock.now)
    posting.add(platform)
    return posting


async def test_off_by_default(database: Database, clock: Clock) -> None:
    """Whoever decided other things gets no digest."""
    platform = Platform()
    await decide(database, "slack", "T1", handoff_target="C9")
    await daemon(database, platform, clock).look()
    assert await states(database) == []


async def test_language(database: Database, clock: Clock) -> None:
    """A digest is in the language of the workspace, or in that of the installation where nobody decided one."""
    platform = Platform()
    await decide(database, "slack", "T1", digest=True, digest_channel="C9", language="en")
    await decide(database, "slack", "T2", digest=True, digest_channel="C8")
    posting = Posting(database, Digests(database, lambda: None), "one", clock.now, language="de")
    posting.add(platform)
    await posting.look()
    assert platform.languages == ["en", "de"]


async def test_two_daemons_post_once_a_week(database: Database, clock: Clock) -> None:
    """Two daemons that look at once, again and again, post one digest; the next week there is another."""
    platform = Platform()
    daemons = [daemon(database, platform, clock, owner) for owner in ("one", "two")]
    await decide(database, "slack", "T1", digest=True, digest_channel="C9")
    await decide(database, "slack", "T2", digest=True, handoff_target="C8")
    for week in (1, 2):
        for _ in range(2):
            await asyncio.gather(*(one.look() for one in daemons for _ in range(2)))
            clock.moment += timedelta(hours=1)
        posted = sorted((one.workspace, one.channel) for one in platform.posted)
        assert posted == sorted([("T1", "C9"), ("T2", "C8")] * week)
        clock.moment += 7 * DAY - timedelta(hours=2)
    assert set(platform.attempts) == {1}
    assert set(await states(database)) == {OutboxState.DELIVERED}
    async with database.read() as session:
        deeds = list(await session.scalars(select(Audit).where(Audit.action == "digest.post")))
    assert len(deeds) == 4
    assert {deed.actor for deed in deeds} == {"supportbot"}


async def test_another_daemon_takes_over(database: Database, clock: Clock) -> None:
    """While one has it in hand nobody else posts; once it is gone another does, as the second attempt."""
    platform = Platform()
    await decide(database, "slack", "T1", digest=True, digest_channel="C9")
    platform.leave.clear()
    gone = asyncio.create_task(daemon(database, platform, clock).look())
    await platform.entered.wait()
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    platform.leave.set()
    other = daemon(database, platform, clock, "two")
    await other.look()
    assert platform.attempts == [1]
    clock.moment += timedelta(minutes=6)
    await other.look()
    assert platform.attempts == [1, 2]
    assert len(platform.posted) == 1


async def test_recovered_at_the_start(database: Database, clock: Clock) -> None:
    """A daemon that has the database to itself need not wait for the claim of one that was killed."""
    platform = Platform()
    await decide(database, "slack", "T1", digest=True, digest_channel="C9")
    platform.faults = [RetryLaterError("busy", 3_000.0)]
    await daemon(database, platform, clock).look()
    again = daemon(database, platform, clock, "two")
    await again.recover()
    await again.look()
    assert await states(database) == [OutboxState.DELIVERED]


async def test_missed_weeks_are_not_posted(database: Database, clock: Clock) -> None:
    """After a day it is too late: nothing is begun, and what could not be posted is given up."""
    platform = Platform()
    posting = daemon(database, platform, clock)
    await decide(database, "slack", "T1", digest=True, digest_channel="C9")
    clock.moment += DAY
    await posting.look()
    assert await states(database) == []
    clock.moment = NINE + 7 * DAY
    platform.faults = [RetryLaterError("busy", unsent=True), OSError("no route")]
    await posting.look()
    clock.moment += timedelta(minutes=2)
    await posting.look()
    assert platform.attempts == [1, 1]  # the first had certainly not reached it
    clock.moment += DAY
    await posting.look()
    assert await states(database) == [OutboxState.FAILED]
    assert platform.posted == []


async def test_quiet_hours_are_waited_for(database: Database, clock: Clock) -> None:
    """In quiet hours nothing is posted, not even what was due before they were decided."""
    platform = Platform()
    posting = daemon(database, platform, clock)
    await decide(database, "slack", "T1", digest=True, digest_channel="C9")
    platform.faults = [RetryLaterError("busy")]
    await posting.look()
    quiet = {"zone": "UTC", "days": [0], "begin": "08:00", "end": "12:00"}
    await decide(database, "slack", "T1", digest=True, digest_channel="C9", quiet_hours=quiet)
    clock.moment += timedelta(hours=1)
    await posting.look()
    assert platform.attempts == [1]
    clock.moment += timedelta(hours=2)
    await posting.look()
    assert len(platform.posted) == 1


async def test_refused_or_switched_off(database: Database, clock: Clock) -> None:
    """What a platform refuses for good is tried once; what was switched off meanwhile is not posted."""
    platform = Platform()
    posting = daemon(database, platform, clock)
    await decide(database, "slack", "T1", digest=True, digest_channel="C9")
    platform.faults = [UndeliverableError("The channel was archived.")]
    with capture_logs() as lines:
        await posting.look()
        await posting.look()
    assert [line["reason"] for line in lines if line["event"] == "digest.not_posted"] == [
        "The channel was archived."
    ]
    clock.moment += 7 * DAY
    platform.faults = [RetryLaterError("busy")]
    await posting.look()
    await decide(database, "slack", "T1", digest=False)
    clock.moment += timedelta(hours=1)
    await posting.look()
    assert await states(database) == [OutboxState.FAILED] * 2
    assert platform.posted == []


async def test_whom_people_ask_may_be_no_channel(database: Database, clock: Clock) -> None:
    """Then it is posted nowhere, and the log says once what to do."""
    platform = Platform()
    posting = daemon(database, platform, clock)
    await decide(database, "slack", "T1", digest=True, handoff_target="U9")
    with capture_logs() as lines:
        await posting.look()
        await posting.look()
    assert [line["event"] for line in lines] == ["digest.no_channel"]
    assert await states(database) == []


async def test_posted_by_who_can(database: Database, clock: Clock) -> None:
    """A daemon without a platform leaves its digests to others; the page's goes to the platform that is named."""
    await decide(database, "web", "local", digest=True, digest_channel="discord:77")
    await daemon(database, Platform("slack"), clock).look()
    assert await states(database) == [OutboxState.PENDING]
    discord = Platform("discord")
    await daemon(database, discord, clock, "two").look()
    (posted,) = discord.posted
    assert (posted.home, posted.workspace, posted.channel, posted.is_at_home) == ("web", "local", "77", False)


async def test_decided_for_a_whole_workspace_with_a_channel(database: Database) -> None:
    """A digest of one channel there is not, and without any channel there is none to post to."""
    policies = Policies(database)
    with pytest.raises(PolicyError, match="whole workspace"):
        await policies.change(
            Place(platform="slack", workspace="T1", channel="C1"), {"digest": True, "digest_channel": "C9"}, "ada"
        )
    everywhere = Place(platform="slack", workspace="T1")
    with pytest.raises(PolicyError, match="Choose a channel"):
        await policies.change(everywhere, {"digest": True}, "ada")
    await policies.change(everywhere, {"handoff_target": "C9"}, "ada")
    assert (await policies.change(everywhere, {"digest": True}, "ada")).digest
    with pytest.raises(PolicyError, match="Choose a channel"):
        await policies.change(everywhere, {"handoff_target": None}, "ada")
    assert (await policies.shown(everywhere)).handoff_target == "C9"


async def test_expires_by_the_clock_of_the_database(database: Database, clock: Clock) -> None:
    """A row that was written in time and forgotten for a day is given up."""
    platform = Platform()
    posting = daemon(database, platform, clock)
    await decide(database, "slack", "T1", digest=True, digest_channel="C9")
    platform.faults = [RetryLaterError("busy")]
    await posting.look()
    async with database.write() as session:
        await session.execute(update(DigestPost).values(due_at=NINE, expires_at=NINE))
    await posting.look()
    assert await states(database) == [OutboxState.FAILED]
