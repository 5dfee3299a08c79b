"""Signing in and out of the console, and what nobody gets who has not."""

from __future__ import annotations

import asyncio
import io
import os
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

import httpx
import pytest
import structlog
from playwright.async_api import Browser, Page, expect
from sqlalchemy import text
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from bot.web.console.entrance import door
from bot.web.console.entrance.cookies import COOKIE
from bot.web.console.entrance.invitation import show_console
from supportbot.access.roles import Role
from tests.web.console.running import Running, signed_in
from tests.web.sockets import client_id_in, socket_url

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def client_of(running: Running, role: Role | None = None) -> AsyncGenerator[httpx.AsyncClient]:
    """Give a program that behaves as a browser, in which somebody of a role has signed in."""
    async with httpx.AsyncClient(base_url=running.url, headers={"Origin": running.url}) as client:
        if role is not None:
            link = await running.link(f"{role} of {client!r}", role)
            await client.post("/console/sign-in", data={"token": link.partition("=")[2]})
        yield client


async def test_who_has_signed_in_sees_the_pages(running: Running, admin: Page) -> None:
    """A link opens the console, keys go to its pages and are listed, and signing out ends it."""
    await admin.goto(f"{running.url}/console")
    await expect(admin.get_by_role("heading", level=1)).to_have_text("Today")
    await admin.keyboard.press("?")
    await expect(admin.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Go to Settings")
    await admin.keyboard.press("Escape")
    await expect(admin.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    await admin.keyboard.press("g")
    await admin.keyboard.press("s")
    await expect(admin.get_by_role("heading", level=1)).to_have_text("Settings")
    await admin.get_by_role("button", name="Sign out", exact=True).click()
    await expect(admin.get_by_role("heading", level=1)).to_have_text("Sign in")
    await admin.goto(f"{running.url}/console/settings")
    await expect(admin).to_have_url(f"{running.url}/console/sign-in")


async def test_a_link_is_used_up_by_the_button_alone(running: Running) -> None:
    """Previews that open a link leave it as it is; its button signs in once; no script reads the cookie."""
    link = await running.link("Bo", Role.VIEWER)
    token = link.partition("=")[2]
    async with client_of(running) as client:
        for _ in range(2):
            shown = await client.get(link)
            assert shown.status_code == 200
            assert f'value="{token}"' in shown.text
            assert shown.headers["cache-control"] == "no-store"
        first = await client.post("/console/sign-in", data={"token": token})
        assert (first.status_code, first.headers["location"]) == (303, "/console")
        [cookie] = first.headers.get_list("set-cookie")
        assert cookie.startswith(f"{COOKIE}=")
        assert {"HttpOnly", "Path=/", "SameSite=strict", "Max-Age=604800"} <= set(cookie.split("; "))
        assert "script-src 'self'" in shown.headers["content-security-policy"]
        second = await client.post("/console/sign-in", data={"token": token})
        assert second.status_code == 403
        assert "was already used" in second.text
        assert "set-cookie" not in second.headers
        german = await client.get("/console/sign-in", headers={"Accept-Language": "de"})
        assert "Anmelden" in german.text


async def test_wrong_tokens_are_limited(running: Running) -> None:
    """Who guesses is soon told to wait, and nothing that was sent comes back as markup."""
    async with client_of(running) as client:
        for token in ("<script>", "x" * 5_000, *["guess"] * 18):
            wrong = await client.post("/console/sign-in", data={"token": token})
            assert wrong.status_code == 403
            assert "<script>" not in wrong.text
        assert "wait ten minutes" in (await client.post("/console/sign-in", data={"token": "guess"})).text
        shown = await client.get("/console/sign-in", params={"token": '"><script>'})
        assert "<script>" not in shown.text
    async with running.core.database.write() as session:
        await session.execute(text("DELETE FROM sign_in_attempt"))


async def test_nothing_is_served_without_a_session(running: Running) -> None:
    """Whoever is not signed in is sent to the sign-in, wherever they ask; what is not there is not there."""
    async with client_of(running) as client:
        for path in ("/console", "/console/settings", "/console/settings/audit?actor=x"):
            refused = await client.get(path)
            assert (refused.status_code, refused.headers["location"]) == (303, "/console/sign-in")
            assert refused.content == b""
        client.cookies.set(COOKIE, "made-up")
        assert (await client.get("/console")).status_code == 303
    async with client_of(running, Role.VIEWER) as client:
        assert (await client.get("/console/settings")).status_code == 200
        for path in ("/console/nothing", "/console/../console/nothing", "/consoles"):
            assert (await client.get(path)).status_code == 404
        assert (await client.post("/console/settings")).status_code == 404


async def test_other_sites_sign_nobody_out(running: Running) -> None:
    """A form needs the token of its session and comes from our own pages; with them it ends the session."""
    async with client_of(running, Role.VIEWER) as client:
        page = (await client.get("/console")).text
        for data, origin in (({}, running.url), ({"token": "0" * 64}, running.url), ({}, "https://evil.example")):
            refused = await client.post("/console/sign-out", data=data, headers={"Origin": origin})
            assert refused.status_code == 403
        assert (await client.get("/console")).status_code == 200
        token = re.search(r'"name":\s*"token",\s*"value":\s*"([0-9a-f]{64})"', page) or re.search(
            r"\b([0-9a-f]{64})\b", page
        )
        assert token is not None
        secret = client.cookies[COOKIE]
        gone = await client.post("/console/sign-out", data={"token": token[1]})
        assert gone.status_code == 303
        assert COOKIE not in client.cookies
        client.cookies.set(COOKIE, secret)
        assert (await client.get("/console")).status_code == 303


async def test_a_link_from_elsewhere_finds_the_session(running: Running) -> None:
    """A strict cookie does not come with a click in Slack, so the browser is asked to load the page once more."""
    async with client_of(running) as client:
        shown = await client.get("/console/settings", headers={"Sec-Fetch-Site": "cross-site"})
    assert shown.status_code == 200
    assert '<meta http-equiv="refresh" content="0">' in shown.text


async def test_the_socket_of_a_page_is_for_its_session(running: Running) -> None:
    """Neither a stranger nor another operator speaks through somebody's open page, or uploads to it."""
    async with (
        client_of(running, Role.ADMIN) as ada,
        client_of(running, Role.VIEWER) as bo,
        client_of(running) as eve,
    ):
        client_id = client_id_in((await ada.get("/console/settings")).text)
        for client in (bo, eve):
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}
            with pytest.raises(InvalidStatus):
                async with connect(socket_url(running, client_id), additional_headers=headers):
                    pass
            assert (await client.post(f"/_nicegui/client/{client_id}/upload/4")).status_code == 403
        headers = {"Cookie": f"{COOKIE}={ada.cookies[COOKIE]}"}
        async with connect(socket_url(running, client_id), additional_headers=headers) as socket:
            assert str(await socket.recv()).startswith("0")
        assert (await ada.post(f"/_nicegui/client/{client_id}/upload/4")).status_code == 404


async def test_whose_access_ends_loses_the_open_page(
    running: Running, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open page goes to the sign-in by itself soon after the session ended, wherever that was."""
    monkeypatch.setattr(door, "RECHECK_SECONDS", 0.0)
    async with signed_in(running, browser, Role.CURATOR, "Cleo") as context:
        page = await context.new_page()
        await page.goto(f"{running.url}/console/settings")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
        people = await running.core.console.access.operators.people()
        await running.link("Ada", Role.ADMIN)
        cleo = next(person for person in people if person.name == "Cleo")
        await running.core.console.access.operators.end(cleo.id, "Ada")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in", timeout=20_000)


async def test_the_daemon_shows_a_link_to_people_alone(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal a link is printed that signs the user in; in a log nothing stands that opens anything."""
    show = partial(show_console, running.core, running.core.settings, int(running.url.rpartition(":")[2]))
    terminal, shown = os.openpty()
    with os.fdopen(terminal) as reader, os.fdopen(shown, "w") as writer, structlog.testing.capture_logs() as logs:
        monkeypatch.setattr(sys, "stdout", writer)
        await show()
        token = reader.readline().strip().rpartition("=")[2]
        assert logs == []
    async with client_of(running) as client:
        assert (await client.post("/console/sign-in", data={"token": token})).status_code == 303
    with structlog.testing.capture_logs() as logs:
        monkeypatch.setattr(sys, "stdout", io.StringIO())
        await show()
    assert [line["event"] for line in logs] == ["daemon.console"]
    assert "token" not in str(logs)


async def test_a_failing_page_shows_a_reference(running: Running, browser: Browser) -> None:
    """What goes wrong on a page is one sentence there, and the log has the rest under the same reference."""
    async with signed_in(running, browser, Role.ADMIN) as context:
        page = await context.new_page()
        async with running.core.database.write() as session:
            await session.execute(text("ALTER TABLE audit RENAME TO elsewhere"))
        try:
            with structlog.testing.capture_logs() as logs:
                await page.goto(f"{running.url}/console/settings/audit")
                await expect(page.get_by_role("alert")).to_contain_text("Something went wrong")
            told = await page.get_by_role("alert").inner_text()
        finally:
            async with running.core.database.write() as session:
                await session.execute(text("ALTER TABLE elsewhere RENAME TO audit"))
    [line] = [line for line in logs if line["event"] == "console.failed"]
    assert line["reference"] in told
    assert "audit" not in told


async def test_a_crowd_opens_the_same_page(running: Running) -> None:
    """Pages of many at once don't mix: each shows who has opened it."""
    async with client_of(running, Role.ADMIN) as ada, client_of(running, Role.VIEWER) as bo:
        pages = await asyncio.gather(*(client.get("/console") for client in (ada, bo) * 3))
    assert [("· Admin" in page.text, "· Viewer" in page.text) for page in pages] == [
        (True, False),
        (False, True),
    ] * 3
