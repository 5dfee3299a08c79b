"""Answers that stand on approved knowledge, and the ones that would like to, in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect
from sqlalchemy import func, select, text, update

from bot.web.welcome import FixedWelcome
from supportbot.db.models import Entry, Example, Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, EntryState, ExampleStatus
from supportbot.intake.questions import Grounds, Quoted, Reply, Suggestion
from supportbot.printable import printable
from tests.grounds import NEAR, add_entry, approved, unsure, verified
from tests.web.running import Bot
from tests.web.test_page import HOSTILE, answers, ask_and_wait, latest, questions, thumb

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANSWER = "Delivery takes two days.\n\nSee https://shop.example/delivery for other countries."
ASKED = "when comes it"


async def suggested(bot: Bot, page: Page, **others: str) -> Locator:
    """Ask, and return the answer that suggests what was meant; the suggestion has a verified answer."""
    entry_id = await add_entry(bot.database, ANSWER)
    bot.inbox.prepared[ASKED] = unsure(
        Suggestion(entry_id, NEAR), *(Suggestion(entry_id, question) for question in others.values())
    )
    bot.inbox.prepared[NEAR] = approved(verified(), answer=ANSWER)
    return await ask_and_wait(page, ASKED)


def suggestions(answer: Locator) -> Locator:
    """Return the buttons with which an answer asks what was meant."""
    return answer.get_by_role("group", name="Did you mean").get_by_role("button")


async def count(database: Database, question: str) -> int:
    """Return how many questions have this text."""
    async with database.read() as session:
        asked = select(func.count()).select_from(Question).where(Question.text == question)
        return await session.scalar(asked) or 0


async def test_verified_answer_says_who_approved_it(bot: Bot, page: Page) -> None:
    """A verified answer is shown word for word with a badge, the name and the day, also after a reload."""
    bot.inbox.prepared["How long?"] = approved(verified(), answer=ANSWER)
    await ask_and_wait(page, "How long?")
    for reloaded in (False, True):
        if reloaded:
            await page.reload()
        answer = answers(page)
        await expect(answer.locator(".said")).to_have_text(ANSWER, use_inner_text=True)
        badge = answer.get_by_text("Verified", exact=True)
        await expect(badge).to_be_visible()
        await expect(badge).to_have_attribute("title", "A person approved this answer. It is shown word for word.")
        await expect(answer.locator(".origin")).to_have_text("by Ana Lopez, 27 Nov 2026")
        await expect(thumb(answer, "Helpful")).to_be_visible()


async def test_quoted_passage_says_that_nobody_verified_it(bot: Bot, page: Page) -> None:
    """A passage has a badge of its own, its document and heading, and thumbs, also after a reload."""
    quoted = Quoted(example_id=1, document="guide.md", heading="<b>Refunds", is_whole=False)
    reply = Reply(text=ANSWER, source=AnswerSource.QUOTED, model_version="v1", grounds=Grounds(quoted=quoted))
    bot.inbox.prepared["How long?"] = reply
    await ask_and_wait(page, "How long?")
    for reloaded in (False, True):
        if reloaded:
            await page.reload()
        answer = answers(page)
        await expect(answer.locator(".said")).to_have_text(ANSWER, use_inner_text=True)
        await expect(answer.get_by_text("From the handbook, not verified", exact=True)).to_be_visible()
        await expect(answer.get_by_text("Verified", exact=True)).to_have_count(0)
        await expect(answer.locator(".origin")).to_have_text("guide.md, “<b>Refunds”, continued")
        await expect(thumb(answer, "Helpful")).to_be_visible()


async def test_answer_of_two_people_names_both(bot: Bot, page: Page) -> None:
    """The answer to a question of two parts names everybody who approved a part of it."""
    bot.inbox.prepared["Two?"] = approved(verified(), verified("Bo Chen"), answer=ANSWER)
    answer = await ask_and_wait(page, "Two?")
    await expect(answer.locator(".origin")).to_have_text("by Ana Lopez, 27 Nov 2026, and Bo Chen, 27 Nov 2026")


async def test_what_ships_with_the_program_has_no_mark(bot: Bot, page: Page) -> None:
    """A greeting that nobody approved is an answer without any mark, but it can be voted on."""
    bot.inbox.prepared["hi"] = approved(verified(""), answer="Hello!")
    answer = await ask_and_wait(page, "hi")
    await expect(answer.locator(".said")).to_have_text("Hello!")
    await expect(answer.locator(".badge")).to_have_count(0)
    await expect(answer.locator(".origin")).to_have_text("")
    await expect(thumb(answer, "Helpful")).to_be_visible()


async def test_suggestion_is_asked_by_a_click(bot: Bot, page: Page) -> None:
    """A click asks the suggested question as the visitor's own, and what was typed awaits a curator."""
    answer = await suggested(bot, page)
    unsure_question, unsure_answer = await latest(bot.database)
    await expect(answer.get_by_text("Did you mean:")).to_be_visible()
    await expect(thumb(answer, "Not helpful")).to_be_visible()

    await suggestions(answer).click()

    await expect(questions(page)).to_have_text([ASKED, NEAR])
    await expect(answers(page).nth(1).locator(".said")).to_have_text(ANSWER, use_inner_text=True)
    await expect(answers(page).nth(1).get_by_text("Verified", exact=True)).to_be_visible()
    question, _ = await latest(bot.database)
    assert (question.text, question.asker) == (NEAR, unsure_question.asker)
    assert question.conversation_id == unsure_question.conversation_id
    async with bot.database.read() as session:
        origin = Example.origin.startswith(f"suggestion:{unsure_answer.id}:")
        example = (await session.scalars(select(Example).where(origin))).one()
    assert (example.prompt, example.completion, example.status) == (ASKED, ANSWER, ExampleStatus.PENDING)


async def test_second_click_asks_nothing_anew(bot: Bot, page: Page) -> None:
    """A suggestion that was asked already says so, also after a reload and after a double click."""
    before = await count(bot.database, NEAR)
    answer = await suggested(bot, page)
    await suggestions(answer).dblclick()
    await expect(page.get_by_role("alert")).to_contain_text("already asked this")
    await expect(questions(page)).to_have_text([ASKED, NEAR])

    await page.reload()
    await suggestions(answers(page).first).click()

    await expect(page.get_by_role("alert")).to_contain_text("already asked this")
    await expect(questions(page)).to_have_text([ASKED, NEAR])
    assert await count(bot.database, NEAR) == before + 1


async def test_click_in_another_tab_shows_the_answer_there(bot: Bot, visitor: BrowserContext, page: Page) -> None:
    """A tab that has not seen the question yet shows it, though another has asked it."""
    answer = await suggested(bot, page)
    other = await visitor.new_page()
    await other.goto(bot.url)
    await suggestions(answer).click()
    await expect(answers(page).nth(1).get_by_text("Verified", exact=True)).to_be_visible()

    await suggestions(answers(other)).click()

    await expect(questions(other)).to_have_text([ASKED, NEAR])
    await expect(answers(other).nth(1).get_by_text("Verified", exact=True)).to_be_visible()


async def test_suggestion_that_was_retired_says_so(bot: Bot, page: Page) -> None:
    """When the suggested answer was retired in the meantime, the visitor is told, and nothing is asked."""
    answer = await suggested(bot, page)
    async with bot.database.write() as session:
        await session.execute(update(Entry).values(state=EntryState.RETIRED))

    await suggestions(answer).click()

    await expect(page.get_by_role("alert")).to_contain_text("no longer available")
    await expect(questions(page)).to_have_text([ASKED])


async def test_suggestion_that_cannot_be_kept_says_so(bot: Bot, page: Page) -> None:
    """With a full disk the visitor is told in a fixed sentence, and the next click works."""
    answer = await suggested(bot, page)
    bot.inbox.is_full = True
    await suggestions(answer).click()
    await expect(page.get_by_role("alert")).to_contain_text("couldn't be saved")
    bot.inbox.is_full = False
    await expect(questions(page)).to_have_text([ASKED])
    assert "secret" not in await page.content()

    await suggestions(answer).click()

    await expect(questions(page)).to_have_text([ASKED, NEAR])
    await expect(page.get_by_role("alert")).to_have_text("")


async def test_hostile_names_and_suggestions_stay_text(bot: Bot, page: Page) -> None:
    """Markup, templates and links are shown as they are, in suggestions and names too."""
    answer = await suggested(bot, page, **{name.replace(" ", "_"): text for name, text in HOSTILE.items()})
    shown = await suggestions(answer).evaluate_all("all => all.map(element => element.textContent)")
    assert shown == [NEAR, *map(printable, HOSTILE.values())]
    bot.inbox.prepared["Who?"] = approved(
        verified("<b>Ana</b> <a href='http://evil.example'>boss</a>"), answer=ANSWER
    )
    await expect((await ask_and_wait(page, "Who?")).locator(".origin")).to_contain_text("by <b>Ana</b> <a href=")
    assert await page.evaluate("window.hacked") is None
    assert await page.locator("[role=log] :is(a, b, img, script, iframe)").count() == 0


async def test_answer_of_the_demo_says_so(bot: Bot, page: Page) -> None:
    """An answer of the starter says that its shop does not exist; another one does not."""
    demo = Reply(text="In a week.", source=AnswerSource.GENERATED, model_version="v1", grounds=Grounds(demo=True))
    bot.inbox.prepared["demo?"] = demo
    answer = await ask_and_wait(page, "demo?")
    await expect(answer).to_contain_text("Demo: this shop doesn't exist.")
    bot.inbox.prepared["real?"] = approved(verified(), answer=ANSWER)
    assert "Demo" not in await (await ask_and_wait(page, "real?")).inner_text()


async def test_phone_shows_all_of_it(bot: Bot, page: Page) -> None:
    """At the width of a small phone a long suggestion and a long name make nothing scroll sideways."""
    await page.set_viewport_size({"width": 320, "height": 640})
    await suggested(bot, page, long="Donaudampfschifffahrt" * 12)
    bot.inbox.prepared["Who?"] = approved(verified("Rindfleischetikettierung" * 9), answer=ANSWER)
    await ask_and_wait(page, "Who?")

    assert await page.evaluate("document.documentElement.scrollWidth") <= 320


async def test_welcome_is_the_operators(bot: Bot, page: Page) -> None:
    """Name, title and examples are those of the operator, and nothing speaks of the demo."""
    bot.reception.welcome = FixedWelcome("Acme <b>help</b>", ("Who are you & why?", "Where?"), demo=False)
    await page.reload()

    await expect(page).to_have_title("Acme <b>help</b>")
    await expect(page.get_by_role("banner")).to_contain_text("Acme <b>help</b>")
    await expect(page.get_by_role("group", name="Example questions").get_by_role("button")).to_have_text(
        ["Who are you & why?", "Where?"]
    )
    greeting = await page.locator(".greeting").inner_text()
    assert "Ask in your own words" in greeting
    assert "shop" not in greeting
    await page.get_by_role("button", name="Where?").click()
    await expect(questions(page)).to_have_text("Where?")


async def test_starter_is_welcomed_as_a_demo(bot: Bot, page: Page) -> None:
    """A bot without knowledge of its own offers the demo's questions, and says that it is one."""
    await expect(page).to_have_title("Support bot")
    await expect(page.get_by_role("button", name="Where is my order?")).to_be_visible()
    await expect(page.get_by_text("Demo: this shop doesn't exist.")).to_be_visible()


async def test_page_works_without_a_welcome(bot: Bot, page: Page) -> None:
    """If nobody can say what the bot knows, the page opens all the same, and promises nothing."""
    bot.reception.is_closed = True
    await page.reload()

    await expect(page.get_by_role("heading", name="Hello! How can I help?")).to_be_visible()
    await expect(page.get_by_role("group", name="Example questions")).to_have_count(0)
    assert "secret" not in await page.content()
    await ask_and_wait(page, "Are you there?")


async def test_choice_fails_with_a_fixed_sentence_when_the_database_does(bot: Bot, page: Page) -> None:
    """When the knowledge can't be read, the visitor sees a fixed sentence and none of the error."""
    answer = await suggested(bot, page)
    async with bot.database.write() as session:
        await session.execute(text("ALTER TABLE entry RENAME TO elsewhere"))
    await suggestions(answer).click()
    await expect(page.get_by_role("alert")).to_contain_text("couldn't be saved")
    async with bot.database.write() as session:
        await session.execute(text("ALTER TABLE elsewhere RENAME TO entry"))
    assert "elsewhere" not in await page.content()
