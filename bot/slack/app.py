"""The Slack adapter as the daemon sees it: hears mentions, direct messages, commands, clicks and modals, shows
answers and the Home tab.

One process serves one workspace. Slack's events come over Socket Mode, or over HTTP where the daemon offers the
adapter's route.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import aiohttp
import structlog
from pydantic import SecretStr
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
from bot.slack.identity import Identity
from bot.slack.listeners import register
from bot.slack.listeners.events import hear
from bot.slack.patience import Patience
from bot.slack.scopes import Scopes
from bot.slack.sender import POST_SECONDS, SlackSender
from bot.slack.streaming import PACE, SlackStage
from bot.slack.web_client import WebClient
from supportbot.config import Settings
from supportbot.delivery.streaming import Pace
from supportbot.errors import ConfigError
from supportbot.notices import keep_notice
from supportbot.service import Service

log = structlog.get_logger(__name__)


class SlackAdapter:
    """See ``bot.adapter.Adapter``.

    Args:
        sender: shows answers.
        stage: shows them while they are written.
        digests: posts weekly digests.
        identity: known once Slack has accepted the bot token.
        catch_up: hears what was missed.
        connections: for Socket Mode; None in HTTP mode.
        endpoint: for HTTP mode; None in Socket Mode.
    """

    def __init__(
        self,
        sender: SlackSender,
        stage: SlackStage,
        digests: SlackDigests,
        identity: Identity,
        *,
        catch_up: CatchUp,
        connections: Connections | None = None,
        endpoint: Endpoint | None = None,
    ) -> None:
        self._sender = sender
        self._stage = stage
        self._digests = digests
        self._identity = identity
        self._catch_up = catch_up
        self._connections = connections
        self._endpoint = endpoint

    @property
    def sender(self) -> SlackSender:
        """What shows answers in Slack."""
        return self._sender

    @property
    def stage(self) -> SlackStage:
        """What shows answers in Slack while they are written."""
        return self._stage

    @property
    def digests(self) -> SlackDigests:
        """What posts weekly digests in Slack."""
        return self._digests

    @property
    def is_connected(self) -> bool:
        """Whether Slack can reach us; over HTTP, as far as we can know."""
        return self._connections.is_connected if self._connections else self._identity.is_known

    @property
    def http_routes(self) -> Mapping[str, Callable[[Request], Awaitable[Response]]]:
        """The route for Slack's requests, in HTTP mode."""
        return {PATH: self._endpoint.receive} if self._endpoint else {}

    async def run(self) -> None:
        """Hear until cancelled.

        Raises:
            ConfigError: Slack refuses a token.
        """
        bot = await self._identity.establish()
        log.info("slack.ready", workspace=bot.workspace, user=bot.user_id)
        catching_up = asyncio.create_task(self._catch_up.run(), name="slack-catch-up")
        try:
            if self._connections:
                await self._connections.run()
            else:
                self._catch_up.missed()
                await asyncio.Event().wait()  # the daemon's web server calls the endpoint
        finally:
            catching_up.cancel()
            await asyncio.gather(catching_up, return_exceptions=True)


@asynccontextmanager
async def open_slack(
    service: Service,
    settings: Settings,
    *,
    patience: Patience | None = None,
    post_seconds: float = POST_SECONDS,
    pace: Pace = PACE,
) -> AsyncIterator[SlackAdapter]:
    """Open the adapter; it hears from ``run()`` on, and its endpoint and sender work at once.

    Args:
        service: the support bot.
        settings: tokens, mode, and where Slack's Web API is.
        patience: for tests, which are less patient than the network needs.
        post_seconds: likewise, between two messages in one channel.
        pace: likewise, of answers that are shown while they are written.

    Raises:
        ConfigError: a token is missing.
    """
    patience = patience or Patience()
    bot_token = _secret(settings.slack_bot_token, "SLACK_BOT_TOKEN")
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=patience.call_seconds)) as session:
        background = Background()

        def keep(sentence: str) -> None:
            background.start("notice", partial(asyncio.to_thread, keep_notice, settings.home, "slack", sentence))

        scopes = Scopes(on_change=keep)
        client = WebClient(bot_token, settings.slack_api_url, session, scopes)
        app_token = settings.slack_app_token.get_secret_value() if settings.slack_app_token else None
        identity = Identity(client, patience, app_token, scopes)
        catch_up = CatchUp(
            client,
            identity,
            partial(hear, client=client, service=service, background=background, seconds=patience.hear_seconds),
            partial(service.channels, "slack"),
            timedelta(minutes=settings.question_minutes),
            patience,
        )
        bolt = build_bolt(
            WebClient(None, settings.slack_api_url, session, scopes),
            bot_token,
            lambda: catch_up.missed(time.time()),
            calling=client,
        )
        origin.register(bolt, identity, client.base_url)
        register(bolt, service, background, patience, Admins(settings.named_admins), scopes)
        stage = SlackStage(client, pace)
        sender = SlackSender(client, identity, stage, post_seconds)
        digests = SlackDigests(client, identity)
        try:
            if settings.slack_http:
                secret = _secret(settings.slack_signing_secret, "SLACK_SIGNING_SECRET")
                endpoint = Endpoint(bolt, secret, catch_up.missed)
                yield SlackAdapter(sender, stage, digests, identity, catch_up=catch_up, endpoint=endpoint)
            else:
                app_token = _secret(settings.slack_app_token, "SLACK_APP_TOKEN")
                connections = Connections(bolt, client, app_token, patience, catch_up.missed)
                yield SlackAdapter(sender, stage, digests, identity, catch_up=catch_up, connections=connections)
        finally:
            await background.aclose()


def _secret(value: SecretStr | None, key: str) -> str:
    if value is None:
        raise ConfigError(f"{key} is missing: copy it from the app's page at https://api.slack.com/apps.")
    return value.get_secret_value()
