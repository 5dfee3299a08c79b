"""The Slack adapter as the daemon sees it: receives mentions, direct messages, commands, clicks and modals, shows
answers and the Home tab. One process serves the workspace of SLACK_BOT_TOKEN, or all in which the app of
SLACK_CLIENT_ID is installed; only ``workspaces`` differs between the two. Slack's events come over Socket Mode, or
over HTTP where the daemon offers the adapter's route.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import aiohttp
from pydantic import SecretStr
from slack_sdk.oauth.installation_store import Bot as StoredBot
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from starlette.requests import Request
from starlette.responses import Response

from bot.slack import origin
from bot.slack._background import Background
from bot.slack.admins import Admins
from bot.slack.bolt import build_bolt
from bot.slack.catchup import CatchUp
from bot.slack.connections import Connections
from bot.slack.digests import SlackDigests
from bot.slack.endpoint import PATH, Endpoint
from bot.slack.identity import Bot, Identity
from bot.slack.installations import Installations
from bot.slack.installing import INSTALL_PATH, REDIRECT_PATH, App, Installing
from bot.slack.listeners import installation, register
from bot.slack.listeners.events import hear
from bot.slack.patience import Patience
from bot.slack.routing import RoutedDigests, RoutedSender, RoutedStage
from bot.slack.scopes import Scopes, wanted_scopes
from bot.slack.sender import POST_SECONDS, SlackSender
from bot.slack.streaming import PACE, SlackStage
from bot.slack.web_client import WebClient
from bot.slack.workspaces import InstalledWorkspaces, OneWorkspace, Workspace, Workspaces
from supportbot.config import Settings
from supportbot.db.session import Database
from supportbot.delivery.pace import Pace
from supportbot.errors import ConfigError
from supportbot.notices import keep_notice
from supportbot.service import Service


class SlackAdapter:
    """See ``bot.adapter.Adapter``.

    Args:
        sender: shows answers.
        stage: shows them while they are written.
        digests: posts weekly digests.
        workspaces: where.
        connections: for Socket Mode; None in HTTP mode.
        endpoint: for HTTP mode; None in Socket Mode.
        installing: the pages at which the app is installed; None for one workspace.
    """

    def __init__(
        self,
        sender: RoutedSender,
        stage: RoutedStage,
        digests: RoutedDigests,
        workspaces: Workspaces,
        *,
        connections: Connections | None = None,
        endpoint: Endpoint | None = None,
        installing: Installing | None = None,
    ) -> None:
        self._sender = sender
        self._stage = stage
        self._digests = digests
        self._workspaces = workspaces
        self._connections = connections
        self._endpoint = endpoint
        self._installing = installing

    @property
    def sender(self) -> RoutedSender:
        """What shows answers in Slack."""
        return self._sender

    @property
    def stage(self) -> RoutedStage:
        """What shows answers in Slack while they are written."""
        return self._stage

    @property
    def digests(self) -> RoutedDigests:
        """What posts weekly digests in Slack."""
        return self._digests

    @property
    def is_connected(self) -> bool:
        """Whether Slack can reach us; over HTTP, as far as we can know."""
        return self._connections.is_connected if self._connections else self._workspaces.are_known

    @property
    def http_routes(self) -> Mapping[str, Callable[[Request], Awaitable[Response]]]:
        """The route for Slack's requests, in HTTP mode."""
        return {PATH: self._endpoint.receive} if self._endpoint else {}

    @property
    def pages(self) -> Mapping[str, Callable[[Request], Awaitable[Response]]]:
        """Those at which the app is installed, for many workspaces."""
        if self._installing is None:
            return {}
        return {INSTALL_PATH: self._installing.begin, REDIRECT_PATH: self._installing.finish}

    async def run(self) -> None:
        """Hear until cancelled.

        Raises:
            ConfigError: Slack refuses a token.
        """
        await self._workspaces.establish()
        following = asyncio.create_task(self._workspaces.run(), name="slack-workspaces")
        try:
            if self._connections:
                await self._connections.run()
            else:
                self._workspaces.missed()
                await asyncio.Event().wait()  # the daemon's web server calls the endpoint
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


@asynccontextmanager
async def open_slack(
    service: Service,
    settings: Settings,
    *,
    database: Database | None = None,
    patience: Patience | None = None,
    post_seconds: float = POST_SECONDS,
    pace: Pace = PACE,
) -> AsyncIterator[SlackAdapter]:
    """Open the adapter; it hears from ``run()`` on, and its endpoint and sender work at once.

    Args:
        service: the support bot.
        settings: tokens, mode, and where Slack's Web API is.
        database: keeps the tokens of many workspaces; one needs none.
        patience: for tests, which are less patient than the network needs.
        post_seconds: likewise, between two messages in one channel.
        pace: likewise, of answers that are shown while they are written.

    Raises:
        ConfigError: a token is missing.
    """
    patience = patience or Patience()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=patience.call_seconds)) as session:
        background = Background()
        try:
            make = _Maker(service, settings, patience, session, background, post_seconds)
            client = make.client(None, Scopes())
            workspaces, installing = _workspaces(settings, database, make, client)
            bolt = build_bolt(client, lambda: workspaces.missed(time.time()))
            origin.register(bolt, workspaces.of, client.base_url)
            admins = Admins(settings.named_admins)
            register(bolt, service, background, patience, admins, workspaces.lacking)
            if isinstance(workspaces, InstalledWorkspaces):
                installation.register(bolt, workspaces)
            adapter = partial(
                SlackAdapter,
                RoutedSender(workspaces, post_seconds),
                RoutedStage(workspaces, pace),
                RoutedDigests(workspaces),
                workspaces,
                installing=installing,
            )
            if settings.slack_http:
                secret = _secret(settings.slack_signing_secret, "SLACK_SIGNING_SECRET")
                yield adapter(endpoint=Endpoint(bolt, secret, workspaces.missed))
            else:
                app_token = _secret(settings.slack_app_token, "SLACK_APP_TOKEN")
                yield adapter(connections=Connections(bolt, client, app_token, patience, workspaces.missed))
        finally:
            await background.aclose()


class _Maker:
    """Makes what works in one workspace."""

    def __init__(
        self,
        service: Service,
        settings: Settings,
        patience: Patience,
        session: aiohttp.ClientSession,
        background: Background,
        post_seconds: float,
    ) -> None:
        self._post_seconds = post_seconds
        self._service = service
        self._settings = settings
        self._patience = patience
        self._session = session
        self._background = background
        self._lacking: dict[str, str] = {}

    def client(self, token: str | None, scopes: Scopes) -> WebClient:
        return WebClient(token, self._settings.slack_api_url, self._session, scopes)

    def for_token(self, token: str) -> Workspace:
        """Return what works where this token was given; Slack says where that is."""
        return self._workspace(token, "", None, None)

    def for_bot(self, stored: StoredBot) -> Workspace:
        """Return what works where the app was installed."""
        team = stored.team_id or ""
        bot = Bot(stored.bot_user_id, stored.bot_id, team, stored.team_name or team)
        workspace = self._workspace(stored.bot_token, team, bot, stored.app_id)
        workspace.scopes.compare({"x-oauth-scopes": ",".join(stored.bot_scopes)})
        return workspace

    def _workspace(self, token: str, team: str, bot: Bot | None, app: str | None) -> Workspace:
        scopes = Scopes(on_change=partial(self._keep, team))
        client = self.client(token, scopes)
        secret = self._settings.slack_app_token
        app_token = secret.get_secret_value() if secret else None
        identity = Identity(client, self._patience, app_token, scopes, bot)
        identity.learn_app({"app_id": app})
        stage = SlackStage(client)
        catch_up = CatchUp(
            client,
            identity,
            partial(
                hear,
                client=client,
                service=self._service,
                background=self._background,
                seconds=self._patience.hear_seconds,
            ),
            partial(self._service.channels, "slack"),
            timedelta(minutes=self._settings.question_minutes),
            self._patience,
        )
        return Workspace(
            client,
            identity,
            scopes,
            stage,
            SlackSender(client, identity, stage, self._post_seconds),
            SlackDigests(client, identity),
            catch_up,
        )

    def _keep(self, team: str, sentence: str) -> None:
        """Keep for `supportbot doctor` what the app lacks, in each workspace."""
        self._lacking[team] = f"{team}: {sentence}" if team and sentence else sentence
        told = " ".join(each for each in self._lacking.values() if each)
        keep = partial(asyncio.to_thread, keep_notice, self._settings.home, "slack", told)
        self._background.start("notice", keep)


def _workspaces(
    settings: Settings, database: Database | None, make: _Maker, client: WebClient
) -> tuple[OneWorkspace | InstalledWorkspaces, Installing | None]:
    """Return the workspaces, and the pages at which more of them install the app."""
    if not settings.slack_is_shared or not settings.slack_client_id or not settings.slack_client_secret:
        return OneWorkspace(make.for_token(_secret(settings.slack_bot_token, "SLACK_BOT_TOKEN"))), None
    if database is None:
        raise ConfigError("SLACK_CLIENT_ID needs a database for the tokens of its workspaces.")
    app = App(
        client_id=settings.slack_client_id.get_secret_value(),
        client_secret=settings.slack_client_secret.get_secret_value(),
        scopes=wanted_scopes(),
        origin=settings.install_origin,
        workspaces=settings.allowed_workspaces,
        language=settings.language,
    )
    rotator = AsyncTokenRotator(client_id=app.client_id, client_secret=app.client_secret, client=client)
    workspaces = InstalledWorkspaces(Installations(database, app.client_id, rotator), make.for_bot)
    return workspaces, Installing(app, client, database, workspaces)


def _secret(value: SecretStr | None, key: str) -> str:
    if value is None:
        raise ConfigError(f"{key} is missing: copy it from the app's page at https://api.slack.com/apps.")
    return value.get_secret_value()
