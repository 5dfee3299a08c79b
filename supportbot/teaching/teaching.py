"""Everything that the console's page of the knowledge asks and does, opened with the core."""

from __future__ import annotations

from dataclasses import dataclass

from supportbot.answering.answerer import Answerer
from supportbot.config import Settings
from supportbot.db.session import Database
from supportbot.feedback.entries import Entries
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.passages import Passages
from supportbot.teaching.bringing import Bringing
from supportbot.teaching.fights import Fights
from supportbot.teaching.shelf import Shelf
from supportbot.teaching.sureness import Calibrating
from supportbot.teaching.trying import Trying


@dataclass(frozen=True, slots=True, kw_only=True)
class Teaching:
    """The parts of it.

    Attributes:
        shelf: entries, to be looked at.
        entries: the same, to be changed.
        bringing: files and documents.
        calibrating: how sure is sure.
        fights: questions that two entries fight for.
        trying: a question, through every step.
    """

    shelf: Shelf
    entries: Entries
    bringing: Bringing
    calibrating: Calibrating
    fights: Fights
    trying: Trying

    @classmethod
    def of(
        cls,
        settings: Settings,
        database: Database,
        knowledge: Knowledge,
        passages: Passages | None,
        answerer: Answerer | None,
    ) -> Teaching:
        """Return it for a core."""
        return cls(
            shelf=Shelf(database),
            entries=Entries(database, keep=settings.kept_contacts),
            bringing=Bringing(database, settings),
            calibrating=Calibrating(database, knowledge),
            fights=Fights(database, knowledge, has_encoder=settings.encoder != "none"),
            trying=Trying(settings, database, knowledge, passages, answerer),
        )
