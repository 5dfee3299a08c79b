"""An app that many workspaces install, and the browsers of those who do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import aiohttp
from fastapi import FastAPI
from pydantic import SecretStr

from bot.slack.app import SlackAdapter, open_slack
from bot.slack.installing import INSTALL_PATH, REDIRECT_PATH
from bot.web.app import add_page
from bot.web.server import WebServer
from supportbot.config import Settings
from supportbot.delivery.dispatch import Dispatcher
from tests.slack.conftest import AT_ONCE, IMPATIENT, Core, running
from tests.slack_server import LocalSlack

ORIGIN = "https://bot.example"


@dataclass(frozen=True, slots=True)
class ManyBot:
    """A running adapter with what is behind it, and where the app is installed."""

    core: Core
    adapter: SlackAdapter
    dispatcher: Dispatcher
    url: str


class Browser:
    """Somebody who installs the app.

    Args:
        url: of the daemon.
        session: makes the calls, and keeps no cookies by itself: ours are for https.
    """

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url.rstrip("/")
        self._session = session
        self.cookie = ""
        self.language = "en"
        self.asked: dict[str, list[str]] = {}

    async def begin(self, *, host: str = "bot.example") -> int:
        """Open the page at which the app is installed; return the status."""
        async with self._session.get(
            self._url + INSTALL_PATH,
            allow_redirects=False,
            headers={"Host": host, "Accept-Language": self.language},
        ) as response:
            if response.status == 302:
                self.asked = parse_qs(urlsplit(response.headers["Location"]).query)
                self.cookie = response.headers["Set-Cookie"].partition(";")[0]
            return response.status

    async def come_back(self, **answered: str) -> tuple[int, str]:
        """Come back from Slack with what it answered; return the status and the page."""
        query = {"state": self.asked["state"][0]} | answered
        headers = {"Host": "bot.example", "Cookie": self.cookie, "Accept-Language": self.language}
        async with self._session.get(self._url + REDIRECT_PATH, params=query, headers=headers) as response:
            assert response.headers["Cache-Control"] == "no-store"
            return response.status, await response.text()


async def install(slack: LocalSlack, url: str, team: str) -> None:
    """Have somebody install the app in a workspace."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        browser = Browser(url, session)
        assert await browser.begin() == 302
        slack.tokens.granted = browser.asked["scope"][0]
        status, page = await browser.come_back(code=slack.tokens.allow(team))
        assert status == 200, page


def many_settings(slack: LocalSlack, *, http: bool = False, workspaces: str = "") -> Settings:
    """Return the settings of an app that many workspaces install."""
    environment = slack.many_environment(ORIGIN)
    return Settings(
        slack_api_url=environment["SLACK_API_URL"],
        slack_client_id=SecretStr(environment["SLACK_CLIENT_ID"]),
        slack_client_secret=SecretStr(environment["SLACK_CLIENT_SECRET"]),
        slack_app_token=SecretStr(environment["SLACK_APP_TOKEN"]),
        slack_signing_secret=SecretStr(environment["SLACK_SIGNING_SECRET"]),
        slack_http=http,
        slack_workspaces=workspaces,
        web_origins=ORIGIN,
    )


@asynccontextmanager
async def serving(slack: LocalSlack, core: Core, settings: Settings) -> AsyncIterator[ManyBot]:
    """Let an adapter run with its pages, and events come in, over HTTP if that is set."""
    async with open_slack(
        core.service, settings, database=core.database, patience=IMPATIENT, post_seconds=0.0, pace=AT_ONCE
    ) as adapter:
        app = FastAPI()
        for path, page in adapter.pages.items():
            add_page(app, path, page, settings)
        for path, endpoint in adapter.http_routes.items():
            app.add_api_route(path, endpoint, methods=["POST"])
        async with WebServer(app, "127.0.0.1", 0) as server, running(adapter):
            if settings.slack_http:
                slack.use_http(f"{server.url}/slack/events")
            else:
                await slack.wait_until_connected(2)
            yield ManyBot(core, adapter, Dispatcher(core.outbox, adapter.sender), server.url)
