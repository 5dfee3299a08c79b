"""Undo in the audit, in a browser: what each role is offered, and what is refused once a role is lower."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.async_api import Browser, expect

from supportbot.access.roles import Action, Role, may
from supportbot.db.audit import recent
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.policies.store import Place, Policies
from tests.supportbot.privacy.planting import Planter
from tests.web.console.running import Running, signed_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

PLACE = Place(platform="slack", workspace="TUNDO", channel="C1")
NEEDED = {"example.": Action.REVIEW, "policy.": Action.CONFIGURE, "operator.": Action.APPOINT}
"""What taking a deed back needs, by how its name begins."""


async def _decide(running: Running) -> int:
    """Have one deed of each kind done; return the number of whose role was changed."""
    database, access = running.core.database, running.core.console.access
    put = Planter(database, "TUNDO")
    number = await put.example(f"undo:{secrets.token_hex(4)}", "Is it open?", "It is.")
    await ExampleStore(database).decide([number], Decision.APPROVE, "Ada")
    await Policies(database).change(PLACE, {"verified_only": True}, "Ada")
    who = (await access.links.invite("Dora", Role.VIEWER, "Ada")).operator
    await access.operators.change_role(who.id, Role.CURATOR, "Ada")
    return who.id


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_takes_back_what_it_may(running: Running, browser: Browser, role: Role) -> None:
    """Of a decision, a policy and a role, each is offered to who may do it, is as before, and is in the audit."""
    await _decide(running)
    name = f"{role} who undoes"
    async with signed_in(running, browser, role, name) as context:
        page = await context.new_page()
        for beginning, action in NEEDED.items():
            await page.goto(f"{running.url}/console/settings/audit?action={beginning}&actor=Ada")
            button = page.get_by_role("button", name=re.compile(rf"^Undo {re.escape(beginning)}")).first
            await expect(page.get_by_role("table", name="Audit log")).to_be_visible()
            if not may(role, action):
                await expect(button).to_have_count(0)
                continue
            offered = await page.get_by_role("button", name=re.compile("^Undo ")).count()
            await button.click()
            await expect(page.get_by_role("button", name=re.compile("^Undo "))).to_have_count(offered - 1)
            [line] = await recent(running.core.database, 1)
            assert line.actor == name
            assert line.action in ("example.undo", "policy.undo", "operator.role")


async def test_whoever_lost_the_role_takes_nothing_back(running: Running, browser: Browser) -> None:
    """A page that was open before offers it still; the click is refused with a sentence, and nothing changes."""
    changed = await _decide(running)
    operators = running.core.console.access.operators
    async with signed_in(running, browser, Role.ADMIN, "soon a viewer") as context:
        page = await context.new_page()
        for beginning in NEEDED:
            await page.goto(f"{running.url}/console/settings/audit?action={beginning}&actor=Ada")
            [me] = [one for one in await operators.people() if one.name == "soon a viewer"]
            await operators.change_role(me.id, Role.VIEWER, "test")
            [before] = await recent(running.core.database, 1)
            await page.get_by_role("button", name=re.compile(rf"^Undo {re.escape(beginning)}")).first.click()
            await expect(page.get_by_role("alert")).to_contain_text(re.compile("can do that"))
            assert [before] == await recent(running.core.database, 1)
            await operators.change_role(me.id, Role.ADMIN, "test")
    assert [one.role for one in await operators.people() if one.id == changed] == [Role.CURATOR]


async def test_what_somebody_decided_since_stays(running: Running, browser: Browser) -> None:
    """The page was opened before; the click is answered with a sentence that says so."""
    await _decide(running)
    async with signed_in(running, browser, Role.ADMIN) as context:
        page = await context.new_page()
        await page.goto(f"{running.url}/console/settings/audit?action=policy.&actor=Ada")
        await Policies(running.core.database).change(PLACE, {"verified_only": False}, "Bob")
        await page.get_by_role("button", name=re.compile("^Undo policy")).first.click()
        await expect(page.get_by_role("alert")).to_contain_text("Someone has changed this since")
