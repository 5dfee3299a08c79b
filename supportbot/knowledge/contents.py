"""The entries that were read from the database, and those that may not be given any more though an index has them.

This module knows no database and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from supportbot.db.states import EntrySource, EntryState
from supportbot.knowledge.entries import KnownEntry


class Contents:
    """Live entries, by their numbers.

    Attributes:
        gone: entries that were retired or changed since the last call of ``settle``.
    """

    def __init__(self) -> None:
        self._entries: dict[int, KnownEntry] = {}
        self.gone: frozenset[int] = frozenset()

    def __len__(self) -> int:
        """Return the number of live entries, small talk included."""
        return len(self._entries)

    @property
    def own(self) -> list[KnownEntry]:
        """The operator's own."""
        return [entry for entry in self._entries.values() if entry.source is not EntrySource.SMALL_TALK]

    @property
    def talk(self) -> list[KnownEntry]:
        """The small talk."""
        return [entry for entry in self._entries.values() if entry.source is EntrySource.SMALL_TALK]

    def take(self, changed: Iterable[KnownEntry]) -> None:
        """Take over what changed; what was said before and may not be any more is gone from here on."""
        gone = set()
        for entry in changed:
            before = self._entries.pop(entry.id, None)
            if entry.state is EntryState.LIVE and entry.wordings:
                self._entries[entry.id] = entry
            if before is not None and _terms(before) != _terms(self._entries.get(entry.id)):
                gone.add(entry.id)
        self.gone |= gone

    def settle(self) -> None:
        """Say that there is an index of what is live."""
        self.gone = frozenset()


def _terms(entry: KnownEntry | None) -> tuple[object, ...]:
    """Return what is given of an entry, where and until when."""
    return (entry.answer, entry.workspace_id, entry.valid_until) if entry is not None else ()
