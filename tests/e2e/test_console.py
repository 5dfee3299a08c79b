"""The console on the real daemon: from the first sign-in to the last trace of a person, beside Slack."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from playwright.async_api import Browser, Page, expect

from supportbot.db.audit import recent
from supportbot.db.session import Database
from tests.e2e.daemon import Daemon, running, supportbot
from tests.slack_server import LocalSlack, Message
from tests.waiting import until
from tests.web.browsing import open_browser

ADMIN, CURATOR = "Ada Lovelace", "Bo Lind"

KNOWN, KNOWN_ANSWER = "How long may I keep a rented kayak?", "Until 6 pm of the same day."
FAQ = f"Question,Answer\n{KNOWN},{KNOWN_ANSWER}\nIs there a deposit?,50 euros in cash.\n"

GAP, GAP_ANSWER = "do you rent wetsuits for children", "Yes, from size 104, for 8 euros a day."

PERSON, MARK = "UGONE4711", "quokkaharness"
"""Somebody who asks to be erased, and a word that stands in all that they write."""

ASKED = {"which paddle fits somebody tall": f"Take 220 cm, says {MARK}.", "may I bring my dog": f"A {MARK} may."}
MENDED = "The paddle of 220 cm."

NOT_THEIRS = "Only curators and admins can do that. Ask an admin for the curator role."
WRITING = ("Approve", "Save", "Write the answer", "Off topic", "Create link", "Erase for good", "Put live")
"""What a viewer is told, and the buttons that a viewer is not offered."""

BUSY_SECONDS = 20.0
"""Two seconds are promised; on a machine that does other things beside a daemon it may take longer."""

DEEDS = {
    ADMIN: (
        *("operator.sign_in", "example.import", "entry.add", "operator.invite", "example.approve", "example.undo"),
        *("example.approve", "operator.role", "privacy.erase"),
    ),
    CURATOR: ("operator.sign_in",),
}
"""What the audit must have of each, in this order; other deeds may stand between them."""


async def test_a_support_lead_from_the_first_link_to_an_erasure(
    home: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Three steps, a FAQ, a gap that is filled, corrections that two review, an erasure; all is in the audit."""
    async with LocalSlack() as slack, running(home, **slack.environment()) as daemon, open_browser() as browser:
        await slack.wait_until_connected(seconds=30)
        link = await link_for(home, "--name", ADMIN)
        async with tab(browser, daemon.page, link) as ada:
            await first_steps(daemon, ada, slack, tmp_path)
            seconds = await fill_a_gap(daemon, ada, slack)
            record_property("seconds from approval to the bot", seconds)
            await correct(slack)
            async with tab(browser, daemon.page, await invite(ada)) as bo:
                await review_together(daemon, ada, bo, slack)
                await lose_the_role(ada, bo, daemon)
            await erase(ada, home)
            await read_the_audit(ada)
        await slack.wait_for_acks()
        assert not [line for line in daemon.lines if line.get("level") in ("error", "critical")]
        assert not any(secret in str(daemon.lines) for secret in (link, KNOWN, GAP, MARK))
    await check_audit(home)
    assert seconds < BUSY_SECONDS


# The way in


async def link_for(home: Path, *arguments: str) -> str:
    """Return the path of a link that `supportbot console` prints; where the port is, the daemon's log says."""
    status, output, errors = await supportbot(home, "console", *arguments, "--json", SUPPORTBOT_WEB_PORT="0")
    assert status == 0, errors
    return str(json.loads(output)["link"])


@asynccontextmanager
async def tab(browser: Browser, url: str, link: str) -> AsyncGenerator[Page]:
    """Sign somebody in with a link, in a browser of their own that must not complain."""
    complaints: list[str] = []
    context = await browser.new_context(base_url=url)
    page = await context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    await page.goto(link)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    yield page
    assert complaints == []
    await context.close()


async def first_steps(daemon: Daemon, page: Page, slack: LocalSlack, folder: Path) -> None:
    """Follow the first of three steps: bring a FAQ, which Slack then answers with."""
    await expect(page.locator(".step h2")).to_have_text(
        ["Import your FAQ", re.compile("Connect Slack or Discord.*Done"), "Invite a curator"]
    )
    faq = folder / "faq.csv"
    await asyncio.to_thread(faq.write_text, FAQ, "utf-8")
    await page.get_by_role("link", name="Open Import").click()
    await page.get_by_label("File").set_input_files(faq)
    async with learning(daemon):
        await page.get_by_role("button", name="Import rows").click()
        await expect(page.get_by_text("2 wordings, 2 of them new, 2 approved")).to_be_visible()
    await page.goto("/console")
    await expect(page.locator(".step.done")).to_have_count(2)
    await verified(slack, "U1", KNOWN, KNOWN_ANSWER)


async def ask(slack: LocalSlack, user: str, text: str) -> Message:
    """Ask in a channel of one's own; return the reply."""
    asked = await slack.mention(f"C{user}", user, text)
    return await slack.wait_for_message(thread_ts=asked.ts, seconds=30)


async def verified(slack: LocalSlack, user: str, text: str, answer: str) -> None:
    """Ask what the admin has approved an answer to."""
    reply = await ask(slack, user, text)
    assert answer in reply.shown
    assert f"Verified by {ADMIN}" in str(reply.blocks)


@asynccontextmanager
async def learning(daemon: Daemon) -> AsyncGenerator[None]:
    """What is done inside changes what the daemon knows: go on when it has taken that over."""

    def times() -> int:
        return sum(line["event"] == "knowledge.refreshed" for line in daemon.lines)

    before = times()
    yield
    await until(lambda: times() > before)


# Gaps


async def fill_a_gap(daemon: Daemon, page: Page, slack: LocalSlack) -> float:
    """Write an answer that was missing; return the seconds until Slack gives it."""
    for user in ("U2", "U3"):
        assert "not sure" in (await ask(slack, user, GAP)).shown
    await page.goto("/console")
    gap = page.locator(".gap", has_text=GAP)
    await expect(gap).to_contain_text("2 people")
    await gap.get_by_role("button", name="Write the answer").click()
    await expect(gap.get_by_label("Answer in Markdown")).to_be_focused()
    await page.keyboard.type(GAP_ANSWER)
    began = time.monotonic()
    async with learning(daemon):
        await gap.get_by_role("button", name="Approve").click()
    seconds = time.monotonic() - began
    await expect(gap).to_have_count(0)
    await verified(slack, "U4", GAP, GAP_ANSWER)
    return seconds


# Review


async def correct(slack: LocalSlack) -> None:
    """Have one person ask two questions, and say what should have been answered to each."""
    for number, (question, right) in enumerate(ASKED.items(), start=1):
        reply = await ask(slack, PERSON, question)
        await slack.click(reply, PERSON, positive=False)
        modal = await slack.wait_for_modal(PERSON, count=number, seconds=30)
        await slack.submit(modal, choose="It's wrong", write=right)


async def invite(page: Page) -> str:
    """Make a link for a curator."""
    await page.goto("/console/settings")
    await page.get_by_label("Name", exact=True).fill(CURATOR)
    await page.get_by_role("button", name="Create link").click()
    return await page.get_by_role("textbox", name="Sign-in link").input_value()


async def review_together(daemon: Daemon, ada: Page, bo: Page, slack: LocalSlack) -> None:
    """Two look at what waits, and never at the same; one decides, undoes it and decides again by keys alone."""
    shown = [page.get_by_role("group", name="Question") for page in (ada, bo)]
    await ada.locator("body").press("g")
    await ada.keyboard.press("r")
    await expect(shown[0]).to_be_visible()
    await bo.goto("/console/review")
    await expect(shown[1]).to_be_visible()
    asked = [await one.inner_text() for one in shown]
    assert sorted(asked) == sorted(ASKED)
    await bo.keyboard.press("j")  # what somebody else looks at is not next
    await expect(shown[1]).to_have_text(asked[1])

    await ada.keyboard.press("e")
    await expect(ada.get_by_label("Question", exact=True).and_(ada.locator("textarea"))).to_be_focused()
    await ada.keyboard.press("Tab")
    await ada.keyboard.press("ControlOrMeta+a")
    await ada.keyboard.type(MENDED)
    async with learning(daemon):
        await ada.keyboard.press("ControlOrMeta+Enter")
        await expect(shown[0]).to_have_count(0)
    await verified(slack, "U5", asked[0], MENDED)
    async with learning(daemon):
        await ada.keyboard.press("u")
        await expect(shown[0]).to_have_text(asked[0])
    async with learning(daemon):
        await ada.keyboard.press("a")
        await expect(shown[0]).to_have_count(0)
    await verified(slack, "U5", asked[0], ASKED[asked[0]])


async def lose_the_role(ada: Page, bo: Page, daemon: Daemon) -> None:
    """Whoever becomes a viewer decides on nothing any more: on the page that is open, a new one, or by HTTP."""
    await ada.goto("/console/settings")
    row = ada.get_by_role("row").filter(has_text=CURATOR)
    await row.get_by_label(f"Role of {CURATOR}").select_option("viewer")
    await row.get_by_role("button", name="Change role").click()
    await expect(row.get_by_role("cell", name="Viewer", exact=True)).to_be_visible()
    await bo.keyboard.press("a")
    await expect(bo.get_by_role("alert")).to_contain_text(NOT_THEIRS)

    for path in ("", "/review", "/knowledge/new", "/settings", "/settings/privacy", "/models"):
        await bo.goto(f"/console{path}")
        await expect(bo.get_by_role("heading", level=1)).to_be_visible()
        for name in WRITING:
            await expect(bo.locator("#main").get_by_role("button", name=name, disabled=False)).to_have_count(0)
    await check_http(ada, bo, daemon)


async def check_http(ada: Page, bo: Page, daemon: Daemon) -> None:
    """A viewer's own program sends a file to a page of an admin, and to one of their own: neither is taken."""
    url = daemon.page.rstrip("/")
    cookies = {one["name"]: one["value"] for one in await bo.context.cookies()}
    refused = {}
    async with httpx.AsyncClient(base_url=url, cookies=cookies, headers={"Origin": url}) as client:
        for page in (ada, bo):
            await page.goto("/console/knowledge/import")
            await expect(page.get_by_role("heading", level=1)).to_have_text("Import")
            found = re.search(r"/_nicegui/client/[0-9a-f-]{36}/upload/\d+", await page.content())
            assert found is not None
            refused[page] = await client.post(f"{found[0]}?at=0&name=faq.csv", content=FAQ.encode())
        assert (await client.post("/console/knowledge/import", content=FAQ.encode())).status_code == 404
    assert refused[ada].status_code == 403
    assert (refused[bo].status_code, refused[bo].text.partition(":")[0]) == (422, NOT_THEIRS)


# A person's data, and the audit


async def erase(page: Page, home: Path) -> None:
    """Erase a person; their id and their words are nowhere in the daemon's folder after that."""
    assert await asyncio.to_thread(files_with, home, PERSON, MARK)
    await page.goto("/console/settings/privacy")
    await page.get_by_label("Id of the person").fill(PERSON)
    await page.get_by_role("button", name="Find").click()
    await page.get_by_label("Type the ID to confirm").fill(PERSON)
    await page.get_by_role("button", name="Erase for good").click()
    await expect(page.get_by_text("Messages in Slack itself")).to_be_visible()
    assert await asyncio.to_thread(files_with, home, PERSON, MARK) == []


def files_with(home: Path, *marks: str) -> list[Path]:
    """Return the files in which a mark stands as bytes, deleted pages of the database among them."""
    found = [path for path in home.rglob("*") if path.is_file()]
    return [path for path in found if any(mark.encode() in path.read_bytes() for mark in marks)]


async def read_the_audit(page: Page) -> None:
    """Find each kind of deed, and none of what was erased."""
    await page.goto("/console/settings/audit")
    table = page.get_by_role("table", name="Audit log")
    for deeds in DEEDS.values():
        for deed in deeds:
            await expect(table.get_by_role("cell", name=deed, exact=True).first).to_be_visible()
    await expect(table).not_to_contain_text(PERSON)


async def check_audit(home: Path) -> None:
    """Each step stands in the audit with the name of who took it, in the order in which they were taken."""
    database = Database(f"sqlite+aiosqlite:///{home / 'supportbot.db'}")
    done = [(one.actor, one.action) for one in reversed(await recent(database, 1_000))]
    await database.aclose()
    for actor, deeds in DEEDS.items():
        theirs = iter([action for who, action in done if who == actor])
        assert [deed for deed in deeds if deed not in theirs] == [], done
