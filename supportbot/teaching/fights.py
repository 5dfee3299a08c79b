"""Which questions entries fight for, among everything that is known now.

Looking takes seconds where much is known, so it is done once for each state of the knowledge, by one at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from supportbot.db.session import Database
from supportbot.db.states import EntrySource, EntryState
from supportbot.knowledge import store
from supportbot.knowledge.calibration import Evidence
from supportbot.knowledge.claims import as_asked
from supportbot.knowledge.entries import KnownEntry
from supportbot.knowledge.foreign import shipped_foreign
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.rivals import Rivalry, rivalries


class Fights:
    """Looks for them.

    Args:
        database: with all entries and their vectors.
        knowledge: as it is asked.
        has_encoder: whether texts are compared by their meaning, and not by letters alone.
    """

    def __init__(self, database: Database, knowledge: Knowledge, *, has_encoder: bool) -> None:
        self._database = database
        self._knowledge = knowledge
        self._has_encoder = has_encoder
        self._looking = asyncio.Lock()
        self._found: tuple[int, Sequence[Rivalry]] = (-1, ())

    @property
    def is_too_much(self) -> bool:
        """Whether so much is known that it is left to the command line: all of it would be in memory at once."""
        return self._knowledge.stored is not None

    async def find(self) -> Sequence[Rivalry]:
        """Return them, the nearest first."""
        async with self._looking:
            revision = self._knowledge.revision
            if self._found[0] != revision:
                self._found = (revision, await self._look())
            return self._found[1]

    async def _look(self) -> Sequence[Rivalry]:
        if (index := self._knowledge.stored or self._knowledge.index) is None:
            return ()
        entries = await own_entries(self._database)
        digest = digest_of(entries, has_encoder=self._has_encoder)
        known = {as_asked(one.text) for entry in entries for one in entry.wordings}
        texts = [text for text, _ in shipped_foreign() if as_asked(text) not in known]
        none = await asyncio.to_thread(index.features, texts)
        # What a handful of wordings says of one another proves nothing.
        leave_out = index.calibration.evidence is Evidence.WORDINGS
        return await asyncio.to_thread(rivalries, entries, digest, none, leave_out=leave_out)


async def own_entries(database: Database) -> list[KnownEntry]:
    """Return all live entries but small talk, with their vectors."""
    async with database.read() as session:
        return [
            entry
            for entry in await store.entries(session)
            if entry.state is EntryState.LIVE and entry.source is not EntrySource.SMALL_TALK
        ]


def digest_of(entries: Sequence[KnownEntry], *, has_encoder: bool) -> str | None:
    """Return the digest of the encoder that is used: that of the newest vector; None without one."""
    if not has_encoder:
        return None
    return next((entry.encoder for entry in reversed(entries) if entry.encoder is not None), None)
