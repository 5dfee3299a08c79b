"""Models in a real browser: what was measured, promotions with and without evidence, and the way back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from supportbot.access.roles import Role
from supportbot.config import Settings
from supportbot.db import audit
from supportbot.db.models import Audit, ModelVersion, TrainingRun
from supportbot.models import daemons
from supportbot.models.registry import Registry
from tests.tiny_model import save_tiny_model
from tests.versions import better_than, install_version
from tests.web.conftest import Watch
from tests.web.console.looking import problems
from tests.web.console.running import Running, run_console, signed_in
from tests.web.console.test_settings import HOSTILE

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVALUATION = {
    **better_than("starter"),
    "candidate": {"version": "v1", "right": 0.9, "loss": 1.5},
    "against": {"version": "starter", "right": 0.8, "loss": 2.0},
}


async def follow(running: Running) -> None:
    """Have the daemon take up what is live, as its loop does each second."""
    assert running.core.reloader is not None
    await running.core.reloader.follow()


async def test_versions_are_promoted_and_rolled_back(running: Running, admin: Page, tmp_path: Path) -> None:
    """From the starter alone to a version that is live, rolled back, forced with a reason, undone and retired."""
    models = running.core.settings.models_dir
    registry, model = Registry(models), save_tiny_model(tmp_path / "model")
    await admin.goto(f"{running.url}/console")
    await admin.keyboard.press("g")
    await admin.keyboard.press("m")
    await expect(admin.get_by_role("heading", level=1)).to_have_text("Models")
    await expect(admin.get_by_text("Only the starter is installed")).to_be_visible()
    await expect(admin.locator(".beginning pre")).to_contain_text("python -m training.publish")
    await expect(admin.locator("tr", has_text="starter").get_by_role("button")).to_have_count(0)

    install_version(registry, model, "v1", evaluation=EVALUATION, training={"examples": 7, "method": "sft"})
    install_version(registry, model, "v2")
    await admin.reload()
    first, second = (admin.locator("tbody tr", has=admin.get_by_role("link", name=one)) for one in ("v1", "v2"))
    await expect(first).to_contain_text("Better than starter")
    await expect(second).to_contain_text("Not evaluated")

    await first.get_by_role("button", name="Put live").click()
    await admin.get_by_role("dialog").get_by_role("button", name="Put live").click()
    await expect(admin.locator(".undo")).to_contain_text("v1 is live.")
    await expect(admin.locator(".late")).to_contain_text("The bot still answers with starter")
    await follow(running)
    assert running.core.model_version == "v1"
    await expect(admin.locator(".late")).to_be_empty()
    await expect(admin.locator(".live")).to_contain_text("by admin of tests")
    await admin.reload()
    await first.get_by_role("button", name="Roll back").click()
    await admin.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    await expect(admin.get_by_text("starter is live again.")).to_be_visible()
    assert registry.active() == "starter"

    await second.get_by_role("button", name="Put live").click()
    await expect(admin.locator(".doubt")).to_contain_text("Version 'v2' was not evaluated")
    await expect(admin.get_by_label("Reason", exact=True)).to_be_focused()
    assert await problems(admin) == []
    await admin.keyboard.type("a trial")
    await admin.keyboard.press("Enter")
    await expect(admin.locator(".undo")).to_contain_text("v2 is live.")
    await expect(admin.locator(".doubt")).to_have_count(0)
    await admin.get_by_role("button", name="Undo").click()
    await expect(admin.get_by_text("starter is live again.")).to_be_visible()
    await follow(running)

    await second.get_by_role("button", name="Retire").click()
    await admin.get_by_role("dialog").get_by_role("button", name="Delete files").click()
    await expect(second).to_contain_text("Retired")
    await expect(admin.locator(".deeds-done")).to_contain_text("reason: a trial")
    assert registry.versions() == ["starter", "v1"]
    async with running.core.database.read() as session:
        found = await session.scalars(
            select(Audit.action).where(Audit.actor == "admin of tests").order_by(Audit.id)
        )
        assert [one for one in found if one.startswith("model.")] == [
            *("model.promote", "model.rollback", "model.promote", "model.rollback", "model.retire")
        ]


async def test_machines_that_share_the_database_are_listed(running: Running, browser: Browser) -> None:
    """What each answers with, and why not with the live version, as text."""
    problem = f"'v2' can't be had: {HOSTILE['markup']}"
    async with running.core.database.write() as session:
        await daemons.say(session, "web-2:7:a", "web-2", "v1", ["v1"], problem)
    async with signed_in(running, browser, Role.VIEWER) as context:
        page = await context.new_page()
        await page.goto(f"{running.url}/console/models")
        row = page.get_by_role("table", name="Machines").locator("tbody tr")
        await expect(row.locator("td")).to_have_text(["web-2", "v1", problem])
        assert await problems(page) == []
    async with running.core.database.write() as session:
        await daemons.leave(session, "web-2:7:a")


async def test_a_version_is_looked_at_by_who_may_not_decide(
    running: Running, browser: Browser, watch: Watch, tmp_path: Path
) -> None:
    """Figures, loss and decisions are there for a viewer, hostile ones as text; buttons are not."""
    registry = Registry(running.core.settings.models_dir)
    hostile = {
        **EVALUATION,
        "candidate": {"right": 0.9, HOSTILE["markup"]: 1.0, HOSTILE["template"]: 2.0},
        "against": {"version": HOSTILE["markup"], "right": 0.8},
        "verdict": " ".join(HOSTILE.values()),
    }
    training = {"base_model": HOSTILE["link"], "method": HOSTILE["right-to-left override"], "examples": 7}
    model = save_tiny_model(tmp_path / "model", seed=1)
    install_version(registry, model, "hostile", evaluation=hostile, training=training)
    await running.core.console.models.standing()
    async with running.core.database.write() as session:
        number = await session.scalar(select(ModelVersion.id).where(ModelVersion.name == "hostile"))
        history = [{"step": step, "loss": 3 - step / 50} for step in range(10, 110, 10)]
        session.add(
            TrainingRun(
                model_version_id=number,
                arguments={},
                dataset_fingerprint="f",
                loss_history=[*history, {"step": 100, "eval_loss": 1.2}],
                started_at=datetime.now(UTC),
            )
        )
        details = {"from": HOSTILE["markup"], "forced": HOSTILE["long"]}
        for who in HOSTILE.values():
            audit.record(session, actor=who, action="model.promote", subject="model:hostile", details=details)
    async with signed_in(running, browser, Role.VIEWER) as context:
        page = await context.new_page()
        watch.attach(page)
        await page.goto(f"{running.url}/console/models")
        await expect(page.get_by_role("link", name="hostile")).to_be_visible()
        assert await page.locator("#main button").count() == 0
        found = await problems(page)
        await page.get_by_role("link", name="hostile").click()
        await expect(page.locator("dl.facts")).to_contain_text("7 rows")
        await expect(page.locator("tr", has_text="Right answers")).to_contain_text("90.0%")
        await expect(page.locator("tr", has_text="Right answers")).to_contain_text("+10.0 (+5.0 to +15.0)")
        await expect(page.get_by_text("which is no longer live")).to_be_visible()
        await expect(page.locator(".chart svg")).to_have_count(1)
        await page.locator("summary").click()
        await expect(page.locator("tr", has_text="100").last).to_contain_text("1.2")
        assert await page.locator("#main button").count() == 0
        assert await page.locator("#main :is(img, script, iframe, a[href^=javascript])").count() == 0
        assert "\u202e" not in await page.locator("#main").inner_text()
        assert found + await problems(page) == []
        await page.goto(f"{running.url}/console/models/none%2F..")
        await expect(page.get_by_role("alert")).to_contain_text("There is no version")
        assert await page.evaluate("window.hacked") is None
        watch.check(running.url)


async def test_a_model_that_is_set_is_not_switched(browser: Browser, home: Path, tmp_path: Path) -> None:
    """Where SUPPORTBOT_MODEL decides, the page says so, and offers nothing that would have no effect."""
    settings = Settings(home=home, encoder="none", model="starter")
    install_version(
        Registry(settings.models_dir), save_tiny_model(tmp_path / "model"), "v1", evaluation=EVALUATION
    )
    async with (
        run_console(settings.home, settings=settings) as running,
        signed_in(running, browser, Role.ADMIN) as context,
    ):
        page = await context.new_page()
        await page.goto(f"{running.url}/console/models")
        await expect(page.locator(".caveat")).to_contain_text("SUPPORTBOT_MODEL sets which model answers here")
        await expect(page.locator("#main").get_by_role("button")).to_have_text(["Retire"])
        assert await problems(page) == []
