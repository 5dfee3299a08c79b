"""In which Slack workspaces the bot is installed: people of others may not sign in, whoever lists them."""

from __future__ import annotations

import httpx2
import structlog
from sqlalchemy import select

from supportbot.access.errors import ProviderError
from supportbot.access.oidc.client import TIMEOUT_SECONDS
from supportbot.access.oidc.registration import slack_api
from supportbot.config import Settings
from supportbot.db.models import SlackBot
from supportbot.db.session import Database
from supportbot.words import N_

log = structlog.get_logger(__name__)

_NO_TEAM = N_("Slack did not say which workspace the bot is in. Try again in a minute, or sign in with a link.")


class SlackTeams:
    """The workspaces: those of the database for an app that many install, else the one of the bot's token.

    Args:
        settings: of this process.
        database: where installations are kept.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._own = ""  # a token is of one workspace for ever

    async def ids(self) -> frozenset[str]:
        """Return their ids, as of now.

        Raises:
            ProviderError: Slack does not say which it is.
        """
        if (token := self._settings.slack_bot_token) is not None:
            self._own = self._own or await self._ask(token.get_secret_value())
            return frozenset({self._own})
        client_id = self._settings.slack_client_id
        async with self._database.read() as session:
            query = select(SlackBot.team_id).where(
                SlackBot.client_id == (client_id and client_id.get_secret_value())
            )
            return frozenset(team for team in await session.scalars(query) if team)

    async def _ask(self, token: str) -> str:
        try:
            async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
                response = await client.post(
                    f"{slack_api(self._settings)}auth.test", headers={"Authorization": f"Bearer {token}"}
                )
                told = response.raise_for_status().json()
        except (httpx2.HTTPError, ValueError) as error:
            log.warning("oidc.failed", provider="slack", kind=type(error).__name__)
            raise ProviderError(_NO_TEAM) from None
        team = told.get("team_id") if isinstance(told, dict) else None
        if not isinstance(team, str) or not team:
            log.warning("oidc.failed", provider="slack", kind="auth.test")
            raise ProviderError(_NO_TEAM)
        return team
