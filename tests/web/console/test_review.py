"""Review with the keyboard alone, by two curators at once, and with texts that mean harm."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import delete, select

from supportbot.access.roles import Role
from supportbot.db.models import Entry, Example, Feedback, ForeignQuestion, Wording
from supportbot.db.session import Database
from supportbot.db.states import EntryState, ExampleSource, ExampleStatus
from supportbot.feedback.entries import Entries
from tests.supportbot.feedback.curation.rows import add_answer, add_examples, add_feedback, example, stored
from tests.web.console.running import Running, signed_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

WAITS = {"status": ExampleStatus.PENDING}
HOSTILE = (
    "<script>document.title = 'taken'</script> [a](javascript:alert(1)) \N{RIGHT-TO-LEFT OVERRIDE}gnp.exe "
    + "<img src=x onerror=alert(1)> " * 1_400
)


async def known(database: Database) -> list[tuple[str, str]]:
    """Return what the bot says now besides small talk: each wording with its answer."""
    async with database.read() as session:
        rows = await session.execute(
            select(Wording.text, Entry.answer)
            .join(Entry, Entry.id == Wording.entry_id)
            .where(Entry.state == EntryState.LIVE, Wording.example_id.is_not(None))
            .order_by(Wording.id)
        )
        return [(row.text, row.answer) for row in rows]


async def start(running: Running, page: Page, *examples: Example) -> None:
    """Have nothing wait but these, and open the page."""
    async with running.core.database.write() as session:
        await session.execute(delete(Feedback))
        await session.execute(delete(Example))
    await add_examples(running.core.database, *examples)
    await page.goto(f"{running.url}/console/review")


async def test_an_address_with_a_number_that_no_row_can_have(running: Running, curator: Page) -> None:
    """The queue is shown, as without a number."""
    await start(running, curator, example("Do you sell gift cards?", "We do.", **WAITS))
    await curator.goto(f"{running.url}/console/review/{'9' * 20}")
    await expect(curator.get_by_text("Do you sell gift cards?").first).to_be_visible()


async def test_what_was_decided_is_undone_from_the_audit(
    running: Running, curator: Page, browser: Browser
) -> None:
    """All that was decided together waits again; a viewer is offered nothing, nor is anybody once it is undone."""
    database = running.core.database
    await start(running, curator, example("Do you sell gift cards?", "We do.", **WAITS))
    await curator.keyboard.press("a")
    await expect(curator.get_by_text("Nothing to review")).to_be_visible()
    assert await known(database) == [("Do you sell gift cards?", "We do.")]

    audit = f"{running.url}/console/settings/audit?action=example."
    async with signed_in(running, browser, Role.VIEWER) as context:
        viewer = await context.new_page()
        await viewer.goto(audit)
        await expect(viewer.get_by_role("cell", name="example.approve")).to_be_visible()
        await expect(viewer.get_by_role("button", name="Undo")).to_have_count(0)
    await curator.goto(audit)
    [row] = await stored(database)
    await curator.get_by_role("button", name=f"Undo example.approve of example:{row.id}").click()
    await expect(curator.get_by_text("Undone. The item is waiting again.")).to_be_visible()
    await expect(curator.get_by_role("button", name="Undo")).to_have_count(0)
    assert await known(database) == []
    assert [row.status for row in await stored(database)] == [ExampleStatus.PENDING]


async def test_everything_is_decided_with_the_keyboard(running: Running, curator: Page) -> None:
    """Approve, edit, merge, none of ours, reject, next, previous and undo, each by one key; all of it real."""
    database = running.core.database
    await start(running, curator)
    await Entries(database).add(["How long does a parcel take?"], "Two days.", "ada")
    await expect(curator.get_by_text("Nothing to review")).to_be_visible()
    answer = await add_answer(database, "where does Jane Doe pay?", "In the shop.", platform="web")
    await add_feedback(database, answer, -1, "web:1", correction="At the till, says eve@example.org.")
    await add_examples(
        database,
        example("Do you sell gift cards?", "We do.", **WAITS),
        example("How long is a parcel under way?", "No idea.", **WAITS),
        example("Who won the cup?", "We did.", **WAITS),
        example("Is it blue?", "It is red.", **WAITS),
    )
    await curator.get_by_role("button", name="Check for new items").click()

    item = curator.locator(".reviewing")
    await expect(item.get_by_role("group", name="Question")).to_have_text("where does Jane Doe pay?")
    await expect(item.get_by_role("group", name="Proposed answer")).to_have_text("At the till, says [email].")
    await expect(item.locator("mark.taken")).to_have_text("[email]")
    await expect(item.get_by_text("Possibly personal: Jane Doe")).to_be_visible()
    await expect(item.get_by_text("Someone said what the answer should have been.")).to_be_visible()
    await expect(item.get_by_text("Thread: 2 messages")).to_be_visible()
    await expect(curator.locator(".progress")).to_have_text("5 waiting · 0 decided in the last 24 hours, 0 by you")
    press, question = curator.keyboard.press, item.get_by_role("group", name="Question")

    await press("e")
    await expect(item.get_by_label("Question", exact=True).and_(curator.locator("textarea"))).to_be_focused()
    await curator.keyboard.press("ControlOrMeta+a")
    await curator.keyboard.type("Where do I pay?")
    await press("Control+Enter")
    await expect(question).to_have_text("Do you sell gift cards?")
    parcel = ("How long does a parcel take?", "Two days.")
    assert await known(database) == [parcel, ("Where do I pay?", "At the till, says [email].")]
    await press("u")
    await expect(question).to_have_text("where does Jane Doe pay?")
    assert await known(database) == [parcel]

    await press("r")
    await expect(question).to_have_text("Do you sell gift cards?")
    await press("j")
    await expect(question).to_have_text("How long is a parcel under way?")
    await press("k")
    await expect(question).to_have_text("Do you sell gift cards?")
    await press("a")
    await expect(question).to_have_text("How long is a parcel under way?")
    await press("m")
    await curator.get_by_label("Search for an answer").fill("Two days")
    await press("Enter")
    await expect(item.get_by_role("button", name="Merge into answer 1")).to_be_visible()
    await press("Escape")
    await press("1")
    await expect(question).to_have_text("Who won the cup?")
    await press("x")
    await expect(question).to_have_text("Is it blue?")
    assert await known(database) == [
        parcel,
        ("Do you sell gift cards?", "We do."),
        ("How long is a parcel under way?", "Two days."),
    ]
    async with database.read() as session:
        assert list(await session.scalars(select(ForeignQuestion.text))) == ["Who won the cup?"]
    await press("?")
    keys = curator.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(keys.get_by_text("Off topic")).to_be_visible()
    await press("Escape")
    await expect(keys).to_be_hidden()
    for shown in ("Who won the cup?", "How long is a parcel under way?", "Do you sell gift cards?"):
        await press("u")
        await expect(question).to_have_text(shown)
    assert await known(database) == [parcel]
    async with database.read() as session:
        assert list(await session.scalars(select(ForeignQuestion.text))) == []


async def test_two_curators_share_the_queue(running: Running, browser: Browser, curator: Page) -> None:
    """Each sees other items, with all that have the same answer; these are decided on, and undone, as one."""
    await start(
        running,
        curator,
        example("Do you sell gift cards?", "We do.", **WAITS),
        example("Are there vouchers?", "We do.", **WAITS),
        example("Is it blue?", "It is red.", **WAITS),
    )
    database = running.core.database
    await expect(curator.get_by_role("group", name="Question")).to_have_text("Do you sell gift cards?")
    async with signed_in(running, browser, Role.CURATOR, "another curator") as context:
        other = await context.new_page()
        await other.goto(f"{running.url}/console/review")
        await expect(other.get_by_role("group", name="Question")).to_have_text("Is it blue?")
        await expect(other.locator(".progress")).to_contain_text("3 waiting · others look at 2 of these")
    await curator.get_by_role("checkbox", name="Are there vouchers?").click()
    await curator.keyboard.press("a")
    await expect(curator.get_by_text("Approved.")).to_be_visible()
    assert [row.status for row in await stored(database) if row.completion == "We do."] == [
        ExampleStatus.APPROVED,
        ExampleStatus.APPROVED,
    ]
    await curator.get_by_role("button", name="Undo").click()
    await expect(curator.get_by_role("group", name="Question")).to_have_text("Do you sell gift cards?")
    assert {row.status for row in await stored(database) if row.completion == "We do."} == {ExampleStatus.PENDING}

    async with signed_in(running, browser, Role.VIEWER) as context:
        viewer = await context.new_page()
        await viewer.goto(f"{running.url}/console/review")
        await expect(viewer.get_by_text("needs the curator role")).to_be_visible()
        assert await viewer.locator(".reviewing").count() == 0


async def test_hostile_texts_are_texts(running: Running, browser: Browser, curator: Page) -> None:
    """Markup, links, reversed and very long text is shown as text, also on a phone, in the dark."""
    await curator.set_viewport_size({"width": 390, "height": 800})
    await curator.emulate_media(color_scheme="dark")
    await start(running, curator, example(HOSTILE, HOSTILE, rejected=HOSTILE, source=ExampleSource.HUMAN, **WAITS))
    question = curator.get_by_role("group", name="Question")
    await expect(question).to_contain_text("<script>document.title = 'taken'</script> [a](javascript:alert(1))")
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in await curator.locator("#main").inner_text()
    assert await curator.locator("#main :is(script, img, a[href^=javascript])").count() == 0
    assert await curator.title() != "taken"
    assert await curator.evaluate("document.documentElement.scrollWidth") <= 390
    await curator.keyboard.press("e")
    await expect(curator.get_by_text("too long to edit here")).to_be_visible()
    await curator.keyboard.press("r")
    await expect(curator.get_by_text("Rejected.")).to_be_visible()
