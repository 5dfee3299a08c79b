"""Settings of the team in a browser: people, sessions, the audit; and how the console's pages look."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, expect

from bot.web.console.pages import PAGES
from supportbot.access.roles import Role
from supportbot.db import audit
from tests.web.console.looking import problems
from tests.web.console.running import Running, signed_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = {
    "markup": "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>",
    "link": "javascript:window.hacked=1",
    "right-to-left override": "\u202egnp.exe\u202d ordinary",
    "template": "{{ window.hacked = 1 }} ${window.hacked = 1} `",
    "long": "x" * 40_000,
}


async def test_an_admin_invites_and_ends(running: Running, browser: Browser, admin: Page) -> None:
    """Somebody is invited, signs in, gets another role, loses the access and, by undo, has it again."""
    await admin.goto(f"{running.url}/console/settings")
    await admin.get_by_label("Name", exact=True).fill("Dora")
    await admin.get_by_label("Role", exact=True).select_option("viewer")
    await admin.get_by_role("button", name="Create link").click()
    link = await admin.get_by_role("textbox", name="Sign-in link").input_value()
    context = await browser.new_context()
    dora = await context.new_page()
    await dora.goto(link)
    await dora.get_by_role("button", name="Sign in").click()
    await dora.goto(f"{running.url}/console/settings")
    await expect(dora.get_by_role("row").filter(has_text="Dora")).to_contain_text("Viewer")
    await expect(dora.get_by_role("button", name="Create link")).to_have_count(0)

    theirs = admin.get_by_role("row").filter(has_text="Dora")
    await theirs.get_by_label("Role of Dora").select_option("curator")
    await theirs.get_by_role("button", name="Change role").click()
    await expect(theirs.get_by_role("cell", name="Curator", exact=True)).to_be_visible()
    await admin.get_by_role("button", name="Undo").click()
    await expect(theirs.get_by_role("cell", name="Viewer", exact=True)).to_be_visible()

    await theirs.get_by_role("button", name="Remove access").click()
    await admin.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    await expect(theirs.get_by_role("button", name="Remove access")).to_be_visible()
    await theirs.get_by_role("button", name="Remove access").click()
    await admin.get_by_role("dialog").get_by_role("button", name="Remove access").click()
    await expect(theirs).to_contain_text("Access has ended")
    await dora.goto(f"{running.url}/console")
    await expect(dora.get_by_role("heading", level=1)).to_have_text("Sign in")
    await admin.keyboard.press("u")
    await expect(theirs.get_by_role("button", name="Remove access")).to_be_visible()
    await context.close()


async def test_the_last_admin_is_told_so(running: Running, admin: Page) -> None:
    """What cannot be done is a sentence, and nothing changes."""
    people = running.core.console.access.operators
    [other, *_] = [person for person in await people.people() if person.role is Role.ADMIN]
    assert other.name == "admin of tests"
    await admin.goto(f"{running.url}/console/settings")
    mine = admin.get_by_role("row").filter(has_text="admin of tests")
    await mine.get_by_role("button", name="Remove access").click()
    await admin.get_by_role("dialog").get_by_role("button", name="Remove access").click()
    await expect(admin.get_by_role("alert")).to_have_text(
        "This is the last admin. Make someone else an admin first."
    )
    await expect(mine.get_by_role("button", name="Remove access")).to_be_visible()


async def test_a_page_of_somebody_who_lost_the_role_does_nothing(running: Running, browser: Browser) -> None:
    """The buttons of a page that was opened as an admin are refused after that."""
    access = running.core.console.access
    async with signed_in(running, browser, Role.ADMIN, "Emil") as context:
        page = await context.new_page()
        await page.goto(f"{running.url}/console/settings")
        await page.get_by_label("Name", exact=True).fill("Friend")
        emil = next(person for person in await access.operators.people() if person.name == "Emil")
        await running.link("admin of tests", Role.ADMIN)
        await access.operators.change_role(emil.id, Role.CURATOR, "admin of tests")
        await page.get_by_role("button", name="Create link").click()
        await expect(page.get_by_role("alert")).to_have_text("Only admins can do that. Ask one of them.")
    assert "Friend" not in [person.name for person in await access.operators.people()]


async def test_somebody_ends_another_session_of_their_own(running: Running, browser: Browser) -> None:
    """A browser that was left signed in is signed out from another one."""
    async with (
        signed_in(running, browser, Role.VIEWER, "Gerd") as left,
        signed_in(running, browser, Role.VIEWER, "Gerd", locale="de-DE") as here,
    ):
        page = await here.new_page()
        await page.goto(f"{running.url}/console/settings/sessions")
        await expect(page.get_by_text("Dieser Browser")).to_be_visible()
        await page.get_by_role("button", name="Anmeldung beenden").click()
        await expect(page.get_by_text("Die Anmeldung ist beendet.")).to_be_visible()
        other = await left.new_page()
        await other.goto(f"{running.url}/console")
        await expect(other.get_by_role("heading", level=1)).to_have_text("Sign in")


async def test_hostile_text_is_harmless_in_the_audit(running: Running, admin: Page) -> None:
    """Whatever stands in the audit or in a name is shown as text, and found by a filter that is in the address."""
    async with running.core.database.write() as session:
        for kind, hostile in HOSTILE.items():
            audit.record(
                session,
                actor=f"{kind} {hostile}",
                action="test.hostile",
                subject=hostile,
                details={"text": hostile},
            )
    await running.link(HOSTILE["markup"][:80], Role.VIEWER)
    await admin.goto(f"{running.url}/console/settings")
    await expect(admin.get_by_role("cell", name="<script>window.hacked")).to_be_visible()
    await admin.goto(f"{running.url}/console/settings/audit?actor=%3Cscript%3E%22%27&before=99999999999999999999")
    await expect(admin.get_by_text("No matching changes")).to_be_visible()
    await admin.goto(f"{running.url}/console/settings/audit")
    await admin.get_by_label("Action starts with", exact=True).fill("test.")
    await admin.get_by_role("button", name="Search").click()
    await expect(admin).to_have_url(re.compile(r"[?&]action=test\.&"))
    rows = admin.get_by_role("table").get_by_role("row")
    await expect(rows).to_have_count(1 + len(HOSTILE))
    assert "\u202e" not in await admin.locator("main").inner_text()
    assert await admin.evaluate("window.hacked") is None
    assert await admin.locator("main a[href^='javascript']").count() == 0
    assert await problems(admin) == []


async def test_every_page_is_fit_for_everybody(running: Running, admin: Page) -> None:
    """axe-core finds nothing on any page, light and dark, on a phone and on a desk, and nothing sticks out."""
    await admin.goto(f"{running.url}/console/sign-in?token=x")
    found = await problems(admin)
    for path in [*(page.path for page in PAGES.values()), "/console/settings/sessions", "/console/settings/audit"]:
        await admin.goto(f"{running.url}{path}")
        await expect(admin.get_by_role("heading", level=1)).to_be_visible()
        found += await problems(admin)
    await admin.keyboard.press("?")
    await expect(admin.get_by_role("dialog")).to_be_visible()
    found += await problems(admin)
    assert found == []
