"""The console's page of the knowledge, as a curator works with it."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from supportbot.db import audit
from supportbot.knowledge.searching import Wanted
from tests.supportbot.knowledge.faq import GYM
from tests.waiting import until
from tests.web.console.looking import problems
from tests.web.console.running import Running

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
TURNED = "\u202egnp.exe\u202d"
LINK = "[a prize](javascript:window.hacked=1)"


def main(page: Page) -> Locator:
    """Return the page within its frame."""
    return page.locator("#main")


async def open_part(running: Running, page: Page, part: str = "") -> None:
    """Open a part of the page."""
    await page.goto(f"{running.url}/console/knowledge{part}")
    await expect(main(page).get_by_role("heading", level=1)).to_be_visible()


async def try_question(running: Running, page: Page, question: str) -> Locator:
    """Try a question; return the sentence that says what becomes of it."""
    await open_part(running, page, "/try")
    await main(page).get_by_label("Question").fill(question)
    await main(page).get_by_role("button", name="Try", exact=True).click()
    return main(page).locator(".verdict")


def _is_read(running: Running, revision: int) -> bool:
    return running.core.knowledge.revision > revision


async def deeds(running: Running, number: int) -> list[tuple[str, str]]:
    """Return the latest deeds, the newest first."""
    return [(one.actor, one.action) for one in await audit.recent(running.core.database, number)]


async def test_an_answer_from_its_first_day_to_its_last(running: Running, curator: Page) -> None:
    """It is written with its previews, given to people, edited, retired and, by one click, back."""
    await open_part(running, curator, "/new")
    await main(curator).get_by_role("button", name="Save").click()
    await expect(curator.get_by_role("alert").filter(has_text="Enter at least one wording")).to_be_visible()
    await (
        main(curator).get_by_label("Wordings, one per line").fill("Do you ship to Norway?\n\n Norway  delivery? ")
    )
    await main(curator).get_by_label("Answer").fill("**Yes**, see [the page](https://shop.example/no).")
    for name in ("In Slack", "In Discord", "On the page"):
        preview = main(curator).get_by_role("region", name=name)
        await expect(preview.get_by_role("link")).to_have_attribute("href", "https://shop.example/no")
        await expect(preview.locator(".bold")).to_have_text("Yes")
    revision = running.core.knowledge.revision
    await main(curator).get_by_role("button", name="Save").click()
    await expect(main(curator).get_by_role("heading", level=1)).to_have_text(re.compile(r"Entry \d+"))
    await expect(main(curator).get_by_label("Wordings, one per line")).to_have_value(
        "Do you ship to Norway?\nNorway delivery?"
    )
    address = curator.url
    await until(partial(_is_read, running, revision))

    await curator.goto(running.url)
    await curator.get_by_role("textbox", name="Your question").fill("do you ship to norway")
    await curator.get_by_role("textbox", name="Your question").press("Enter")
    answer = curator.get_by_role("article", name="The bot answered")
    await expect(answer.locator(".said")).to_have_text("Yes, see the page (https://shop.example/no).")

    await curator.goto(address)
    await expect(main(curator).get_by_text("given 1 time")).to_be_visible()
    await main(curator).get_by_label("Wordings, one per line").fill("Do you ship to Norway?\nAnd to Oslo?")
    await main(curator).get_by_label("Answer").fill("Yes, within five days.")
    await main(curator).get_by_label("Last day").fill("2099-12-31")
    revision = running.core.knowledge.revision
    await main(curator).get_by_role("button", name="Save").click()
    await expect(curator.get_by_text("Saved. Every daemon uses it within two seconds.")).to_be_visible()
    await expect(main(curator).get_by_label("Last day")).to_have_value("2099-12-31")
    await until(partial(_is_read, running, revision))
    verdict = await try_question(running, curator, "and to oslo")
    await expect(verdict).to_have_text(re.compile("Known wording: the answer of entry .* is given word for word."))
    await expect(main(curator).locator("blockquote")).to_have_text("Yes, within five days.")

    await curator.goto(address)
    await main(curator).get_by_role("button", name="Retire").click()
    await main(curator).get_by_label("Reason for the audit log").fill("We no longer do.")
    await main(curator).get_by_role("button", name="Yes, retire").click()
    await expect(main(curator).get_by_role("button", name="Restore")).to_be_visible()
    await curator.get_by_role("button", name="Undo").click()
    await expect(main(curator).get_by_role("button", name="Save")).to_be_visible()
    who = "curator of tests"
    assert await deeds(running, 4) == [
        (who, "entry.restore"),
        (who, "entry.retire"),
        (who, "entry.edit"),
        (who, "entry.add"),
    ]


async def test_a_wording_that_is_taken_can_be_taken_over(running: Running, curator: Page) -> None:
    """The entry that has it is named and linked, and gives it up on a word."""
    entries = running.core.console.knowledge.entries
    await entries.add(["Is there parking?", "Where do I park?"], "Behind the hall.", "ada")
    await open_part(running, curator, "/new")
    await main(curator).get_by_label("Wordings, one per line").fill("is there PARKING")
    await main(curator).get_by_label("Answer").fill("In the street.")
    await main(curator).get_by_role("button", name="Save").click()
    await expect(main(curator).get_by_text("Another entry already has this wording")).to_be_visible()
    await expect(main(curator).locator("blockquote")).to_have_text("Behind the hall.")
    await main(curator).get_by_role("button", name="Use that wording here").click()
    await expect(main(curator).get_by_role("heading", level=1)).to_have_text(re.compile(r"Entry \d+"))
    await expect(main(curator).get_by_label("Wordings, one per line")).to_have_value("is there PARKING")


async def test_files_are_shown_before_they_are_written(running: Running, curator: Page, tmp_path: Path) -> None:
    """A FAQ with a contradiction, which is settled by a click; a file that is none; a document."""
    faq = tmp_path / "faq.csv"
    faq.write_text("Frage,Antwort\nHow far?,Ten miles.\nHow far is it?,Ten miles.\nhow far,Six miles.\n")
    await open_part(running, curator, "/import")
    await main(curator).get_by_label("File").set_input_files(faq)
    await expect(main(curator).get_by_text("Available columns: Frage, Antwort")).to_be_visible()
    await main(curator).get_by_label("Question column").fill("Frage")
    await main(curator).get_by_label("Answer column").fill("Antwort")
    await main(curator).get_by_role("button", name="Preview again").click()
    await expect(main(curator).get_by_role("heading", level=2)).to_have_text("faq.csv")
    await expect(main(curator).get_by_text("1 question has different answers")).to_be_visible()
    await expect(main(curator).get_by_text("line 2: Ten miles. – line 4: Six miles.")).to_be_visible()
    await main(curator).get_by_role("button", name="Keep the newest answers").click()
    await expect(main(curator).get_by_role("listitem").first).to_contain_text("3 rows, 3 wordings, 2 answers")
    await main(curator).get_by_role("button", name="Import rows").click()
    await expect(main(curator).get_by_text("3 wordings, 2 of them new, 2 approved")).to_be_visible()
    shelf = running.core.console.knowledge.shelf
    found = await shelf.page(Wanted(search="miles"))
    assert {entry.answer for entry in found.entries} == {"Ten miles.", "Six miles."}

    none = tmp_path / "holiday.png"
    none.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2_000_000))  # several pieces
    await main(curator).get_by_label("File").set_input_files(none)
    await expect(
        curator.get_by_role("alert").filter(has_text="'holiday.png' has an unknown format")
    ).to_be_visible()

    handbook = tmp_path / "handbook.md"
    handbook.write_text("# Lockers\n\nLockers are free, bring a padlock of your own for the day.\n")
    await open_part(running, curator, "/documents")
    await main(curator).get_by_label("Markdown, HTML, PDF, Word (.docx) or text").set_input_files(handbook)
    await expect(main(curator).get_by_role("cell", name="Lockers", exact=True)).to_be_visible()
    await main(curator).get_by_role("button", name="Propose passages").click()
    await expect(main(curator).get_by_text("1 new proposal is waiting.")).to_be_visible()


async def test_admins_choose_how_often_the_bot_may_be_wrong(running: Running, admin: Page) -> None:
    """A slider shows what a choice would bring, a click lets it hold in the daemon, and undo takes it back."""
    for answer, questions in GYM.items():
        await running.core.console.knowledge.entries.add(list(questions), answer, "ada")
    knowledge = running.core.knowledge
    await until(lambda: knowledge.left_out is not None and knowledge.left_out.comparable.sum() >= 25)
    await open_part(running, admin, "/sureness")
    await expect(main(admin).get_by_role("img", name="Threshold curve")).to_be_visible()
    await expect(main(admin).locator(".chart svg")).to_be_visible()
    slider = main(admin).get_by_role("slider")
    await slider.press("End")
    await expect(slider).to_have_attribute("aria-valuetext", "50.0%")
    row = main(admin).get_by_role("row", name="Allowed wrong answers")
    await expect(row.get_by_role("cell")).to_have_text(["2.0%", "50.0%"])
    await main(admin).get_by_role("button", name="Apply").click()
    await expect(main(admin).get_by_text("Today 50.0% may be wrong (chosen here)")).to_be_visible()
    await until(lambda: knowledge.wrong_rate == 0.5)
    await admin.get_by_role("button", name="Undo").click()
    await expect(main(admin).get_by_text("Today 2.0% may be wrong (from SUPPORTBOT_WRONG_RATE)")).to_be_visible()
    await until(lambda: knowledge.wrong_rate == 0.02)


async def test_curators_may_not_choose_it(running: Running, curator: Page) -> None:
    """They see the figures, and cannot move anything."""
    await open_part(running, curator, "/sureness")
    await expect(main(curator).get_by_role("slider")).to_be_disabled()
    await expect(main(curator).get_by_role("button", name="Apply")).to_be_disabled()


async def test_every_part_can_be_used_by_everybody(running: Running, admin: Page) -> None:
    """At both widths, light and dark, axe finds nothing, and nothing is wider than the window."""
    found = []
    for part in (
        "",
        "/1",
        "/new",
        "/import",
        "/documents",
        "/sureness",
        "/contested",
        "/try?question=shoe+rental",
    ):
        await open_part(running, admin, part)
        if part == "/contested":
            await expect(main(admin).locator(".fights")).not_to_contain_text("Looking…")
        found += await problems(admin)
    assert found == []


async def test_hostile_text_is_only_text_everywhere(running: Running, curator: Page) -> None:
    """Markup, a script's address, 40,000 characters and turned text: in the list, an entry, a fight and a try."""
    entries = running.core.console.knowledge.entries
    long = f"{HOSTILE} {LINK} {TURNED} " + "A" * 40_000
    wording = f"What is {HOSTILE} {TURNED}?"
    revision = running.core.knowledge.revision + 1
    await entries.add([wording], long, "ada")
    number = (await entries.add([f"{wording} now"], f"{HOSTILE} {LINK} {TURNED}", "<b>ada</b>")).entry_id
    await until(partial(_is_read, running, revision))
    await curator.set_viewport_size({"width": 390, "height": 844})
    for part in ("?search=hacked", f"/{number}", f"/{number - 1}", "/contested", "/try?question=What+is+hacked"):
        await open_part(running, curator, part)
        await expect(main(curator).get_by_text("window.hacked").first).to_be_visible()
        assert await curator.evaluate("window.hacked") is None
        assert await curator.locator("a[href^=javascript]").count() == 0
        assert await curator.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert "\u202e" not in await main(curator).inner_text()
    await open_part(running, curator, "/new")
    await main(curator).get_by_label("Answer").fill(f"{HOSTILE} {LINK} {TURNED}")
    for name in ("In Slack", "In Discord", "On the page"):
        await expect(main(curator).get_by_role("region", name=name)).to_contain_text("javascript:window.hacked=1")
    assert await curator.evaluate("window.hacked") is None
    assert await curator.locator("a[href^=javascript]").count() == 0
