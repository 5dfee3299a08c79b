"""Who the bot is in its workspace: asked once, remembered for as long as the process runs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.api_errors import error_code, retry_after, token_error
from bot.slack.patience import Patience

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Bot:
    """The bot as Slack knows it."""

    user_id: str
    bot_id: str
    team_id: str
    workspace: str


class Identity:
    """The answer of ``auth.test``.

    Args:
        client: carries the bot token.
        patience: how long to wait between attempts.
    """

    def __init__(self, client: AsyncWebClient, patience: Patience) -> None:
        self._client = client
        self._patience = patience
        self._bot: Bot | None = None

    @property
    def is_known(self) -> bool:
        """Whether Slack has accepted the bot token."""
        return self._bot is not None

    async def get(self) -> Bot:
        """Return who the bot is, asking Slack if need be.

        Raises:
            SlackApiError: Slack refuses.
        """
        if self._bot is None:
            answer = await self._client.auth_test()
            self._bot = Bot(
                user_id=str(answer["user_id"]),
                bot_id=str(answer["bot_id"]),
                team_id=str(answer["team_id"]),
                workspace=str(answer["team"]),
            )
        return self._bot

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
