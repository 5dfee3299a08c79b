"""Who the bot is in its workspace: asked once, remembered for as long as the process runs.

Slack does not say which app a bot token belongs to. An app-level token carries its name; over HTTP, where there is
none, Slack names it with the first message that the bot posts.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.api_errors import error_code, retry_after, token_error
from bot.slack.patience import Patience
from bot.slack.scopes import Scopes

log = structlog.get_logger(__name__)

_APP_TOKEN = re.compile(r"xapp-\d+-(A[A-Z0-9]+)-.+")


@dataclass(frozen=True, slots=True)
class Bot:
    """The bot as Slack knows it.

    ``enterprise`` is the organisation that the app is installed in as a whole; None for an installation in one
    workspace, whether or not that belongs to an organisation.
    """

    user_id: str
    bot_id: str
    team: str
    workspace: str
    enterprise: str | None = None


class Identity:
    """The answer of ``auth.test``.

    Args:
        client: carries the bot token.
        patience: how long to wait between attempts.
        app_token: the app-level token, if there is one.
        scopes: tells the operator which permissions the bot token lacks.
        bot: who we are, if that is known already.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        patience: Patience,
        app_token: str | None,
        scopes: Scopes,
        bot: Bot | None = None,
    ) -> None:
        self._client = client
        self._scopes = scopes
        self._patience = patience
        self._bot = bot
        self._asking = asyncio.Lock()
        found = _APP_TOKEN.fullmatch(app_token or "")
        self.app: str | None = found.group(1) if found else None
        """Id of the app; None until it is known."""

    @property
    def is_known(self) -> bool:
        """Whether Slack has accepted the bot token."""
        return self._bot is not None

    async def get(self) -> Bot:
        """Return who the bot is, asking Slack if necessary.

        Raises:
            SlackApiError: Slack refuses.
        """
        async with self._asking:  # the first payloads may come many at once
            if self._bot is None:
                answer = await self._client.auth_test()
                self._bot = Bot(
                    user_id=str(answer["user_id"]),
                    bot_id=str(answer["bot_id"]),
                    team=str(answer["team_id"]),
                    workspace=str(answer["team"]),
                    enterprise=str(answer["enterprise_id"]) if answer["is_enterprise_install"] else None,
                )
                self._scopes.compare(answer.headers)
            return self._bot

    def learn_app(self, message: object) -> None:
        """Take the id of the app from a message that the bot has just posted."""
        match message:
            case {"app_id": str(app)} if self.app is None and app:
                self.app = app

    async def establish(self) -> Bot:
        """Ask until Slack answers.

        Raises:
            ConfigError: Slack refuses the token.
        """
        attempt = 0
        while True:
            try:
                return await self.get()
            except Exception as error:  # whatever a network can do; only a refused token ends it
                attempt += 1
                seconds = self._patience.pause(attempt)
                if isinstance(error, SlackApiError):
                    if refused := token_error(error, "SLACK_BOT_TOKEN"):
                        raise refused from None
                    seconds = retry_after(error) or seconds
                reason = error_code(error) if isinstance(error, SlackApiError) else type(error).__name__
                log.warning("slack.unreachable", reason=reason, retry_seconds=round(seconds, 1))
            await asyncio.sleep(seconds)
