"""Bots of the workspaces in which the app is installed, in slack_sdk's store, within transactions of ours.

The database has the tokens unencrypted. A key would have to be beside it, since the daemon needs both. Only its
owner can read the file, as with the tokens in ``.env``.
"""

from __future__ import annotations

from datetime import datetime

import aiohttp
import structlog
from slack_sdk.errors import SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator

from bot.slack.bolt import library_logger
from supportbot.db import audit
from supportbot.db.lending import Lent, lend
from supportbot.db.session import Database
from supportbot.installations import installed, remove, subject_of

log = structlog.get_logger(__name__)

ROTATE_MINUTES = 120
"""Before its end a token is renewed; Slack gives it for twelve hours, and the daemon may be down for a while."""


class Installations:
    """The bots of one app.

    Args:
        database: where they are kept.
        client_id: of the app; bots of another one are not seen.
        rotator: asks Slack for a new token.
    """

    def __init__(self, database: Database, client_id: str, rotator: AsyncTokenRotator) -> None:
        self._database = database
        self._client_id = client_id
        self._rotator = rotator

    async def teams(self) -> list[str]:
        """Return the workspaces in which the app is installed, the oldest first.

        Raises:
            DatabaseError: the storage fails.
        """
        async with self._database.read() as session:
            return [one.workspace for one in await installed(session) if one.client_id == self._client_id]

    async def find(self, team: str) -> Bot | None:
        """Return the bot of a workspace; None if the app is not installed there.

        Raises:
            DatabaseError: the storage fails.
        """
        async with self._database.read() as session:
            for one in await installed(session, team):
                if one.client_id == self._client_id:
                    store = self._store(await lend(session))
                    return await store.async_find_bot(enterprise_id=one.enterprise, team_id=team)
        return None

    async def save(self, bot: Bot, by: str) -> None:
        """Keep the bot of a workspace in the place of the one before.

        Args:
            bot: as Slack describes it, with its token.
            by: who installed it, for the audit.

        Raises:
            DatabaseError: the storage fails.
        """
        async with self._database.write() as session:
            store = self._store(await lend(session))
            await store.async_delete_bot(enterprise_id=bot.enterprise_id, team_id=bot.team_id)
            await store.async_save_bot(bot)
            audit.record(session, actor=by, action="workspace.install", subject=subject_of(bot.team_id or ""))

    async def rotated(self, bot: Bot) -> Bot:
        """Return a bot with a new token if the old one ends soon; the same bot if not, or if it can't be renewed.

        Another daemon may have renewed it meanwhile, which ends the old refresh token: then that bot is returned.

        Raises:
            DatabaseError: the storage fails.
        """
        try:
            renewed = await self._rotator.perform_bot_token_rotation(
                bot=bot, minutes_before_expiration=ROTATE_MINUTES
            )
        except (SlackTokenRotationError, aiohttp.ClientError, OSError) as error:  # OSError: timeouts, too
            log.warning("slack.token_not_renewed", workspace=bot.team_id, error=type(error).__name__)
            return await self.find(bot.team_id or "") or bot
        if renewed is None:
            return bot
        async with self._database.write() as session:
            store = self._store(await lend(session))
            kept = await store.async_find_bot(enterprise_id=bot.enterprise_id, team_id=bot.team_id)
            if kept is None or kept.bot_refresh_token != bot.bot_refresh_token:
                return kept or bot  # it was removed, or installed again, while Slack was asked
            await store.async_save_bot(renewed)
        log.info("slack.token_renewed", workspace=bot.team_id)
        return renewed

    async def remove(self, team: str, by: str, action: str, before: datetime | None = None) -> bool:
        """Take a workspace's token away; see ``supportbot.installations.remove``."""
        return await remove(self._database, team, by, action=action, before=before)

    def _store(self, lent: Lent) -> AsyncSQLAlchemyInstallationStore:
        return AsyncSQLAlchemyInstallationStore(
            self._client_id, lent, bots_table_name="slack_bot", logger=library_logger()
        )
