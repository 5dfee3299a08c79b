"""The pages at which somebody installs the app in a workspace: off to Slack, and back with what Slack answers.

The browser that comes back must be the one that left: we issued the state in the address recently, it is used
once, and a cookie of that browser has it too. No code and no token is logged, and no page shows what was sent.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

import aiohttp
import structlog
from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.slack.bolt import library_logger
from bot.slack.workspaces import InstalledWorkspaces
from supportbot.db.lending import Lent, lend
from supportbot.db.session import Database
from supportbot.errors import DatabaseError
from supportbot.installations import count_begun
from supportbot.intake.people import person_of
from supportbot.words import ENGLISH, N_, Language, Words, nearest, preferred

log = structlog.get_logger(__name__)

INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"

STATE_SECONDS = 600
"""Within which an installation that was begun is finished."""

MOST_BEGUN = 1_000
"""Installations in progress at once: anybody can begin one, and each is a row for ten minutes."""

_FAILURES: Mapping[str, str] = {
    "access_denied": N_("Not installed: you did not allow it in Slack."),
    "invalid_browser": N_(
        "Not installed: you started in another browser, or this browser blocks cookies. Open this page and "
        "Slack in the same browser, over https."
    ),
    "invalid_state": N_("Not installed: it took longer than ten minutes, or the page was loaded twice."),
    "missing_code": N_("Not installed: Slack did not send what the installation needs."),
    "invalid_code": N_(
        "Not installed: Slack did not accept it. If this happens again, check that the app's client ID and "
        "client secret match."
    ),
    "not_allowed": N_(
        "Not installed: this bot does not accept that workspace. Its operator can add the workspace's ID to "
        "SUPPORTBOT_SLACK_WORKSPACES."
    ),
    "whole_organisation": N_("Not installed: choose one workspace in Slack, not a whole organisation."),
    "unreachable": N_("Not installed: Slack could not be reached. Please try again in a moment."),
    "storage_error": N_("Not installed: the installation could not be saved. The bot's log says why."),
    "too_many": N_("Too many people are installing the app right now. Please try again in ten minutes."),
}
_OTHERWISE = N_("Not installed: Slack refused.")


class _NotWantedError(BoltError):
    """The app is not to be installed there; the text is a key of ``_FAILURES``."""


class _TooManyError(Exception):
    """Too many installations are in progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The app as Slack knows it.

    Attributes:
        client_id: its id.
        client_secret: proves that we are it.
        scopes: what it asks for.
        origin: where these pages are opened.
        workspaces: in which it may be installed; none for any.
        language: of the pages, where a browser asks for none that we speak.
    """

    client_id: str
    client_secret: str
    scopes: Sequence[str]
    origin: str
    workspaces: frozenset[str]
    language: Language


class Installing:
    """The two pages.

    Args:
        app: which is installed.
        client: calls Slack, without a token.
        database: keeps what is in progress.
        workspaces: are served once they are installed.
    """

    def __init__(
        self, app: App, client: AsyncWebClient, database: Database, workspaces: InstalledWorkspaces
    ) -> None:
        self._language = app.language
        settings = AsyncOAuthSettings(
            client_id=app.client_id,
            client_secret=app.client_secret,
            scopes=app.scopes,
            user_scopes=[],
            redirect_uri=urljoin(app.origin, REDIRECT_PATH),
            install_path=INSTALL_PATH,
            redirect_uri_path=REDIRECT_PATH,
            install_page_rendering_enabled=False,
            state_store=_States(database),
            state_expiration_seconds=STATE_SECONDS,
            callback_options=AsyncCallbackOptions(self._succeed, self._fail),
            logger=library_logger(),
        )
        self._flow = _Flow(client, settings, app, workspaces)

    async def begin(self, request: Request) -> Response:
        """Send a browser to Slack."""
        try:
            return _private(
                to_starlette_response(await self._flow.handle_installation(to_async_bolt_request(request, b"")))
            )
        except _TooManyError:
            return self._failed(request, "too_many", 503)
        except DatabaseError:  # the database tells of it
            return self._failed(request, "storage_error", 503)

    async def finish(self, request: Request) -> Response:
        """Take what Slack sends a browser back with."""
        try:
            return _private(
                to_starlette_response(await self._flow.handle_callback(to_async_bolt_request(request, b"")))
            )
        except (aiohttp.ClientError, OSError):  # OSError: timeouts, too
            return self._failed(request, "unreachable", 502)
        except DatabaseError:
            return self._failed(request, "storage_error", 503)

    async def _succeed(self, args: AsyncSuccessArgs) -> BoltResponse:
        words = self._words(*args.request.headers.get("accept-language", ()))
        return _answer(200, build_success(args.installation.team_name or "", words), args.settings)

    async def _fail(self, args: AsyncFailureArgs) -> BoltResponse:
        reason = str(args.error) if isinstance(args.error, _NotWantedError) else args.reason
        status = 403 if isinstance(args.error, _NotWantedError) else args.suggested_status_code
        # The address may contain anything, perhaps a secret.
        log.warning("slack.not_installed", reason=reason if reason in _FAILURES else "refused")
        words = self._words(*args.request.headers.get("accept-language", ()))
        return _answer(status, build_failure(reason, words), args.settings)

    def _failed(self, request: Request, reason: str, status: int) -> Response:
        log.warning("slack.not_installed", reason=reason)
        words = self._words(*request.headers.getlist("accept-language"))
        return _private(HTMLResponse(build_failure(reason, words), status))

    def _words(self, *accepted: str) -> Words:
        """Return those of a browser: who installs the app does so before anything is decided for the workspace."""
        return Words(nearest(*preferred(",".join(accepted))) or self._language)


class _Flow(AsyncOAuthFlow):
    """The library's, which keeps what was installed where we say."""

    def __init__(
        self, client: AsyncWebClient, settings: AsyncOAuthSettings, app: App, workspaces: InstalledWorkspaces
    ) -> None:
        super().__init__(client=client, logger=library_logger(), settings=settings)
        self._app = app
        self._workspaces = workspaces

    async def store_installation(self, request: AsyncBoltRequest, installation: Installation) -> None:
        """Serve the workspace from now on, or hand its token back.

        Raises:
            BoltError: the app is not to be installed there.
            DatabaseError: the storage fails.
        """
        team = installation.team_id
        if installation.is_enterprise_install or team is None:
            await self._refuse(installation, "whole_organisation")
        elif self._app.workspaces and team not in self._app.workspaces:
            await self._refuse(installation, "not_allowed")
        else:
            await self._workspaces.install(installation.to_bot(), person_of("slack", team, installation.user_id))

    async def _refuse(self, installation: Installation, why: str) -> None:
        try:
            await self.client.auth_revoke(token=installation.bot_token or "")
        except SlackApiError as error:
            log.warning("slack.token_not_revoked", workspace=installation.team_id, error=type(error).__name__)
        raise _NotWantedError(why)


class _States(AsyncOAuthStateStore):
    """The library's store of states, within transactions of ours."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def async_issue(self, *args: object, **kwargs: object) -> str:
        async with self._database.write() as session:
            if await count_begun(session) >= MOST_BEGUN:
                raise _TooManyError
            state: str = await _states(await lend(session)).async_issue()
        return state

    async def async_consume(self, state: str) -> bool:
        async with self._database.write() as session:
            return await _states(await lend(session)).async_consume(state)


def build_page(title: str, sentence: str, link: str = "", words: Words = ENGLISH) -> str:
    """Return a page that says one thing.

    Args:
        title: in a few words.
        sentence: the thing.
        link: HTML of ours after it.
        words: whose language the page is in.
    """
    return (
        f'<!doctype html><html lang="{words.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title>"
        "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem}</style>"
        f"</head><body><h1>{html.escape(title)}</h1><p>{html.escape(sentence)}</p><p>{link}</p></body></html>"
    )


def build_failure(reason: str, words: Words = ENGLISH) -> str:
    """Return the page for whoever could not install the app."""
    again = html.escape(words.say("Start again"))
    told = words.say(_FAILURES.get(reason, _OTHERWISE))
    return build_page(words.say("Not installed"), told, f'<a href="{INSTALL_PATH}">{again}</a>', words)


def build_success(name: str, words: Words = ENGLISH) -> str:
    """Return the page for whoever installed the app in the workspace of this name; empty if it has none."""
    where = name or words.say("the workspace")
    told = words.say("The bot is now in {name}. Invite it to a channel and mention it.", name=where)
    return build_page(words.say("Installed"), told, words=words)


def _answer(status: int, page: str, settings: AsyncOAuthSettings) -> BoltResponse:
    headers: dict[str, str | Sequence[str]] = {
        "Content-Type": "text/html; charset=utf-8",
        "Set-Cookie": settings.state_utils.build_set_cookie_for_deletion(),
    }
    return BoltResponse(status=status, body=page, headers=headers)


def _private(response: Response) -> Response:
    """Let nobody keep a page whose address holds a code, or pass that address on."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _states(lent: Lent) -> AsyncSQLAlchemyOAuthStateStore:
    return AsyncSQLAlchemyOAuthStateStore(
        STATE_SECONDS, lent, logger=library_logger(), table_name="slack_oauth_state"
    )
