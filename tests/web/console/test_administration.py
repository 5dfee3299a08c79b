"""Settings beyond people in a browser: consent, channels, a person's data, backups, the values."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from bot.web.console.settings import PARTS
from supportbot.access.roles import Role
from supportbot.db.audit import recent
from supportbot.db.models import Workspace
from supportbot.feedback.consent import may_be_learned_from
from supportbot.policies.policy import AnswerOn
from supportbot.policies.store import Place, Policies
from supportbot.printable import printable
from tests.supportbot.privacy.planting import ALICE, MARKS, NOW, Planter, columns_with, plant
from tests.web.console.looking import problems
from tests.web.console.running import Running, signed_in
from tests.web.console.test_settings import HOSTILE

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _deeds(running: Running, kind: str) -> list[tuple[str, str]]:
    done = [(one.action, one.subject) for one in await recent(running.core.database, 50)]
    return [deed for deed in done if deed[0].startswith(kind)]


async def test_consent_is_asked_first_given_and_withdrawn(running: Running, admin: Page) -> None:
    """What it means is asked; each decision holds at once and is in the audit."""
    database = running.core.database
    await Planter(database, "TCONSENT").workspace(consents=False)
    await admin.goto(f"{running.url}/console/settings/workspaces")
    row = admin.get_by_role("row").filter(has_text="TCONSENT")
    await row.get_by_role("button", name="Allow learning").click()
    dialog = admin.get_by_role("dialog")
    await expect(dialog).to_contain_text("Models may then train on redacted messages")
    await dialog.get_by_role("button", name="Cancel").click()
    assert not await may_be_learned_from(database, "slack", "TCONSENT")
    await row.get_by_role("button", name="Allow learning").click()
    await dialog.get_by_role("button", name="Allow learning").click()
    await expect(row).to_contain_text("Yes, by admin of tests")
    assert await may_be_learned_from(database, "slack", "TCONSENT")
    await row.get_by_role("button", name="Withdraw").click()
    await dialog.get_by_role("button", name="Withdraw").click()
    await expect(row.get_by_role("button", name="Allow learning")).to_be_visible()
    assert not await may_be_learned_from(database, "slack", "TCONSENT")
    subject = "workspace:slack:TCONSENT"
    assert await _deeds(running, "consent.") == [("consent.withdraw", subject), ("consent.allow", subject)]


async def test_a_policy_is_changed_and_undone(running: Running, admin: Page) -> None:
    """A form with the words of the platforms' own: what is wrong is a sentence, what was changed can be undone."""
    policies = Policies(running.core.database)
    place = Place(platform="discord", workspace="8001", channel="77")
    await admin.goto(f"{running.url}/console/settings/channels")
    await admin.get_by_label("Workspace, such as slack:T0123").fill("somewhere")
    await admin.get_by_role("button", name="Open").click()
    await expect(admin.get_by_role("alert")).to_contain_text("'somewhere' is not a workspace")
    await admin.get_by_label("Workspace, such as slack:T0123").fill("discord:8001")
    await admin.get_by_label("Channel ID. Leave empty for all channels").fill("77")
    await admin.get_by_role("button", name="Open").click()
    await admin.get_by_label("Quiet hours", exact=True).fill("at night")
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_role("alert")).to_have_text("Enter hours like Mon-Fri 18:00-08:00 Europe/Berlin.")
    await expect(admin.get_by_label("Quiet hours", exact=True)).to_have_value("at night")
    await admin.get_by_label("Quiet hours", exact=True).fill("Mon-Fri 18:00-08:00 Europe/Berlin")
    await admin.get_by_label("Answer", exact=True).select_option("questions")
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_role("list").filter(has_text="Quiet hours: Mon-Fri 18:00-08:00")).to_be_visible()
    await expect(admin.get_by_text("The bot can only see messages that mention it")).to_be_visible()
    assert (await policies.shown(place)).answer_on is AnswerOn.QUESTIONS
    await admin.keyboard.press("Escape")
    await admin.get_by_role("button", name="Undo").click()
    await expect(admin.get_by_text("Change undone.")).to_be_visible()
    assert (await policies.shown(place)).answer_on is AnswerOn.MENTION
    await admin.get_by_label("Only verified answers").select_option("yes")
    await admin.get_by_role("button", name="Save").click()
    await admin.get_by_role("button", name="Reset settings").click()
    await admin.get_by_role("dialog").get_by_role("button", name="Reset").click()
    await expect(admin.get_by_role("button", name="Reset settings")).to_have_count(0)
    await admin.get_by_role("button", name="Undo").click()
    await expect(admin.get_by_text("Change undone.")).to_be_visible()
    await admin.goto(f"{running.url}/console/settings/channels")
    await expect(admin.get_by_role("row").filter(has_text="discord:8001")).to_contain_text(
        "Only verified answers: Yes"
    )
    assert [action for action, _ in await _deeds(running, "policy.")] == [
        *("policy.undo", "policy.reset", "policy.change", "policy.undo", "policy.change")
    ]


async def test_a_person_is_found_handed_out_and_erased(running: Running, admin: Page) -> None:
    """Counts, a file of all of it, and an erasure once the id was typed, with what it could not reach."""
    database = running.core.database
    await plant(database)
    await admin.goto(f"{running.url}/console/settings/privacy")
    await admin.get_by_label("Id of the person").fill(ALICE)
    await admin.get_by_label("Only in these workspaces").fill("NOWHERE")
    await admin.get_by_role("button", name="Find").click()
    await expect(admin.get_by_role("alert")).to_contain_text("There is no question from the workspace 'NOWHERE'")
    await admin.get_by_label("Only in these workspaces").fill("")
    await admin.get_by_role("button", name="Find").click()
    found = admin.get_by_role("table", name="Stored data")
    await expect(found.get_by_role("row").filter(has_text="Training rows")).to_contain_text("4")
    async with admin.expect_download() as downloading:
        await admin.get_by_role("link", name="Download everything as JSON").click()
    download = await downloading.value
    assert download.suggested_filename == "person.json"
    record = json.loads(await asyncio.to_thread(Path(await download.path()).read_text, "utf-8"))
    assert (record["person"]["user"], record["counts"]["questions"]) == (ALICE, 1)
    assert await problems(admin) == []

    await admin.get_by_label("Type the ID to confirm").fill("UBOBBY88")
    await admin.get_by_role("button", name="Erase for good").click()
    await expect(admin.get_by_role("alert")).to_contain_text("Nothing was erased")
    assert await columns_with(database, *MARKS)
    await admin.get_by_label("Type the ID to confirm").fill(ALICE)
    await admin.get_by_role("button", name="Erase for good").click()
    await expect(admin.get_by_text("Messages in Slack itself")).to_be_visible()
    await expect(admin.get_by_text("Model version 'v1' learned from 1 of the rows")).to_be_visible()
    assert await columns_with(database, *MARKS) == set()
    deeds = [action for action, _ in await _deeds(running, "privacy.")]
    assert deeds[0] == "privacy.compact"
    assert deeds[-1] == "privacy.export"
    assert "privacy.erase" in deeds


async def test_a_backup_is_made(running: Running, admin: Page) -> None:
    """There is none at first; one is made beside the bot, whole, and in the audit."""
    await admin.goto(f"{running.url}/console/settings/backups")
    await expect(admin.get_by_text("No backups yet.")).to_be_visible()
    await expect(admin.get_by_text("Never. To schedule backups, set SUPPORTBOT_BACKUP_HOURS")).to_be_visible()
    await admin.get_by_role("button", name="Back up now").click()
    await expect(admin.get_by_text("Backup complete:")).to_be_visible(timeout=60_000)
    await expect(admin.get_by_text("1 backup", exact=True)).to_be_visible()
    [(_, subject)] = await _deeds(running, "backup.make")
    folder = running.core.settings.backups_folder / subject.removeprefix("backup:")
    assert (folder / "supportbot.db").is_file()


async def test_who_may_only_look_decides_nothing(running: Running, browser: Browser) -> None:
    """A viewer sees workspaces, policies, backups and settings, and no person's data; in German as well."""
    await Policies(running.core.database).change(
        Place(platform="slack", workspace="TVIEW"), {"answer_on": AnswerOn.NEVER}, "Ada"
    )
    async with signed_in(running, browser, Role.VIEWER, "Vera", locale="de-DE") as context:
        page = await context.new_page()
        for part, seen in {
            "workspaces": "TVIEW",
            "workspaces?direct=yes": "TVIEW",
            "channels": "slack:TVIEW",
            "channels?workspace=slack:TVIEW": "Niemand",
            "privacy": "Fragen Sie einen von ihnen",
            "backups": "Letzte Sicherung",
            "values": "SUPPORTBOT_PERSON_AT_ONCE",
        }.items():
            await page.goto(f"{running.url}/console/settings/{part}")
            main = page.locator(".page")
            await expect(main).to_contain_text(seen, ignore_case=True)
            assert await main.locator("button:not([type=submit])").count() == 0
            assert await main.locator("form:not([method=get])").count() == 0
        await expect(page.get_by_role("row").filter(has_text="SUPPORTBOT_ADMINS")).to_contain_text(
            "Das sehen nur Admins"
        )


async def test_hostile_names_of_workspaces_are_text(running: Running, admin: Page) -> None:
    """Whatever a workspace or a channel is called, nothing runs, links or sticks out, on any part of the page."""
    async with running.core.database.write() as session:
        for kind, hostile in HOSTILE.items():
            names = {"external_id": f"T-{kind}", "name": hostile}
            session.add(Workspace(platform="slack", settings={}, created_at=NOW, **names))
    place = Place(platform="slack", workspace="T<script>", channel="C<img src=x onerror='window.hacked = 1'>")
    await Policies(running.core.database).change(place, {"verified_only": True}, HOSTILE["markup"])
    for part in (one for one in PARTS if one in ("workspaces", "channels", "privacy", "backups", "values")):
        await admin.goto(f"{running.url}/console/settings/{part}")
        await expect(admin.get_by_role("heading", level=1)).to_be_visible()
        assert "\u202e" not in await admin.locator("main").inner_text()
        assert await admin.locator("main :is(script, iframe, img, [href^='javascript:'])").count() == 0
        assert await problems(admin) == []
    await admin.goto(f"{running.url}/console/settings/workspaces")
    row = admin.get_by_role("row").filter(has_text="T-markup")
    await expect(row).to_contain_text(printable(HOSTILE["markup"])[:60])
    await row.get_by_role("link", name="Answer settings of").click()
    await expect(admin.get_by_role("heading", level=2)).to_have_text("slack:T-markup")
    assert await problems(admin) == []
    assert await admin.evaluate("window.hacked") is None
