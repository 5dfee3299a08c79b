"""Another answer to a question, in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from supportbot.db.states import AnswerSource
from supportbot.intake.questions import Reply
from supportbot.intake.samples import MOST_SAMPLES
from tests.web.running import Bot
from tests.web.test_page import answers, ask_and_wait, questions, thumb

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASKED = "How do I open it?"


def again(answer: Locator) -> Locator:
    """Return the button for another answer."""
    return answer.get_by_role("button", name="Try again")


def prepare(bot: Bot, text: str) -> None:
    """Say what the next answer is."""
    bot.inbox.prepared[ASKED] = Reply(text=text, source=AnswerSource.GENERATED, model_version="v1")


async def test_other_answers_stand_below(bot: Bot, page: Page) -> None:
    """A double click draws one more; each can be voted on, and after three there is no other."""
    prepare(bot, "Answer 1.")
    await ask_and_wait(page, ASKED)
    for number in range(2, MOST_SAMPLES + 1):
        prepare(bot, f"Answer {number}.")
        await again(answers(page).nth(number - 2)).dblclick()
        await expect(answers(page).nth(number - 1).locator(".said")).to_have_text(f"Answer {number}.")
    for reloaded in (False, True):
        if reloaded:
            await page.reload()
        texts = [f"Answer {number}." for number in range(1, MOST_SAMPLES + 1)]
        await expect(answers(page).locator(".said")).to_have_text(texts)
        await expect(questions(page)).to_have_text([ASKED])
        await expect(again(answers(page).last)).to_have_count(0)
    await thumb(answers(page).last, "Helpful").click()
    await expect(thumb(answers(page).last, "Helpful")).to_have_attribute("aria-pressed", "true")
    await again(answers(page).first).click()
    await expect(page.get_by_role("alert")).to_contain_text("already requested")


async def test_answer_far_below_shows_its_question(bot: Bot, page: Page) -> None:
    """Where something else was asked meanwhile, the question stands above its other answer."""
    prepare(bot, "Answer 1.")
    await ask_and_wait(page, ASKED)
    bot.inbox.prepared["And then?"] = Reply(text="Close it.", source=AnswerSource.NOT_SURE)
    await ask_and_wait(page, "And then?")
    await expect(again(answers(page).last)).to_have_count(0)
    prepare(bot, "Answer 2.")
    await again(answers(page).first).click()
    await expect(answers(page).locator(".said")).to_have_text(["Answer 1.", "Close it.", "Answer 2."])
    for reloaded in (False, True):
        if reloaded:
            await page.reload()
        await expect(questions(page)).to_have_text([ASKED, "And then?", ASKED])
