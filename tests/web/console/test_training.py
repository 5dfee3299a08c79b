"""Training from the console in a real browser: with a command that does as it is told, and with a real one."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect
from sqlalchemy import delete, select

from bot.web.console.models.labels import path_of
from supportbot.access.roles import Role
from supportbot.config import Settings
from supportbot.db.models import Audit, Example
from supportbot.db.states import ExampleLabel, ExampleSource, ExampleStatus, JobKind, Split
from supportbot.models.registry import Registry
from tests.program import ROOT
from tests.tiny_model import save_tiny_model
from tests.versions import install_version
from tests.web.conftest import Watch
from tests.web.console.looking import problems
from tests.web.console.running import Running, run_console, signed_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

MODULES = dict.fromkeys(JobKind, "tests.supportbot.jobs.command")
ANSWERS = ("Refunds take five days.", "Click on Forgot password.", "We ship to all of Europe.")
LONG = 1_800_000.0
"""Patience with a real training, in milliseconds: jobs yield to whatever else a busy machine does."""


@pytest.fixture(autouse=True)
def _code_of_this_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs find the code of this checkout, and compute on one thread."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(kept_home: Path) -> AsyncGenerator[Running]:
    """A bot with its console whose jobs do as a file says."""
    async with run_console(kept_home, modules=MODULES) as running:
        yield running


async def approve(running: Running, *, train: int, held_out: int, origin: str = "import") -> None:
    """Have rows approved."""
    splits = [Split.TRAIN] * train + [Split.HELD_OUT] * held_out
    async with running.core.database.write() as session:
        session.add_all(
            Example(
                origin=f"{origin}:{number}",
                source=ExampleSource.IMPORT,
                prompt=f"What is the matter with order {number}, and who may know about it?",
                completion=ANSWERS[number % len(ANSWERS)],
                label=ExampleLabel.GOOD,
                conversation=str(number),
                split=split,
                sort_key=str(number),
                status=ExampleStatus.APPROVED,
                created_at=datetime.now(UTC),
            )
            for number, split in enumerate(splits)
        )


def tell(running: Running, run: str, deed: str) -> None:
    """Tell the command of a run what to do."""
    folder = running.core.settings.home / "runs"
    folder.mkdir(exist_ok=True)
    (folder / f"{run}.new").write_text(deed)
    (folder / f"{run}.new").replace(folder / f"{run}.do")


async def run_of(running: Running) -> str:
    """Return the run that is being trained."""
    job = await running.core.console.jobs.running()
    assert job is not None
    return job.run


async def press(button: Locator) -> None:
    """Press a button that is there when the rows have been counted."""
    await expect(button).to_be_visible()
    await button.click()


async def test_a_training_is_watched_cancelled_and_fails(running: Running, admin: Page) -> None:
    """No rows, no button; then a job that is watched, outlives the page, is cancelled, fails, and ends."""
    await admin.goto(f"{running.url}/console/models")
    await admin.get_by_role("link", name="Train a model").click()
    await expect(admin.get_by_role("heading", level=1)).to_have_text("Train a model")
    await expect(admin.locator(".lesson .caveat")).to_contain_text("There are no rows to train on. Approve some")
    start = admin.get_by_role("button", name="Start training")
    await expect(start).to_have_count(0)

    await approve(running, train=9, held_out=2)
    await admin.reload()
    await expect(admin.locator(".lesson dl")).to_contain_text("Rows to train on9")
    await expect(admin.locator(".lesson .caveat")).to_contain_text("fewer than 20 rows to measure on")
    await admin.get_by_label("Recipe", exact=True).select_option("documented")
    await expect(admin.locator(".lesson")).to_contain_text("Trains an existing language model further")
    await admin.get_by_label("Base", exact=True).select_option("starter")
    await expect(start).to_be_visible()
    assert await problems(admin) == []
    await admin.get_by_label("Recipe", exact=True).select_option("faq")
    await expect(admin.get_by_label("Base", exact=True)).to_have_count(0)

    await start.focus()
    await admin.keyboard.press("Enter")
    panel = admin.locator(".job")
    await expect(panel).to_contain_text("Step 3 of 4")
    await expect(panel).to_contain_text("by admin of tests")
    await expect(panel.get_by_role("progressbar")).to_have_attribute("value", "75")
    await expect(panel.locator(".chart svg")).to_have_count(1)
    await panel.locator("summary", has_text="Output").click()
    await expect(panel.locator("pre")).to_contain_text("Learning []")
    await expect(start).to_have_count(0)
    assert await problems(admin) == []

    cancelled = await run_of(running)
    await admin.reload()
    await expect(panel).to_contain_text("Step 3 of 4")
    await panel.get_by_role("button", name="Cancel job").click()
    await admin.get_by_role("dialog").get_by_role("button", name="Cancel job").click()
    await expect(admin.get_by_text("The job was cancelled.")).to_be_visible()
    await expect(admin.locator(".deeds-done")).to_contain_text("Training: cancelled")

    await press(start)
    await expect(panel).to_contain_text("Step 3 of 4")
    tell(running, await run_of(running), "fail")
    await expect(admin.locator("p.caveat").last).to_have_text("The database has no row to train on: approve some.")
    await expect(admin.locator("pre").last).to_contain_text("approve some")
    assert await problems(admin) == []

    await press(start)
    await expect(panel).to_contain_text("Step 3 of 4")
    ended = await run_of(running)
    await admin.goto(f"{running.url}/console/today")
    tell(running, ended, "end")
    await admin.goto(f"{running.url}/console/models/train")
    await expect(admin.locator("dl.facts", has_text="Trained on")).to_contain_text("40 rows")
    await expect(admin.get_by_role("button", name="Evaluate")).to_be_visible()
    await expect(admin.get_by_role("table", name="Training runs").locator("tbody tr")).to_have_count(3)
    assert await problems(admin) == []
    await admin.get_by_label("Version name").fill("../v2")
    await admin.keyboard.press("Enter")
    await expect(admin.get_by_role("alert")).to_contain_text("name")
    await admin.get_by_role("link", name=cancelled).click()
    await expect(admin.get_by_role("heading", name=f"Run {cancelled}")).to_be_visible()

    async with running.core.database.read() as session:
        found = await session.scalars(
            select(Audit.action).where(Audit.action.startswith("job.")).order_by(Audit.id)
        )
        assert list(found) == ["job.train", "job.cancel", "job.train", "job.train"]


@pytest.mark.usefixtures("admin")  # the last admin keeps the role
async def test_only_admins_train(running: Running, browser: Browser, watch: Watch, curator: Page) -> None:
    """Others see how it goes and no button; who is no admin any more is refused where they still see one."""
    await curator.goto(f"{running.url}/console/models/train")
    await expect(curator.get_by_text("Only admins can train")).to_be_visible()
    assert await curator.locator("#main button").count() == 0
    assert await curator.locator("#main pre").count() == 0
    assert await problems(curator) == []

    await approve(running, train=9, held_out=2, origin="zoe")
    access = running.core.console.access
    async with signed_in(running, browser, Role.ADMIN, "Zoe") as context:
        page = await context.new_page()
        watch.attach(page)
        await page.goto(f"{running.url}/console/models/train")
        start = page.get_by_role("button", name="Start training")
        await expect(start).to_be_visible()
        [zoe] = [one for one in await access.operators.people() if one.name == "Zoe"]
        await access.operators.change_role(zoe.id, Role.VIEWER, "test")
        await press(start)
        await expect(page.get_by_role("alert")).not_to_be_empty()
        assert await running.core.console.jobs.running() is None
        watch.check(running.url)
    async with running.core.database.write() as session:
        await session.execute(
            delete(Example).where(Example.origin.startswith("zoe:"))
        )  # others count what there is


async def test_what_trains_may_be_missing(running: Running, admin: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an install only answers, the page says what training needs instead of offering it."""
    monkeypatch.setitem(sys.modules, "torch", None)  # as where it is not installed
    await admin.goto(f"{running.url}/console/models/train")
    await expect(admin.get_by_text("pip install 'supportbot[train]'")).to_be_visible()
    assert await admin.get_by_role("button", name="Start training").count() == 0


async def test_a_version_may_be_called_train(running: Running, admin: Page) -> None:
    """Its page has another address than the page that trains."""
    assert path_of("v1") == "/console/models/v1"
    await admin.goto(f"{running.url}{path_of('train')}")
    await expect(admin.get_by_role("heading", level=1)).to_have_text("Version train")


@pytest.mark.long
async def test_a_model_is_trained_evaluated_published_and_live(browser: Browser, tmp_path: Path) -> None:
    """From approved rows to a live version, by clicks alone; the bot restarts while it is trained."""
    settings = Settings(home=tmp_path / "home", encoder="none")
    async with run_console(settings.home, settings=settings) as running:
        install_version(Registry(settings.models_dir), save_tiny_model(tmp_path / "model"), "tiny")
        await approve(running, train=30, held_out=4)
        async with signed_in(running, browser, Role.ADMIN) as context:
            page = await context.new_page()
            await page.goto(f"{running.url}/console/models/train")
            await page.get_by_label("Recipe", exact=True).select_option("documented")
            await page.get_by_label("Base", exact=True).select_option("tiny")
            await press(page.get_by_role("button", name="Start training"))
            await expect(page.locator(".job")).to_contain_text("Preparing…")

    async with (
        run_console(settings.home, settings=settings) as running,
        signed_in(running, browser, Role.ADMIN, "Ana") as context,
    ):
        page = await context.new_page()
        await page.goto(f"{running.url}/console/models/train")
        evaluate = page.get_by_role("button", name="Evaluate")
        await expect(evaluate).to_be_visible(timeout=LONG)
        await expect(page.locator("dl.facts").last).to_contain_text("30 rows")
        await expect(page.locator(".chart svg")).to_have_count(1)
        await evaluate.click()
        await expect(page.get_by_role("button", name="Evaluate again")).to_be_visible(timeout=LONG)
        await expect(page.locator("#main")).to_contain_text("Not better.")
        await expect(page.locator("tr", has_text="Right answers").first).to_be_visible()
        assert await problems(page) == []
        await page.get_by_label("Version name").fill("v2")
        await page.get_by_role("button", name="Publish").click()
        await expect(page.get_by_role("link", name="v2")).to_be_visible(timeout=LONG)
        await page.get_by_role("button", name="Put live").click()
        await page.get_by_label("Reason", exact=True).fill("a trial")
        await page.keyboard.press("Enter")
        await expect(page.locator(".undo")).to_contain_text("v2 is live.", timeout=LONG)
        assert running.core.reloader is not None
        await running.core.reloader.follow()
        assert running.core.model_version == "v2"
        assert await problems(page) == []
        async with running.core.database.read() as session:
            found = await session.execute(
                select(Audit.actor, Audit.action).where(Audit.action.startswith("model.")).order_by(Audit.id)
            )
            assert ("Ana", "model.publish") in [tuple(row) for row in found]
