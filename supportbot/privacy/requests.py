"""What an operator does when somebody asks what is kept of them, for the command line and the console."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supportbot.db import audit
from supportbot.db.session import Database
from supportbot.intake.people import workspace_named
from supportbot.privacy.compacting import Compacted, empty_log, size_of
from supportbot.privacy.erasing import Erased, Privacy, Told
from supportbot.privacy.exporting import export_person
from supportbot.privacy.found import Found
from supportbot.privacy.person import Person, check_workspaces
from supportbot.privacy.reach import beyond_reach
from supportbot.privacy.upkeep import compact_noting
from supportbot.words import ENGLISH, N_, Words

_TOO_LARGE = N_(
    "The rows are deleted. The database file is large, so it was not compacted. Run `supportbot privacy "
    "compact` at a quiet time to remove the remaining traces."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an erasure.

    Attributes:
        erased: what is gone.
        compacted: whether the database was written again.
        left: what it could not reach, in sentences.
    """

    erased: Erased
    compacted: Compacted
    left: tuple[str, ...]


class Requests:
    """A person's data, looked for, handed out and erased.

    Args:
        database: where it is kept.
        home: folder of everything else that the bot keeps.
    """

    def __init__(self, database: Database, home: Path) -> None:
        self._database = database
        self._privacy = Privacy(database, home)

    async def person(self, platform: str, user: str, workspaces: Collection[str] = ()) -> Person:
        """Return who is meant.

        Args:
            platform: ``slack``, ``discord``, ``web`` or ``cli``.
            user: the platform's id of the person.
            workspaces: the only ones that are meant, by the platform's ids; none for all.

        Raises:
            PrivacyError: nobody is named, or nothing was heard from a workspace.
        """
        meant = frozenset(workspace_named(platform, name) for name in workspaces)
        person = Person(platform=platform, user=user, workspaces=meant)
        async with self._database.read() as session:
            await check_workspaces(session, person)
        return person

    async def find(self, person: Person) -> Found:
        """Return what there is of a person."""
        return await self._privacy.find(person)

    async def export(self, person: Person, by: str) -> dict[str, Any]:
        """Return everything that is kept of a person, as JSON can hold it.

        Args:
            person: whose.
            by: who hands it out, for the audit.
        """
        record = await export_person(self._database, person)
        async with self._database.write() as session:
            audit.record(session, actor=by, action="privacy.export", subject=f"person:{person.digest}")
        return record

    async def erase(
        self, person: Person, by: str, *, told: Told, words: Words = ENGLISH, most_bytes: int | None = None
    ) -> Outcome:
        """Erase everything of a person that can be reached, and write the database again.

        Args:
            person: whose.
            by: who has it erased, for the audit.
            told: is told what is being done, how much of it is done, and of how much.
            words: for what could not be reached.
            most_bytes: a larger file is not written again, since others wait meanwhile; None for any size.
        """
        erased = await self._privacy.erase(person, by, told=told)
        told("Writing the database anew", 0, 1)
        if most_bytes is None or size_of(self._database) <= most_bytes:
            compacted = await compact_noting(self._database, by)
        else:
            await empty_log(self._database)
            compacted = Compacted(is_whole=False, problem=words.say(_TOO_LARGE))
        left = beyond_reach(
            person.platform,
            is_sqlite=self._database.is_sqlite,
            kept=erased.kept,
            versions=erased.versions,
            files=erased.files,
            words=words,
        )
        return Outcome(erased=erased, compacted=compacted, left=tuple(left))
