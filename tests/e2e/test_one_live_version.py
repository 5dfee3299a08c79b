"""Two daemons with a home each on one PostgreSQL: a promotion that is typed on one machine reaches both."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, expect
from sqlalchemy import select

from supportbot.config import Settings
from supportbot.db.models import Answer, Audit
from supportbot.db.session import Database
from supportbot.models.registry import Registry, starter_directory
from tests.conftest import create_postgres_database
from tests.e2e.daemon import START_SECONDS, Daemon, start, supportbot
from tests.versions import WEIGHTS, install_version
from tests.web.browsing import open_browser

QUESTION = "How do I return an item?"

BUSY_SECONDS = 20.0
"""Five seconds are promised; on a machine that does other things beside two daemons it may take longer."""

ANSWER_MS = 30_000.0


async def _models(home: Path, settings: dict[str, str], *arguments: str) -> str:
    status, output, errors = await supportbot(home, "models", *arguments, **settings)
    assert status == 0, errors
    return output


async def _switched(daemons: Sequence[Daemon], to: str) -> list[dict[str, Any]]:
    """Wait until each has swapped, and return the lines that say so."""
    async with asyncio.timeout(START_SECONDS):
        lines = await asyncio.gather(*(daemon.read_until("model.swapped") for daemon in daemons))
    assert {line["to"] for line in lines} == {to}
    return lines


async def _seconds(database: Database, lines: Sequence[dict[str, Any]], action: str) -> float:
    """Return how long after a decision the slower daemon answered with it, by the audit and its own log."""
    async with database.read() as session:
        began = await session.scalar(select(Audit.at).where(Audit.action == action).order_by(Audit.id.desc()))
    assert began is not None
    return max((datetime.fromisoformat(line["timestamp"]) - began).total_seconds() for line in lines)


async def _readyz(daemon: Daemon) -> tuple[int, dict[str, Any]]:
    async with httpx.AsyncClient() as client:
        response = await client.get(f"{daemon.page}/readyz")
    return response.status_code, response.json()


async def _until_remarked(daemon: Daemon, remarks: dict[str, str]) -> None:
    """Wait until the probe has these remarks; it is ready all the while."""
    async with asyncio.timeout(START_SECONDS):
        while True:
            status, body = await _readyz(daemon)
            assert (status, body["ready"], body["problems"]) == (200, True, {})
            if body["remarks"] == remarks:
                return
            await asyncio.sleep(0.1)


async def _ask_each(daemons: Sequence[Daemon], database: Database, browser: Browser) -> set[str | None]:
    """Ask on the page of each, and return which versions answered."""
    async with database.read() as session:
        before = len((await session.scalars(select(Answer.id))).all())
    for daemon in daemons:
        page = await browser.new_page()
        await page.goto(daemon.page)
        await page.get_by_role("textbox").fill(QUESTION)
        await page.keyboard.press("Enter")
        answer = page.locator(".answer").first
        await expect(answer).to_have_attribute("aria-busy", "false", timeout=ANSWER_MS)
        await page.close()
    async with database.read() as session:
        versions = (await session.scalars(select(Answer.model_version).order_by(Answer.id))).all()[before:]
    assert len(versions) == len(daemons)
    return set(versions)


async def test_a_promotion_reaches_both_daemons(
    home: Path,
    tmp_path: Path,
    postgres_url: str,
    migrated_postgres: str,
    record_property: Callable[[str, object], None],
) -> None:
    """Both answer with what was promoted on one, and go back together; one that can't get a version says so."""
    url = create_postgres_database(postgres_url, migrated_postgres)
    store = tmp_path / "store"
    store.mkdir()
    homes = (home, Path(shutil.copytree(home, home.with_name("other"))))
    # A version of one's own answers in any mode; the starter is a demonstration.
    settings = {
        "SUPPORTBOT_DATABASE_URL": url,
        "SUPPORTBOT_MODEL_STORE": str(store),
        "SUPPORTBOT_ANSWER_MODE": "generate_only",
        "SUPPORTBOT_CONFIDENCE_FLOOR": "-99",
    }
    registry = Registry(Settings(home=home).models_dir)
    for name in ("v1", "v2"):
        install_version(registry, starter_directory(), name, training={"name": name})
    database = Database(url)
    daemons = await asyncio.gather(*(start(place, **settings) for place in homes))
    try:
        async with open_browser() as browser:
            await _models(homes[0], settings, "promote", "v1", "--force", "a test", "--by", "ann")
            promoted = await _seconds(database, await _switched(daemons, "v1"), "model.promote")
            assert await _ask_each(daemons, database, browser) == {"v1"}

            await _models(homes[1], settings, "rollback", "--by", "bob")
            back = await _seconds(database, await _switched(daemons, "starter"), "model.rollback")
            assert await _ask_each(daemons, database, browser) == {"starter"}

        # v2 is in the store already, since its machine puts there what is lacking; now a file of it is changed.
        async with asyncio.timeout(START_SECONDS):
            while not (store / "v2" / "manifest.json").exists():  # noqa: ASYNC110 - another process puts it there
                await asyncio.sleep(0.1)
        whole = (store / "v2" / WEIGHTS).read_bytes()
        (store / "v2" / WEIGHTS).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        await _models(homes[0], settings, "promote", "v2", "--force", "a test", "--by", "ann")
        await _switched(daemons[:1], "v2")
        refused = await daemons[1].read_until("model.not_followed")
        assert "differs from what the database has recorded" in refused["error"]
        await _until_remarked(daemons[1], {"model": "not the live version"})
        await _until_remarked(daemons[0], {})
        listed = await _models(homes[0], settings, "list")
        assert "differs from what the database has recorded" in " ".join(listed.split())
        (store / "v2" / WEIGHTS).write_bytes(whole)
        await _switched(daemons[1:], "v2")
        await _until_remarked(daemons[1], {})
        assert await asyncio.gather(*(daemon.stop() for daemon in daemons)) == [0, 0]
    finally:
        for daemon in daemons:
            if daemon.process.returncode is None:
                await daemon.kill()
        await database.aclose()
    record_property("seconds from a promotion to both daemons", promoted)
    record_property("seconds from a rollback to both daemons", back)
    assert max(promoted, back) < BUSY_SECONDS
