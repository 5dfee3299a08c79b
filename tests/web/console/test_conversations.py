"""The page Conversations: what was asked is found, read with its reasons, said again, and acted on."""

from __future__ import annotations

import re
from contextlib import aclosing

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from sqlalchemy import delete, func, select

from supportbot.access.roles import Role
from supportbot.db.audit import recent
from supportbot.db.models import Audit, Conversation, Feedback, ForeignQuestion, Handoff
from supportbot.db.states import AnswerSource, FeedbackReason, HandoffState
from supportbot.intake.history import Exchange
from supportbot.intake.questions import IncomingQuestion
from supportbot.printable import printable
from tests.supportbot.privacy.planting import NOW, Planter
from tests.web.console.looking import problems
from tests.web.console.running import Running, signed_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = (
    "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>",
    "[click](javascript:window.hacked=1) javascript:window.hacked=1",
    "\u202egnp.exe\u202d ordinary {{ window.hacked = 1 }}",
    "Donaudampfschifffahrt" * 1_905,  # 40,000 characters without a blank
)


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def _empty_log(running: Running) -> None:
    """Each test begins with a log in which nothing stands."""
    async with running.core.database.write() as session:
        for table in (Conversation, Audit, ForeignQuestion):
            await session.execute(delete(table))


async def ask(running: Running, text: str) -> Exchange:
    """Ask the real bot as the chat page does; return what it answered."""
    incoming = IncomingQuestion(
        platform="web",
        workspace="local",
        channel="c",
        thread="c",
        identity=text,
        asker="web:1",
        text=text,
        reply_to={},
    )
    accepted = await running.core.service.ask(incoming)
    async with aclosing(running.core.service.follow(accepted.question_id)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Exchange):
                return piece
    raise AssertionError("nothing was answered")


async def test_an_answer_is_found_explained_and_said_again(running: Running, curator: Page) -> None:
    """An empty log says what to do first; then a search finds the answer with all that made it, and it repeats."""
    await curator.goto(f"{running.url}/console/conversations")
    await expect(curator.get_by_text("No questions yet")).to_be_visible()
    await expect(curator.get_by_role("link", name="Open the chat page")).to_have_attribute("href", "/")

    exchange = await ask(running, "How do I return an item?")
    assert exchange.source is AnswerSource.GENERATED
    await curator.get_by_label("Search in questions and answers").fill('"return an" item')
    await curator.keyboard.press("Enter")
    await curator.get_by_role("link", name="How do I return an item?").click()

    await expect(curator).to_have_url(f"{running.url}/console/conversations/{exchange.question_id}")
    await expect(curator.get_by_role("heading", level=1)).to_have_text(f"Question {exchange.question_id}")
    answer = curator.get_by_role("region", name="Answer")
    await expect(answer.get_by_role("group", name="Answer text")).to_have_text(printable(exchange.answer or ""))
    facts = {
        await term.inner_text(): await term.locator("xpath=following-sibling::dd").inner_text()
        for term in await answer.locator("dt").all()
    }
    assert facts["Model"] == exchange.model_version
    assert facts["Engine and precision"] == (exchange.sampling or {})["engine"]
    assert {"Seed", "Temperature", "Top p", "Candidates", "Mean log-probability", "Finish reason"} <= facts.keys()
    await expect(answer.get_by_role("group", name="Prompt")).to_contain_text("How do I return")

    await answer.get_by_role("button", name="Reproduce this answer").click()
    await expect(answer.get_by_role("status")).to_have_text(
        "The same answer came out, character for character.", timeout=60_000
    )
    await expect(answer.get_by_role("button", name="Reproduce this answer")).to_be_enabled()
    [*_, first] = reversed(await recent(running.core.database, 10))
    assert (first.action, first.actor) == ("log.read", "curator of tests")


async def test_filters_are_the_address(running: Running, curator: Page) -> None:
    """What is chosen stands in the address, which finds the same after a reload; pages lead on and back."""
    put = Planter(running.core.database)
    for number in range(53):
        asked = await put.ask("U1", f"Question {number}?")
    answer = await put.answer(asked, "So it is.", source=AnswerSource.APPROVED)
    await put.vote(answer, "U9", 1)
    await curator.goto(f"{running.url}/console/conversations")
    rows = curator.locator("tbody tr")
    await expect(rows).to_have_count(50)
    await curator.get_by_role("link", name="Older").click()
    await expect(rows).to_have_count(3)
    await curator.get_by_role("link", name="Newest").click()
    await expect(rows).to_have_count(50)

    await curator.get_by_text("Filters", exact=True).click()
    await curator.get_by_label("Votes").select_option("👍 Helpful")
    await curator.get_by_label("Workspace").select_option("Slack · T1")
    await curator.get_by_role("button", name="Search").click()
    await expect(curator).to_have_url(re.compile("votes=up"))
    await curator.reload()
    await expect(rows).to_have_count(1)
    await expect(rows.first).to_contain_text("Question 52?")
    await expect(rows.first).to_contain_text("Verified")
    await expect(rows.first.get_by_role("img", name="1 found it helpful")).to_be_visible()
    await expect(curator.get_by_label("Votes")).to_have_value("up")
    await curator.get_by_label("From").fill("2026-06-02")
    await curator.get_by_role("button", name="Search").click()
    await expect(curator.get_by_text("No results")).to_be_visible()
    await expect(curator.get_by_label("From")).to_have_value("2026-06-02")

    nonsense = (
        "words=%22%2A&platform=%00&workspace=99999999999999999999&votes=x&from=9999-99-99&below=1~x&to=0001-01-01"
    )
    await curator.goto(f"{running.url}/console/conversations?{nonsense}")
    await expect(curator.get_by_role("alert")).to_be_hidden()
    await curator.goto(f"{running.url}/console/conversations/99999999999999999999")
    await expect(curator.get_by_text("It may have been erased")).to_be_visible()


async def test_deeds_ask_are_audited_and_need_their_role(
    running: Running, browser: Browser, curator: Page
) -> None:
    """A curator closes a hand-off and marks a question, and takes that back; a viewer is offered neither."""
    put = Planter(running.core.database)
    asked = await put.ask("U1", "Do you sell cars?")
    told = await put.answer(asked, "I am not sure.", source=AnswerSource.NOT_SURE)
    await put.answer(asked, "No, we don't.", source=AnswerSource.HUMAN, reply_identity="slack:9")
    vote = await put.vote(told, "U9", -1, "We sell no cars.")
    async with running.core.database.write() as session:
        (await session.get_one(Feedback, vote)).reason = FeedbackReason.INCOMPLETE
    place = {"workspace_id": await put.workspace(), "channel": "C1", "platform": "slack", "target": "C9"}
    handoff = await put.add(Handoff(question_id=asked, state=HandoffState.OPEN, asked_at=NOW, **place))
    address = f"{running.url}/console/conversations/{asked}"
    await curator.goto(address)
    for seen in ("No, we don't.", "Something is missing", "We sell no cars.", "Handed off to Slack · C9."):
        await expect(curator.get_by_text(seen)).to_be_visible()
    await expect(curator.get_by_role("link", name="Write the answer")).to_have_attribute(
        "href", f"/console/knowledge/new?question={asked}"
    )

    await curator.get_by_role("button", name="Off topic").click()
    await expect(curator.get_by_text("Marked as off topic")).to_be_visible()
    await curator.get_by_role("button", name="Undo").click()
    await expect(curator.get_by_text("The question is no longer marked as off topic.")).to_be_visible()
    await curator.get_by_role("button", name="Close the hand-off").click()
    await curator.get_by_role("button", name="Close hand-off").click()
    await expect(curator.get_by_text("The hand-off is closed.")).to_be_visible()
    await expect(curator.get_by_role("button", name="Close the hand-off")).to_have_count(0)
    done = [(one.actor, one.action) for one in await recent(running.core.database, 20)]
    who = "curator of tests"
    assert [deed for deed in done if deed[1].startswith(("handoff", "foreign"))] == [
        (who, "handoff.resolve"),
        (who, "foreign.remove"),
        (who, "foreign.add"),
    ]
    async with running.core.database.write() as session:
        assert await session.scalar(select(func.count()).select_from(ForeignQuestion)) == 0
        (await session.get_one(Handoff, handoff)).state = HandoffState.OPEN

    async with signed_in(running, browser, Role.VIEWER) as context:
        viewer = await context.new_page()
        await viewer.goto(address)
        await expect(viewer.get_by_text("Handed off to Slack · C9.")).to_be_visible()
        for name in ("Off topic", "Close the hand-off"):
            await expect(viewer.get_by_role("button", name=name)).to_have_count(0)
        await expect(viewer.get_by_role("link", name="Write the answer")).to_have_count(0)


async def test_hostile_text_is_text_and_fits_every_screen(running: Running, admin: Page) -> None:
    """Whatever people wrote, and wherever it stands, nothing runs, links, widens a page or is hidden."""
    put = Planter(running.core.database)
    await admin.set_viewport_size({"width": 390, "height": 844})
    for number, text in enumerate(HOSTILE):
        asked = await put.ask(f"U{number}", text)
        told = await put.answer(asked, text, model_version=text[:60], prompt=text, draft=text)
        await put.reply(asked, told, text)
        await put.vote(told, "U9", -1, text)
    for page in ("", *(f"/{asked - number}" for number in range(len(HOSTILE)))):
        await admin.goto(f"{running.url}/console/conversations{page}")
        await expect(admin.get_by_role("heading", level=1)).to_be_visible()
        await expect(admin.locator(".text").first).to_be_visible()
        assert await admin.evaluate("window.hacked") is None
        assert await admin.locator("main :is(script, iframe, img, [href^='javascript:'])").count() == 0
        assert "\u202e" not in await admin.locator("main").inner_text()
        assert await admin.evaluate("document.documentElement.scrollWidth") <= 390
    await put.add(
        Handoff(
            question_id=asked,
            workspace_id=await put.workspace(),
            channel="C1",
            platform="slack",
            target="C9",
            state=HandoffState.OPEN,
            asked_at=NOW,
        )
    )
    for address in (f"conversations/{asked}", "conversations?votes=down"):
        await admin.goto(f"{running.url}/console/{address}")
        assert await problems(admin) == []
    await admin.goto(f"{running.url}/console/conversations/{asked}")
    whole = admin.get_by_role("group", name="Question text")
    assert len(await whole.inner_text()) == len(HOSTILE[-1])
