"""Signing in with Slack: with the bot's own app, and in the workspaces in which it is installed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import delete, select

from bot.web.console.entrance.cookies import BEGUN_COOKIE, SECURE_COOKIE
from supportbot.access.oidc.claimed import SLACK_TEAM, SLACK_USER
from supportbot.config import Settings
from supportbot.db.models import OperatorAccount, SlackBot
from supportbot.db.session import Database
from tests.oidc_server.server import CLIENT_ID, CLIENT_SECRET, LocalProvider
from tests.web.console.running import Running, run_console

ORIGIN = "https://help.shop.example"
HEADERS = {"Host": "help.shop.example"}
BEGIN = "/console/sign-in/slack"
BOT = "xoxb-1-2-abc"
APP = "xapp-1-A0-1-abc"


@pytest.fixture
async def slack() -> AsyncGenerator[LocalProvider]:
    """Slack, which sends people back to the console."""
    async with LocalProvider(is_slack=True) as server:
        server.redirects.add(f"{ORIGIN}{BEGIN}/callback")
        yield server


def person(team: str, user: str, **more: Any) -> dict[str, Any]:
    """Return what Slack says of somebody."""
    return {"sub": user, SLACK_TEAM: team, SLACK_USER: user, "name": f"{user} of {team}", **more}


def settings_for(slack: LocalProvider, home: Path, **more: Any) -> Settings:
    """Return the settings of a bot whose console is opened behind a TLS proxy."""
    return Settings(
        home=home,
        encoder="none",
        web_origins=f"{ORIGIN},http://intranet:8080",
        slack_app_token=APP,
        slack_client_id=CLIENT_ID,
        slack_client_secret=CLIENT_SECRET,
        slack_api_url=f"{slack.issuer}/api/",
        slack_sign_in=True,
        console_admins="slack:T0001:U0001",
        console_curators="bo@shop.example",
        **more,
    )


async def sign_in(running: Running, slack: LocalProvider, claims: dict[str, Any]) -> httpx.Response:
    """Sign in as somebody behind the proxy, and return the console's last answer."""
    slack.person = claims
    async with httpx.AsyncClient(base_url=running.url, headers=HEADERS) as client:
        there = await client.get(BEGIN)
        assert there.status_code == 303, there.text
        cookie = SimpleCookie(there.headers["set-cookie"])[f"__Host-{BEGUN_COOKIE}"]
        assert cookie["secure"]
        assert cookie["samesite"] == "lax"
        async with httpx.AsyncClient() as elsewhere:
            back = (await elsewhere.post(there.headers["location"])).headers["location"]
        kept = {"Cookie": f"{cookie.key}={cookie.value}"}
        return await client.get(back.removeprefix(ORIGIN), headers=kept)


async def people(database: Database) -> dict[str, tuple[str, str | None]]:
    """Return role and identity of each operator, by name."""
    async with database.read() as session:
        return {row.name: (row.role, row.identity) for row in await session.scalars(select(OperatorAccount))}


async def test_with_the_workspace_of_a_token(slack: LocalProvider, home: Path) -> None:
    """Lists name people of the bot's own workspace; those of others stay outside, whoever they are there."""
    settings = settings_for(slack, home, slack_bot_token=BOT)
    assert not settings.slack_is_shared
    async with run_console(home, settings=settings) as running:
        async with httpx.AsyncClient(base_url=running.url, headers=HEADERS) as client:
            for answer in ("<html>", "[]", '{"ok": false, "error": "invalid_auth"}', ""):
                slack.body = {"/api/auth.test": answer}
                refused = await client.get(BEGIN)
                assert refused.status_code == 503
                assert "Slack did not say which workspace the bot is in" in refused.text
        slack.body = {}
        slack.token = {"ok": False, "error": "invalid_code"}  # with the status 200
        refused = await sign_in(running, slack, person("T0001", "U0001"))
        assert "confirm the sign-in. Please start again." in refused.text
        slack.token = None
        slack.asked.clear()
        ended = await sign_in(running, slack, person("T0001", "U0001"))
        assert (ended.status_code, ended.headers["location"]) == (303, "/console")
        assert f"{SECURE_COOKIE}=" in ended.headers["set-cookie"]
        [asked] = slack.asked
        assert asked["team"] == "T0001"
        assert "code_challenge" not in asked
        assert slack.shown[-1]["redirect_uri"] == f"{ORIGIN}{BEGIN}/callback"
        bo = {"email": "Bo@shop.example", "email_verified": True}
        assert (await sign_in(running, slack, person("T0001", "U0002", **bo))).status_code == 303
        assert await people(running.core.database) == {
            "U0001 of T0001": ("admin", f"{slack.issuer} T0001:U0001"),
            "U0002 of T0001": ("curator", f"{slack.issuer} T0001:U0002"),
        }
        for claims, sentence in (
            (person("T0002", "U0001"), "not installed in the Slack workspace"),
            (person("T0002", "U0002", **bo), "not installed in the Slack workspace"),
            ({"sub": "U0001", "name": "Nobody"}, "not installed in the Slack workspace"),
            (person("T0001", "U0003"), "You are signed in at Slack, but you have no role"),
            (person("T0001", "U0002", email="bo@shop.example", email_verified=False), "you have no role"),
        ):
            refused = await sign_in(running, slack, claims)
            assert refused.status_code == 403
            assert sentence in unescape(refused.text)
            assert SECURE_COOKIE not in refused.headers.get("set-cookie", "")
        async with httpx.AsyncClient(base_url=running.url) as client:  # Slack leads back to https alone
            assert "Sign in with Slack" not in (await client.get("/console/sign-in")).text
            assert (await client.get(BEGIN)).status_code == 404
            assert "Sign in with Slack" in (await client.get("/console/sign-in", headers=HEADERS)).text
            there = await client.get(BEGIN, headers={"Host": "HELP.shop.example:1234"})
            [redirect] = parse_qs(urlsplit(there.headers["location"]).query)["redirect_uri"]
            assert redirect == f"{ORIGIN}{BEGIN}/callback"


async def test_with_the_workspaces_that_installed_the_app(slack: LocalProvider, home: Path) -> None:
    """With an app of many workspaces those count in which it is installed now."""
    settings = settings_for(slack, home)
    assert settings.slack_is_shared
    async with run_console(home, settings=settings) as running:
        database = running.core.database
        ana = person("T0001", "U0001")
        assert "not installed" in (await sign_in(running, slack, ana)).text
        at = datetime.now(UTC).replace(tzinfo=None)
        async with database.write() as session:
            for team in ("T0001", "T0002"):
                session.add(
                    SlackBot(
                        client_id=CLIENT_ID,
                        app_id="A1",
                        team_id=team,
                        installed_at=at,
                        is_enterprise_install=False,
                    )
                )
            session.add(
                SlackBot(
                    client_id="9.9", app_id="A2", team_id="T0003", installed_at=at, is_enterprise_install=False
                )
            )
        assert (await sign_in(running, slack, ana)).status_code == 303
        assert "team" not in slack.asked[-1]
        assert "you have no role" in (await sign_in(running, slack, person("T0002", "U0001"))).text
        assert "not installed" in (await sign_in(running, slack, person("T0003", "U0001"))).text
        async with database.write() as session:
            await session.execute(delete(SlackBot).where(SlackBot.team_id == "T0001"))
        assert "not installed" in (await sign_in(running, slack, ana)).text
