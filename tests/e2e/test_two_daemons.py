"""Two daemons on one PostgreSQL database: what is approved is said by both, and what is retired by neither."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from playwright.async_api import Locator, Page, expect
from sqlalchemy import select

from supportbot.db.models import Audit
from supportbot.db.session import Database
from tests.conftest import create_postgres_database
from tests.e2e.daemon import START_SECONDS, WITH_ENCODER, Daemon, start, supportbot
from tests.supportbot.knowledge.faq import GYM
from tests.web.browsing import open_browser

HOURS, _, SHOES, _, _ = GYM
QUESTION = "could I hire shoes from you?"

BUSY_SECONDS = 20.0
"""Two seconds are promised; on a machine that does other things beside two daemons it may take longer."""

ANSWER_MS = 30_000.0


@asynccontextmanager
async def _two_daemons(home: Path, url: str) -> AsyncGenerator[list[Daemon]]:
    """Run two daemons that share nothing but the database, as on two machines; they start and stop together."""
    homes = (home, shutil.copytree(home, home.with_name("other")))
    daemons = await asyncio.gather(*(start(place, SUPPORTBOT_DATABASE_URL=url, **WITH_ENCODER) for place in homes))
    try:
        yield daemons
        assert await asyncio.gather(*(daemon.stop() for daemon in daemons)) == [0, 0]
    finally:
        for daemon in daemons:
            if daemon.process.returncode is None:
                await daemon.kill()


async def _knowledge(home: Path, url: str, *arguments: str) -> int:
    """Change the knowledge as a curator does, on one of the machines; return the number of the entry."""
    command = ("knowledge", *arguments, "--by", "Ana Lopez", "--json")
    status, output, errors = await supportbot(home, *command, SUPPORTBOT_DATABASE_URL=url)
    assert status == 0, errors
    [changed] = json.loads(output)
    return int(changed["entry_id"])


async def _add(home: Path, url: str, answer: str) -> int:
    questions = (part for question in GYM[answer] for part in ("--question", question))
    return await _knowledge(home, url, "add", "--answer", answer, *questions)


async def _taken_over(daemons: Sequence[Daemon]) -> list[dict[str, Any]]:
    """Wait until each has taken over what is new; return the lines that say so."""
    async with asyncio.timeout(START_SECONDS):
        return await asyncio.gather(*(daemon.read_until("knowledge.refreshed") for daemon in daemons))


async def _seconds_until_both_know(daemons: Sequence[Daemon], database: Database, deed: str, entry: int) -> float:
    """Return how long after a deed the slower daemon had taken it over, by the audit and its own log."""
    lines = await _taken_over(daemons)
    async with database.read() as session:
        began = await session.scalar(
            select(Audit.at).where(Audit.action == deed, Audit.subject == f"entry:{entry}")
        )
    assert began is not None
    return max((datetime.fromisoformat(line["timestamp"]) - began).total_seconds() for line in lines)


async def _ask(page: Page) -> Locator:
    """Ask, and return the finished answer."""
    answers = page.locator(".answer")
    before = await answers.count()
    await page.get_by_role("textbox").fill(QUESTION)
    await page.keyboard.press("Enter")
    await expect(answers.nth(before)).to_have_attribute("aria-busy", "false", timeout=ANSWER_MS)
    return answers.nth(before)


async def test_two_daemons_follow_one_database(
    home: Path,
    postgres_url: str,
    migrated_postgres: str,
    record_property: Callable[[str, object], None],
) -> None:
    """What is approved by a command is verified on the pages of both daemons, and gone from both when retired."""
    url = create_postgres_database(postgres_url, migrated_postgres)
    database = Database(url)
    try:
        async with _two_daemons(home, url) as daemons, open_browser() as browser:
            pages = [await browser.new_page() for _ in daemons]
            for page, daemon in zip(pages, daemons, strict=True):
                await page.goto(daemon.page)

            await _taken_over(daemons)  # what was there at the start
            hours = await _add(home, url, HOURS)  # the first one waits until both have opened their encoders
            first = await _seconds_until_both_know(daemons, database, "entry.add", hours)

            shoes = await _add(home, url, SHOES)
            approved = await _seconds_until_both_know(daemons, database, "entry.add", shoes)
            for page in pages:
                answer = await _ask(page)
                await expect(answer.locator(".said")).to_have_text(SHOES)
                await expect(answer.get_by_text("Verified", exact=True)).to_be_visible()

            await _knowledge(home, url, "retire", str(shoes))
            retired = await _seconds_until_both_know(daemons, database, "entry.retire", shoes)
            for page in pages:
                answer = await _ask(page)
                await expect(answer.locator(".said")).not_to_contain_text(SHOES)
                await expect(answer.get_by_text("Verified", exact=True)).to_have_count(0)
    finally:
        await database.aclose()
    record_property("seconds from the first approval to both daemons", first)
    record_property("seconds from approval to both daemons", approved)
    record_property("seconds from retirement to both daemons", retired)
    assert max(approved, retired) < BUSY_SECONDS
