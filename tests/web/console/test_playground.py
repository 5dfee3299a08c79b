"""The page Playground: two versions beside one another, tokens that keys read, and what is put into Review."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import delete, func, select

from supportbot.access.roles import Role
from supportbot.db.models import Audit, Conversation, Example
from supportbot.models.registry import Registry
from tests.tiny_model import save_tiny_model
from tests.versions import install_version
from tests.web.conftest import Watch
from tests.web.console.looking import problems
from tests.web.console.running import Running, signed_in
from tests.web.console.test_conversations import HOSTILE, ask

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def logged(running: Running) -> int:
    """Return how much the log holds."""
    async with running.core.database.read() as session:
        return await session.scalar(select(func.count()).select_from(Conversation)) or 0


async def test_two_versions_are_compared(running: Running, curator: Page, tmp_path: Path) -> None:
    """By keys alone: a question to both, each token with its probability, and one of the texts into the queue."""
    registry = Registry(running.core.settings.models_dir)
    install_version(registry, save_tiny_model(tmp_path / "model"), "tiny")
    await curator.goto(f"{running.url}/console")
    await curator.keyboard.press("g")
    await curator.keyboard.press("p")
    await expect(curator.get_by_role("heading", level=1)).to_have_text("Playground")
    await expect(curator.get_by_label("Left version")).to_have_value("starter")
    await expect(curator.get_by_label("Right version")).to_have_value("tiny")
    for name, value in (
        ("Maximum tokens", "200"),
        ("Temperature", "0.80"),
        ("Top p", "0.95"),
        ("Repetition", "1.20"),
    ):
        await expect(curator.locator(".slider", has_text=name).locator("output")).to_have_text(value)
    temperature = curator.get_by_label("Temperature")
    await temperature.focus()
    await curator.keyboard.press("ArrowRight")
    await expect(curator.locator(".slider", has_text="Temperature").locator("output")).to_have_text("0.85")
    await curator.get_by_label("Question").fill("How do I return an item?")
    await curator.get_by_label("Seed").fill("no number")
    await curator.get_by_role("button", name="Try", exact=True).click()
    await expect(curator.get_by_role("alert")).to_contain_text("The seed must be a whole number")
    await curator.get_by_role("button", name="Reset to defaults").click()
    await expect(curator.locator(".slider", has_text="Temperature").locator("output")).to_have_text("0.80")
    await expect(curator.get_by_label("Seed")).to_have_value("0")
    before = await logged(running)
    await curator.get_by_role("button", name="Try", exact=True).press("Enter")

    left, right = (curator.get_by_role("region", name=name, exact=True) for name in ("starter", "tiny"))
    await expect(left.get_by_role("group", name="Verified first")).to_contain_text("Generated")
    await expect(right.get_by_role("group", name="Generate only")).to_be_visible(timeout=60_000)
    await expect(curator.get_by_role("button", name="Try", exact=True)).to_be_enabled()
    tokens = left.get_by_role("listbox")
    await tokens.focus()
    await curator.keyboard.press("ArrowRight")
    chosen = tokens.get_by_role("option", selected=True)
    await expect(chosen).to_have_count(1)
    told = await chosen.get_attribute("aria-label")
    assert told is not None
    assert told.endswith("%")
    assert await tokens.get_attribute("aria-activedescendant") == await chosen.get_attribute("id")
    await expect(left.locator(".reading")).to_have_text(told)
    facts = await left.locator("dl.facts").inner_text()
    assert all(name in facts for name in ("Model confidence", "Mean log-probability", "Milliseconds"))
    assert "the model ended its text" in facts
    assert await problems(curator) == []
    assert await logged(running) == before

    await left.get_by_role("button", name="Add to review").click()
    await expect(curator.locator(".undo")).to_contain_text("Added to Review")
    await expect(curator.locator(".to.review .count")).to_have_text("1")
    await left.get_by_role("button", name="Add to review").click()
    await expect(curator.get_by_text("Already waiting under Review.")).to_be_visible()
    await curator.goto(f"{running.url}/console/review")
    await expect(curator.locator(".reasons")).to_contain_text("curator of tests added this.")
    await expect(curator.locator(".context .kind")).to_have_text("Added by a curator")


async def test_hostile_text_stays_text(running: Running, curator: Page, watch: Watch) -> None:
    """Whatever is asked, and whatever a model makes of it, is shown as text and fits."""
    await curator.goto(f"{running.url}/console/playground")
    await curator.get_by_label("Right version").select_option("")
    for text in HOSTILE:
        await curator.get_by_label("Question").fill(text[:4_000])
        await curator.get_by_role("button", name="Try", exact=True).click()
        await expect(curator.get_by_role("button", name="Try", exact=True)).to_be_disabled()
        await expect(curator.get_by_role("button", name="Try", exact=True)).to_be_enabled(timeout=60_000)
        await expect(curator.locator(".side")).to_have_count(1)
        await curator.locator(".side summary").click()
        assert await curator.locator("#main :is(img, script, iframe, a[href^=javascript])").count() == 0
    assert await problems(curator) == []
    assert await curator.evaluate("window.hacked") is None


async def test_viewers_take_no_time_of_the_machine(running: Running, browser: Browser, watch: Watch) -> None:
    """A viewer reads who may do it, and has no button."""
    async with signed_in(running, browser, Role.VIEWER) as context:
        page = await context.new_page()
        watch.attach(page)
        await page.goto(f"{running.url}/console/playground")
        await expect(page.get_by_text("it needs the curator role")).to_be_visible()
        await expect(page.locator("#main").get_by_role("button")).to_have_count(0)
        assert await problems(page) == []
        watch.check(running.url)


async def test_an_answer_of_the_log_is_put_into_review(running: Running, curator: Page) -> None:
    """From its conversation, undone by the key, and tried on versions with its question in the field."""
    async with running.core.database.write() as session:
        await session.execute(delete(Example))
    exchange = await ask(running, "How do I return an item?")
    await curator.goto(f"{running.url}/console/conversations/{exchange.question_id}")
    await curator.get_by_role("button", name="Add to review").click()
    await expect(curator.locator(".undo")).to_contain_text("Added to Review")
    await curator.keyboard.press("u")
    await expect(curator.get_by_text("Removed from the queue.")).to_be_visible()
    await expect(curator.locator(".to.review .count")).to_have_count(0)
    async with running.core.database.read() as session:
        assert await session.scalar(select(Example.id)) is None
        deeds = await session.scalars(select(Audit.action).where(Audit.subject.like("example:%")))
        assert list(deeds)[-2:] == ["example.put", "example.take_back"]
    await curator.get_by_role("link", name="Try in Playground").click()
    await expect(curator.get_by_label("Question")).to_have_value("How do I return an item?")
