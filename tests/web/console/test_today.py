"""Today in a real browser: how one begins, what is shown, and gaps that are filled or dismissed."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select, update

from supportbot.access.roles import Role
from supportbot.db.models import Answer, Audit, Workspace
from supportbot.db.states import AnswerSource
from supportbot.intake.history import Exchange
from supportbot.intake.questions import IncomingQuestion
from supportbot.service import Service
from tests.digests import ask
from tests.waiting import until
from tests.web.conftest import Watch
from tests.web.console.looking import problems
from tests.web.console.running import Running, signed_in
from tests.web.test_page import HOSTILE

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASKED = "do you gift wrap my parcel"
ANSWER = "Yes, **gift wrapping** is free."


async def answered(service: Service, text: str) -> Exchange:
    """Have somebody ask on the page; return what they were told."""
    asked = IncomingQuestion(
        platform="web",
        workspace="local",
        channel="visitor",
        thread="visitor",
        identity=text,
        asker="web:visitor",
        text=text,
        reply_to={},
    )
    number = (await service.ask(asked)).question_id
    async with aclosing(service.follow(number)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Exchange):
                return piece
    raise AssertionError("no answer")


async def page_of(running: Running) -> int:
    """Return the workspace of the page; it is made if nobody has asked yet."""
    local = {"platform": "web", "external_id": "local"}
    async with running.core.database.write() as session:
        found = await session.scalar(select(Workspace).filter_by(**local))
        if found is None:
            found = Workspace(**local, settings={}, created_at=datetime.now(UTC))
            session.add(found)
            await session.flush()
        return found.id


async def test_gap_is_filled_and_its_answer_is_given(running: Running, curator: Page) -> None:
    """Three steps lead at first; then a gap is dismissed, brought back and answered, and who asks next is told."""
    await curator.goto(f"{running.url}/console")
    await expect(curator.locator(".step")).to_have_count(3)
    await expect(curator.locator(".step.done")).to_have_count(0)
    await running.link("Bo Lind", Role.CURATOR)
    await curator.reload()
    await expect(curator.locator(".step.done")).to_contain_text("Invite a curator")
    place = await page_of(running)
    for person, text in enumerate((ASKED, f"{ASKED}?", "do you gift wrap parcels")):
        await ask(running.core.database, place, text, platform="web", asker=f"web:{person}", channel=f"v{person}")
    await ask(running.core.database, place, "how do I pay", AnswerSource.APPROVED, platform="web", votes=(1,))
    await curator.goto(f"{running.url}/console/today?days=30")
    gap = curator.locator(".gap")
    await expect(gap).to_have_count(1)
    await expect(gap).to_contain_text("3 people · 3 not sure")
    await expect(curator.locator(".tile", has_text="👍")).to_contain_text("100% (21% to 100%)")
    await expect(curator.locator(".chart svg")).to_have_count(2)

    await gap.get_by_role("button", name="Off topic").click()
    await expect(gap).to_have_count(0)
    await curator.keyboard.press("u")
    await expect(gap).to_have_count(1)

    await gap.get_by_role("button", name="Write the answer").click()
    await expect(gap.get_by_label("Answer in Markdown")).to_be_focused()
    await curator.keyboard.type(ANSWER)
    await gap.get_by_role("button", name="Preview").click()
    await expect(gap.locator(".preview .bold")).to_have_text("gift wrapping")
    await expect(gap.get_by_role("checkbox", checked=True)).to_have_count(3)
    assert await problems(curator) == []
    await gap.get_by_role("button", name="Approve").click()
    await expect(gap).to_have_count(0)
    await expect(curator.locator(".undo")).to_contain_text("Approved")
    await until(lambda: running.core.knowledge.index is not None)
    exchange = await answered(running.core.service, "Do you gift wrap my parcel?")
    assert (exchange.source, exchange.answer) == (AnswerSource.APPROVED, ANSWER)
    assert exchange.grounds.verified[0].approved_by == "curator of tests"
    await curator.reload()
    await expect(curator.get_by_text("No gaps")).to_be_visible()
    async with running.core.database.read() as session:
        deeds = (await session.scalars(select(Audit.action).where(Audit.actor == "curator of tests"))).all()
    assert [deed for deed in deeds if deed.startswith(("foreign", "entry"))] == [
        *("foreign.add" for _ in range(3)),
        *("foreign.remove" for _ in range(3)),
        "entry.add",
    ]


async def test_hostile_text_is_text(running: Running, browser: Browser, watch: Watch) -> None:
    """Whatever people and models wrote can be read and does nothing; who only looks is offered nothing else."""
    place = await page_of(running)
    texts = [*HOSTILE.values(), "[click](javascript:window.hacked=1)", "endless " * 5_000]
    for number, text in enumerate(texts):
        source = AnswerSource.GENERATED if number % 2 else AnswerSource.NOT_SURE
        await ask(running.core.database, place, text, source, asker=f"U{number}", channel=text[:900], votes=(-1,))
    async with running.core.database.write() as session:
        hostile = update(Answer).where(Answer.source == AnswerSource.GENERATED)
        await session.execute(hostile.values(model_version=HOSTILE["markup"]))
    async with signed_in(running, browser, Role.VIEWER, "<b>Eve</b>") as context:
        page = await context.new_page()
        watch.attach(page)
        await page.goto(f"{running.url}/console/today?days=x&workspace=<script>")
        await expect(page.locator(".gap").first).to_be_visible()
        assert await page.locator(".gap").count() >= 5
        await expect(page.locator(".chart svg")).to_have_count(3)
        for summary in await page.locator("summary").all():
            await summary.click()
        assert await page.evaluate("window.hacked") is None
        made = await page.locator("#main :is(a, b, img, script, iframe)").evaluate_all(
            "all => all.map(e => e.outerHTML)"
        )
        assert made == []
        assert await page.locator(".gap button").count() == 0
        assert await problems(page) == []
        watch.check(running.url)
