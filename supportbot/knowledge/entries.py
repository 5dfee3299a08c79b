"""What is known: approved answers, each with its wordings, as everything above the database sees them.

This module knows no database and decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from supportbot.db.states import EntrySource, EntryState


@dataclass(frozen=True, slots=True)
class Wording:
    """One way of asking.

    Attributes:
        id: its number.
        text: as it was approved.
        workspace_id: the workspace whose log it came from; None if it was imported or typed by a curator.
        encoder: digest of the encoder that made the vector.
        vector: a unit vector in fp16, if there is one yet.
    """

    id: int
    text: str
    workspace_id: int | None
    encoder: str | None = None
    vector: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """An approved answer; see ``db.models.Entry``."""

    id: int
    answer: str
    source: EntrySource
    approved_by: str
    approved_at: datetime
    valid_until: datetime | None
    workspace_id: int | None
    state: EntryState
    wordings: tuple[Wording, ...]
    encoder: str | None = None
    vector: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who asks, as far as it decides what may be said.

    Attributes:
        workspace_id: where the question was asked; None for an operator, who sees everything.
        consenting: the workspaces whose words may be used elsewhere.
        now: entries that are no longer valid then are not given.
    """

    workspace_id: int | None
    consenting: Collection[int]
    now: datetime

    def sees(self, entry: KnownEntry) -> bool:
        """Return whether an entry may be given, as far as the entry itself says."""
        if entry.valid_until is not None and entry.valid_until <= self.now:
            return False
        return self.workspace_id is None or entry.workspace_id in (None, self.workspace_id)

    def hears(self, wording: Wording) -> bool:
        """Return whether a wording may count: it is nobody's, of the same workspace, or there is consent."""
        return (
            self.workspace_id is None
            or wording.workspace_id in (None, self.workspace_id)
            or wording.workspace_id in self.consenting
        )
