"""Who may sign in, and who has: the subject of the console's settings."""

from __future__ import annotations

from supportbot.access.links import Links
from supportbot.access.operators import Operators
from supportbot.access.providers import Providers
from supportbot.access.sessions import Sessions
from supportbot.access.trail import Trail
from supportbot.config import Settings
from supportbot.db.session import Database


class Access:
    """All of it.

    Args:
        database: where it is kept.
        settings: of this process, for the providers; None for none.

    Attributes:
        operators: the people.
        links: how they come in.
        providers: how they come in as well, where some are set.
        sessions: who is in.
        trail: who did what to what.
    """

    def __init__(self, database: Database, settings: Settings | None = None) -> None:
        self.operators = Operators(database)
        self.links = Links(database)
        self.providers = Providers(database, settings)
        self.sessions = Sessions(database)
        self.trail = Trail(database)
