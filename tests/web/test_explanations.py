"""The form under an answer that got a thumb down, in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect
from sqlalchemy import delete, select, text

from bot.web.components import read_explanation
from supportbot.db.models import Feedback, Question
from supportbot.db.session import Database
from supportbot.db.states import FeedbackReason
from supportbot.feedback.votes import MAX_CORRECTION, REASON_WORDS, Explanation
from tests.web.running import Bot
from tests.web.test_page import HOSTILE, answers, ask_and_wait, latest, thumb

pytestmark = pytest.mark.asyncio(loop_scope="session")

WRONG = REASON_WORDS[FeedbackReason.WRONG]


def form_of(answer: Locator) -> Locator:
    """Return the form under an answer."""
    return answer.get_by_role("form", name="What was wrong with this answer?")


def correction_of(form: Locator) -> Locator:
    """Return where somebody writes what the answer should have said."""
    return form.get_by_role("textbox", name="What should it have said?")


def button(form: Locator, name: str) -> Locator:
    """Return one of the form's buttons."""
    return form.get_by_role("button", name=name, exact=True)


async def disliked(page: Page) -> tuple[Locator, Locator]:
    """Ask, and click the thumb down; return the answer and its form."""
    answer = await ask_and_wait(page, "Where is my order?")
    await thumb(answer, "Not helpful").click()
    await expect(form_of(answer)).to_be_visible()
    return answer, form_of(answer)


async def kept(database: Database) -> tuple[int, FeedbackReason | None, str | None]:
    """Return vote, reason and correction of the latest answer."""
    _, answer = await latest(database)
    async with database.read() as session:
        row = (await session.scalars(select(Feedback).where(Feedback.answer_id == answer.id))).one()
        return row.vote, row.reason, row.correction


async def test_explanation_goes_on_the_vote(bot: Bot, page: Page) -> None:
    """A thumb down is stored and opens the form; what is sent with it is stored too, and thanked for."""
    answer, form = await disliked(page)
    assert await kept(bot.database) == (-1, None, None)
    await expect(button(form, "Send")).to_be_disabled()

    await form.get_by_text(WRONG).click()
    await correction_of(form).fill("It is in the post.\nReally.")
    await button(form, "Send").click()

    await expect(form).to_have_count(0)
    await expect(answer.get_by_role("status")).to_have_text("Thanks, that helps")
    assert await kept(bot.database) == (-1, FeedbackReason.WRONG, "It is in the post.\nReally.")


async def test_form_needs_no_mouse(bot: Bot, page: Page) -> None:
    """The focus goes into the form, keys fill it in and send it, and the focus comes back to the thumb."""
    answer = await ask_and_wait(page, "Where is my order?")
    await thumb(answer, "Not helpful").focus()
    await page.keyboard.press("Enter")
    form = form_of(answer)
    await expect(form.get_by_role("radio", name=WRONG)).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(form.get_by_role("radio", name=REASON_WORDS[FeedbackReason.OUTDATED])).to_be_checked()
    await page.keyboard.press("Tab")
    await expect(correction_of(form)).to_be_focused()
    await page.keyboard.type("Tomorrow.")
    await page.keyboard.press("Tab")
    await expect(button(form, "Send")).to_be_focused()
    await page.keyboard.press("Enter")

    await expect(form).to_have_count(0)
    await expect(thumb(answer, "Not helpful")).to_be_focused()
    assert await kept(bot.database) == (-1, FeedbackReason.OUTDATED, "Tomorrow.")


@pytest.mark.parametrize("way", ["Skip", "Escape"])
async def test_vote_counts_though_the_form_is_closed(bot: Bot, page: Page, way: str) -> None:
    """Whoever closes the form has voted all the same, and nothing that was typed is kept."""
    answer, form = await disliked(page)
    await correction_of(form).fill("I thought better of it.")
    if way == "Skip":
        await button(form, way).click()
    else:
        await page.keyboard.press(way)

    await expect(form).to_have_count(0)
    await expect(thumb(answer, "Not helpful")).to_be_focused()
    await expect(thumb(answer, "Not helpful")).to_have_attribute("aria-pressed", "true")
    assert await kept(bot.database) == (-1, None, None)


async def test_thumb_up_closes_the_form_and_takes_the_explanation_back(bot: Bot, page: Page) -> None:
    """After a thumb up nothing is asked, and what was said about the thumb down is gone."""
    answer, form = await disliked(page)
    await form.get_by_text(WRONG).click()
    await button(form, "Send").click()
    await expect(form).to_have_count(0)
    await thumb(answer, "Not helpful").click()
    await expect(form).to_be_visible()

    await thumb(answer, "Helpful").click()

    await expect(form).to_have_count(0)
    assert await kept(bot.database) == (1, None, None)


async def test_form_that_opens_again_shows_what_was_said(bot: Bot, page: Page) -> None:
    """After a reload the form opens by another thumb down, with what was said before, and can be changed."""
    _, form = await disliked(page)
    await form.get_by_text(WRONG).click()
    await correction_of(form).fill("Tomorrow.")
    await button(form, "Send").click()
    await expect(form).to_have_count(0)

    await page.reload()
    again = form_of(answers(page).last)
    await expect(thumb(answers(page).last, "Not helpful")).to_have_attribute("aria-pressed", "true")
    await expect(again).to_have_count(0)
    await thumb(answers(page).last, "Not helpful").click()
    await expect(again.get_by_role("radio", name=WRONG)).to_be_checked()
    await expect(correction_of(again)).to_have_value("Tomorrow.")
    await correction_of(again).fill("")
    await button(again, "Send").click()

    await expect(again).to_have_count(0)
    assert await kept(bot.database) == (-1, FeedbackReason.WRONG, None)


async def test_another_click_leaves_what_is_typed(page: Page) -> None:
    """A second thumb down doesn't empty a form that is being filled in."""
    answer, form = await disliked(page)
    await correction_of(form).fill("Half a sen")
    await thumb(answer, "Not helpful").click()
    await expect(form).to_have_count(1)
    await expect(correction_of(form)).to_have_value("Half a sen")


async def test_explanation_that_cannot_be_stored_says_so(bot: Bot, page: Page) -> None:
    """If the database fails the page says so, and what was typed still stands and can be sent again."""
    _, form = await disliked(page)
    await correction_of(form).fill("Tomorrow.")
    async with bot.database.write() as session:
        await session.execute(text("ALTER TABLE feedback RENAME TO elsewhere"))
    await button(form, "Send").click()
    await expect(page.get_by_role("alert")).to_contain_text("couldn't be saved")
    async with bot.database.write() as session:
        await session.execute(text("ALTER TABLE elsewhere RENAME TO feedback"))

    await expect(correction_of(form)).to_have_value("Tomorrow.")
    await button(form, "Send").click()

    await expect(form).to_have_count(0)
    await expect(page.get_by_role("alert")).to_be_empty()
    assert await kept(bot.database) == (-1, None, "Tomorrow.")


async def test_explanation_of_an_erased_answer_says_so(bot: Bot, page: Page) -> None:
    """If the answer was erased while the form was open, the page says why nothing was kept."""
    _, form = await disliked(page)
    question, _ = await latest(bot.database)
    async with bot.database.write() as session:
        await session.execute(delete(Question).where(Question.id == question.id))
    await form.get_by_text(WRONG).click()
    await button(form, "Send").click()
    await expect(page.get_by_role("alert")).to_contain_text("no longer in the log")


async def test_hostile_correction_stays_text(bot: Bot, page: Page) -> None:
    """Markup, templates and tricks with direction are kept and shown again as they were typed."""
    hostile = " ".join(HOSTILE.values())
    answer, form = await disliked(page)
    await correction_of(form).fill(hostile)
    await button(form, "Send").click()
    await expect(form).to_have_count(0)
    assert await kept(bot.database) == (-1, None, hostile)

    await thumb(answer, "Not helpful").click()

    await expect(correction_of(form)).to_have_value(hostile)
    assert await page.evaluate("window.hacked") is None


async def test_long_correction_is_limited(bot: Bot, page: Page) -> None:
    """The field takes no more than the limit and says so; a browser that is made to send more achieves nothing."""
    _, form = await disliked(page)
    await correction_of(form).fill("a" * (MAX_CORRECTION - 1))
    await page.keyboard.type("bcd")
    await expect(form.get_by_text(f"{MAX_CORRECTION} of {MAX_CORRECTION} characters")).to_be_visible()
    await page.evaluate(
        """() => {
            const [id, form] = Object.entries(mounted_app.elements).find(([, e]) => e.props.reasons);
            const listener = form.events.find((event) => event.type === "send");
            const event = { id: Number(id), client_id: clientId, listener_id: listener.listener_id };
            const long = "x".repeat(40000);
            for (const value of [null, 5, {}, [], { reason: "lovely", correction: "" }, { reason: null },
                { reason: ["wrong"], correction: "a" }, { reason: "wrong", correction: long }])
                socket.emit("event", { ...event, args: [JSON.stringify(value)] });
        }"""
    )
    await expect(form).to_have_count(0)
    assert await kept(bot.database) == (-1, FeedbackReason.WRONG, "x" * MAX_CORRECTION)


async def test_form_fits_a_phone(page: Page) -> None:
    """On a small phone the form needs no horizontal scrolling, and its buttons aren't covered by anything."""
    await page.set_viewport_size({"width": 320, "height": 640})
    _, form = await disliked(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    await form.get_by_text(WRONG).click()
    await button(form, "Send").click()
    await expect(form).to_have_count(0)


async def test_sent_explanation_is_read_or_ignored() -> None:
    """What the form sends is read, and anything else is nothing."""
    said = {"reason": "not_asked", "correction": "x"}
    assert read_explanation(said) == Explanation(reason=FeedbackReason.NOT_WHAT_I_ASKED, correction="x")
    assert read_explanation({"reason": None, "correction": ""}) == Explanation(correction="")
    odd: list[object] = [None, 5, "wrong", [], {}, {"reason": "wrong"}, {"reason": {}, "correction": "x"}]
    assert [read_explanation(each) for each in odd] == [None] * len(odd)
