"""Installing the app in a workspace: from the page to Slack and back, and whatever may go wrong on that way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from bot.slack import installing
from bot.slack.installing import build_page
from bot.slack.scopes import wanted_scopes
from supportbot.db import audit
from supportbot.db.models import SlackBot, SlackOAuthState
from supportbot.installations import installed
from tests.slack.conftest import Core
from tests.slack.many import ORIGIN, Browser, ManyBot, many_settings, serving
from tests.slack_server import ApiError, LocalSlack, Reset
from tests.slack_server.state import OTHER_TEAM, TEAM
from tests.slack_server.tokens import CLIENT_ID, INSTALLER


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who has begun to install the app, and the bot."""

    bot: ManyBot
    browser: Browser

    async def workspaces(self) -> list[str]:
        """Return where the app is installed."""
        async with self.bot.core.database.read() as session:
            return [one.workspace for one in await installed(session)]


@pytest.fixture
async def visit(slack: LocalSlack, core: Core) -> AsyncIterator[Visit]:
    """The page is opened, and the browser is at Slack."""
    jar = aiohttp.DummyCookieJar()
    async with (
        serving(slack, core, many_settings(slack, http=True, workspaces=TEAM)) as bot,
        aiohttp.ClientSession(cookie_jar=jar) as session,
    ):
        browser = Browser(bot.url, session)
        assert await browser.begin() == 302
        yield Visit(bot, browser)


async def test_app_is_installed(slack: LocalSlack, visit: Visit) -> None:
    """Slack is asked for the manifest's scopes; then the token is kept, and the audit names who did it."""
    asked = visit.browser.asked
    assert (asked["client_id"], asked["redirect_uri"]) == ([CLIENT_ID], [f"{ORIGIN}/slack/oauth_redirect"])
    assert set(asked["scope"][0].split(",")) == set(wanted_scopes())
    with capture_logs() as lines:
        code = slack.tokens.allow(TEAM)
        status, page = await visit.browser.come_back(code=code)
    assert (status, "The bot is now in Local" in page) == (200, True)
    database = visit.bot.core.database
    async with database.read() as session:
        [row] = list(await session.scalars(select(SlackBot)))
        assert await session.scalar(select(func.count()).select_from(SlackOAuthState)) == 0
    assert (row.team_id, row.bot_user_id, row.bot_id) == (TEAM, "U0BOT", "B0BOT")
    [deed] = await audit.recent(database, 5)
    assert (deed.actor, deed.action) == (f"slack:{TEAM}:{INSTALLER}", "workspace.install")
    assert deed.subject == f"workspace:slack:{TEAM}"
    for secret in (row.bot_token, code, asked["state"][0]):
        assert secret
        assert secret not in json.dumps(lines, default=str) + page


async def test_installing_again_takes_the_place_of_the_first(slack: LocalSlack, visit: Visit) -> None:
    """There is one token for each workspace."""
    for _ in range(2):
        await visit.browser.begin()
        await visit.browser.come_back(code=slack.tokens.allow(TEAM))
    assert await visit.workspaces() == [TEAM]


async def test_it_goes_wrong_in_one_clear_sentence(slack: LocalSlack, visit: Visit) -> None:
    """Each failure has a page, a status and a line of the log, and installs nothing."""
    browser = visit.browser
    for answered, status, sentence in (
        ({"error": "access_denied"}, 200, "did not allow it in Slack"),
        ({"error": "<script>alert(1)</script>"}, 200, "Slack refused"),
        ({"state": "of somebody else", "code": "x"}, 400, "you started in another browser"),
        ({"code": "made up"}, 401, "did not accept it"),
        ({}, 401, "loaded twice"),  # the state before was used
    ):
        with capture_logs() as lines:
            answer = await browser.come_back(**answered)
        assert (answer[0], sentence in answer[1]) == (status, True), answer
        assert "script>" not in answer[1].partition("</style>")[2]
        assert [line["event"] for line in lines if line["log_level"] == "warning"] == ["slack.not_installed"]
        assert "alert" not in json.dumps(lines)
    await browser.begin()
    assert (await browser.come_back())[0] == 401  # without a code
    await browser.begin()
    slack.misbehave("oauth.v2.access", Reset())
    status, page = await browser.come_back(code=slack.tokens.allow(TEAM))
    assert (status, "Not installed" in page) == (502, True)
    assert await visit.workspaces() == []


async def test_late_and_foreign_browsers_install_nothing(slack: LocalSlack, visit: Visit) -> None:
    """What was begun more than ten minutes ago, or in another browser, or under another name, is refused."""
    database = visit.bot.core.database
    async with database.write() as session:
        past = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=1)
        await session.execute(update(SlackOAuthState).values(expire_at=past))
    status, page = await visit.browser.come_back(code=slack.tokens.allow(TEAM))
    assert (status, "longer than ten minutes" in page) == (401, True)
    await visit.browser.begin()
    visit.browser.cookie = ""
    assert (await visit.browser.come_back(code=slack.tokens.allow(TEAM)))[0] == 400
    assert await visit.browser.begin(host="evil.example") == 400
    assert await visit.workspaces() == []


async def test_it_is_not_for_every_workspace(slack: LocalSlack, visit: Visit) -> None:
    """A token of a workspace that is not allowed, or of a whole organisation, is handed back to Slack."""
    for number, (code, sentence) in enumerate(
        (
            (slack.tokens.allow(OTHER_TEAM), "does not accept that workspace"),
            (slack.tokens.allow(TEAM, org_wide=True), "not a whole organisation"),
        ),
        start=1,
    ):
        await visit.browser.begin()
        status, page = await visit.browser.come_back(code=code)
        assert (status, sentence in page) == (403, True), page
        assert len(slack.calls("auth.revoke")) == number
    slack.misbehave("auth.revoke", ApiError("fatal_error"))
    await visit.browser.begin()
    assert (await visit.browser.come_back(code=slack.tokens.allow(OTHER_TEAM)))[0] == 403
    assert await visit.workspaces() == []


async def test_many_who_never_come_back_fill_nothing(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many may be under way at once; what has expired counts no more and is gone."""
    monkeypatch.setattr(installing, "MOST_BEGUN", 2)
    assert [await visit.browser.begin() for _ in range(2)] == [302, 503]
    async with visit.bot.core.database.write() as session:
        past = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=1)
        await session.execute(update(SlackOAuthState).values(expire_at=past))
    assert await visit.browser.begin() == 302


async def test_pages_are_in_the_language_of_the_browser(slack: LocalSlack, visit: Visit) -> None:
    """Who installs the app does so before anything is decided for the workspace, so the browser says it."""
    visit.browser.language = "fr;q=0.9, de-AT;q=0.8, en;q=0.7"
    status, page = await visit.browser.come_back(error="access_denied")
    assert (status, '<html lang="de">' in page) == (200, True)
    assert "Es wurde nichts installiert, denn das wurde in Slack nicht erlaubt." in page
    assert "Noch einmal beginnen</a>" in page
    await visit.browser.begin()
    _, page = await visit.browser.come_back(code=slack.tokens.allow(TEAM))
    assert "Der Bot ist jetzt in Local." in page


def test_page_shows_text_as_text() -> None:
    """The name of a workspace is no markup."""
    page = build_page("<b>", "<script>alert(1)</script> & co")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in page
