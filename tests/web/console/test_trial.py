"""A trial in a real browser: started with a rule in words, watched, stopped, and a better candidate put live."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from supportbot.access.roles import Role
from supportbot.db.models import Audit, Workspace
from supportbot.models.registry import Registry
from supportbot.trials.assignment import is_on_candidate
from supportbot.trials.store import running_row, trial_of
from tests.supportbot.trials.records import Log
from tests.tiny_model import save_tiny_model
from tests.versions import install_version
from tests.web.conftest import Watch
from tests.web.console.looking import problems
from tests.web.console.running import Running, signed_in

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def vote(running: Running, *, candidate: int, live: int) -> None:
    """Have people judge conversations of the running trial: so many of an arm are good, or bad if negative."""
    database = running.core.database
    async with database.read() as session:
        row = await running_row(session)
        assert row is not None
        workspace = await session.scalar(select(Workspace.id).limit(1))
    if workspace is None:
        async with database.write() as session:
            place = Workspace(platform="slack", external_id="T1", settings={}, created_at=datetime.now(UTC))
            session.add(place)
            await session.flush()
            workspace = place.id
    log = Log(database, trial_of(row), workspace, row.started_at)
    await log.judge(candidate=True, good=max(candidate, 0), bad=max(-candidate, 0))
    await log.judge(candidate=False, good=max(live, 0), bad=max(-live, 0))


async def test_a_trial_from_start_to_end(
    running: Running, admin: Page, browser: Browser, watch: Watch, tmp_path: Path
) -> None:
    """The keyboard starts it; both arms are followed without a reload; stopped, started again, and decided.

    Who may not decide sees the same, and neither a form nor a button.
    """
    registry, model = Registry(running.core.settings.models_dir), save_tiny_model(tmp_path / "model")
    core = running.core
    assert core.reloader is not None
    assert core.trial is not None
    assert core.judging is not None
    await admin.goto(f"{running.url}/console/models/trial")
    await expect(admin.get_by_text("no version to try")).to_be_visible()
    for name in ("v1", "v2", "trial"):
        install_version(registry, model, name)
    registry.activate("v1")
    await core.reloader.follow()
    await admin.goto(f"{running.url}/console/models")
    await expect(admin.get_by_role("link", name="trial", exact=True)).to_have_attribute(
        "href", "/console/models/trial?version=1"
    )
    await admin.get_by_role("link", name="Try a version with users").click()
    assert await problems(admin) == []

    await admin.get_by_label("Candidate", exact=True).select_option("v2")
    await admin.get_by_label("Percent of conversations").fill("90")
    await admin.get_by_role("button", name="Start trial").click()
    await expect(admin.get_by_role("alert")).to_have_text("The share must be a whole number from 1 to 50 percent.")
    await admin.get_by_label("Percent of conversations").fill("50")
    await admin.keyboard.press("Enter")
    await expect(admin.get_by_text("The trial is running.")).to_be_visible()
    await expect(admin.get_by_text("50% of conversations get v2, the others v1.")).to_be_visible()
    await core.trial.follow()
    assert core.answerer.generator.model_for(await conversation_of(running)).engine.model_version == "v2"

    await vote(running, candidate=2, live=-1)
    await expect(admin.locator("table").first).to_contain_text("👍 2 👎 0")
    await expect(admin.locator("table").first).to_contain_text("👍 0 👎 1")
    await expect(admin.locator("figure figcaption")).to_contain_text("Plausible range")
    assert await problems(admin) == []
    await admin.get_by_role("button", name="Stop trial").click()
    await admin.get_by_role("dialog").get_by_role("button", name="Stop trial").click()
    await expect(admin.get_by_text("The trial was stopped.")).to_be_visible()
    await expect(
        admin.get_by_text("The trial was stopped before it found a significant difference")
    ).to_be_visible()
    await core.trial.follow()

    await admin.get_by_label("Percent of conversations").fill("50")
    await admin.get_by_label("Candidate", exact=True).select_option("v2")
    await admin.get_by_role("button", name="Start trial").click()
    await expect(admin.get_by_role("heading", name="Running now")).to_be_visible()
    await vote(running, candidate=15, live=-15)
    await core.judging.look()
    await expect(admin.get_by_text("The trial ended. v2 was better than v1.")).to_be_visible()
    async with signed_in(running, browser, Role.CURATOR) as context:
        page = await context.new_page()
        watch.attach(page)
        await page.goto(f"{running.url}/console/models/trial")
        await expect(page.get_by_text("The trial ended. v2 was better than v1.")).to_be_visible()
        await expect(page.locator("#main").get_by_role("button")).to_have_count(0)
        await expect(page.locator("#main form")).to_have_count(0)
    await admin.get_by_role("button", name="Put live").click()
    await admin.get_by_role("dialog").get_by_role("button", name="Put live").click()
    await expect(admin.get_by_text("v2 is live.")).to_be_visible()
    assert registry.active() == "v2"
    async with core.database.read() as session:
        rows = await session.execute(
            select(Audit.actor, Audit.action).where(Audit.action.startswith("model.")).order_by(Audit.id)
        )
        deeds = [(actor, action) for actor, action in rows]
    who = "admin of tests"
    assert [one for one in deeds if one[1] != "model.reconcile"] == [
        *((who, "model.trial_start"), (who, "model.trial_end"), (who, "model.trial_start")),
        *(("supportbot", "model.trial_end"), (who, "model.promote")),
    ]


async def conversation_of(running: Running) -> int:
    """Return the number of a conversation that is on the candidate; nobody need have asked in it."""
    async with running.core.database.read() as session:
        row = await running_row(session)
    assert row is not None
    return next(number for number in range(1, 1000) if is_on_candidate(row.id, number, row.share))
