"""Everything that the console's settings ask and do besides who may come in, opened with the core."""

from __future__ import annotations

from dataclasses import dataclass

from supportbot.administration.channels import Channels
from supportbot.administration.workspaces import Workspaces
from supportbot.backup.backups import Backups
from supportbot.config import Settings
from supportbot.config.listing import Shown, shown_settings
from supportbot.db.session import Database
from supportbot.privacy.requests import Requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """The parts of it.

    Attributes:
        workspaces: where the bot is, and what it may learn from.
        channels: what it answers where.
        requests: a person's data.
        backups: what is kept of everything.
        settings: of this process, without secrets.
    """

    workspaces: Workspaces
    channels: Channels
    requests: Requests
    backups: Backups
    settings: tuple[Shown, ...]

    @classmethod
    def of(cls, settings: Settings, database: Database) -> Administration:
        """Return it for a core."""
        return cls(
            workspaces=Workspaces(database, settings),
            channels=Channels(database, hears_all=settings.discord_message_content),
            requests=Requests(database, settings.home),
            backups=Backups(settings, database),
            settings=tuple(shown_settings(settings)),
        )
