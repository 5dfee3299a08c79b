"""Texts that mean harm, in every place that people or models can write to, on every page of the console."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bot.web.console.knowledge import WAYS
from bot.web.console.pages import PAGES, ROOT
from bot.web.console.settings import PARTS
from supportbot.db import audit
from supportbot.db.models import Handoff, Workspace
from supportbot.db.states import AnswerSource, ExampleSource, HandoffState
from supportbot.printable import printable
from tests.supportbot.privacy.planting import Planter
from tests.waiting import until
from tests.web.console.running import Running

pytestmark = pytest.mark.asyncio(loop_scope="session")

KINDS = {
    "script": "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>",
    "link": "[a prize](javascript:window.hacked=1) <javascript:window.hacked=1> javascript:window.hacked=1",
    "right-to-left override": "\u202egnp.exe\u202d turned",
    "long": "Donaudampfschifffahrt" * 1_905,  # 40,000 characters without a blank
}
SHORT = {kind: text[:200] for kind, text in KINDS.items()}
"""What fits where less is taken."""


@pytest.fixture(scope="module")
def seen() -> dict[str, str]:
    """What each kind looks like where it is shown, or the beginning of that."""
    return {kind: printable(text)[:40].strip() for kind, text in KINDS.items()}


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def number(running: Running) -> int:
    """Each kind stands wherever people can write; the number of the last question."""
    database = running.core.database
    revision = running.core.knowledge.revision + len(KINDS) - 1
    number = 0
    for kind, text in KINDS.items():
        put = Planter(database, f"T-{kind}", at=datetime.now(UTC))
        short = SHORT[kind]
        workspace = await put.workspace()
        number = await put.ask(short, text)
        told = await put.answer(number, text, model_version=short, prompt=text, draft=text)
        await put.reply(number, told, text)
        await put.vote(told, short, -1, text)
        await put.answer(number, text, source=AnswerSource.HUMAN, reply_identity=short, author=short)
        handoff = Handoff(
            question_id=number,
            workspace_id=workspace,
            channel=short,
            platform="slack",
            target=short,
            state=HandoffState.OPEN,
            asked_at=datetime.now(UTC),
        )
        await put.add(handoff)
        example = {"source": ExampleSource.CORRECTION, "rejected": text, "origin_answer_id": told}
        await put.example(f"test:{kind}", text, text, **example)
        async with database.write() as session:
            (await session.get_one(Workspace, workspace)).name = short
            details = {"text": text, short: text}
            audit.record(session, actor=short, action=f"model.{short}", subject=text, details=details)
        await running.core.console.knowledge.entries.add([f"What is {short}?"], text, short)
    await until(lambda: running.core.knowledge.revision > revision)
    return number


def addresses(number: int) -> list[str]:
    """Return every address of the console, with what echoes what is asked for."""
    echoed = quote(" ".join(KINDS.values())[:300])
    looked_for = [
        f"conversations?words={echoed}",
        f"knowledge?search={echoed}",
        f"knowledge/try?question={echoed}",
    ]
    looked_for += [f"settings/audit?actor={echoed}", f"models/{echoed}", f"knowledge/new?question={number}"]
    pages = [*PAGES, *(f"knowledge/{part}" for part in WAYS), *(f"settings/{part}" for part in PARTS)]
    return [*pages, *looked_for, *(f"conversations/{number - back}" for back in range(len(KINDS)))]


LOOK = """() => ({
  text: document.querySelector("main").innerText,
  made: [...document.querySelectorAll("main :is(script, iframe, img, object, [href^='javascript:' i])")]
    .map((element) => element.outerHTML.slice(0, 200)),
  ran: window.hacked !== undefined,
  wide: document.documentElement.scrollWidth > window.innerWidth,
})"""
"""What a text has done to a page, in one look."""


async def harm(page: Page) -> tuple[list[str], str]:
    """Open all that can be opened; return what a text has done to the page, and all that can be read there."""
    await page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")
    look = await page.evaluate(LOOK)
    found = list(look["made"])
    found += ["it ran"] * look["ran"] + ["it is wider than the window"] * look["wide"]
    found += ["it turns what follows"] * ("\u202e" in look["text"])
    return [f"{page.url[:80]}: {one}" for one in found], look["text"]


async def test_every_page_shows_it_as_text(
    running: Running, number: int, admin: Page, seen: dict[str, str]
) -> None:
    """No page runs, links, turns or is widened by what stands in the record or in an address."""
    await admin.set_viewport_size({"width": 390, "height": 844})
    found: list[str] = []
    shown: set[str] = set()
    for address in addresses(number):
        await admin.goto(f"{running.url}{ROOT}/{address}")
        await expect(admin.get_by_role("heading", level=1)).to_be_visible()
        for waiting in ("Looking for gaps…", "Looking…"):
            await expect(admin.get_by_text(waiting)).to_have_count(0)
        harmed, text = await harm(admin)
        found += harmed
        shown |= {f"{address.partition('?')[0]} {kind}" for kind, part in seen.items() if part in text}
    assert found == []
    everywhere = (
        "today",
        "review",
        "knowledge",
        "conversations",
        "models",
        "settings/audit",
        "settings/workspaces",
    )
    assert {f"{page} {kind}" for page in everywhere for kind in KINDS} - shown == set()
