"""What is known: approved answers, each with its wordings, as everything above the database sees them.

This module knows no database and decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from supportbot.db.states import EntrySource, EntryState

_SHORT = 70
"""Characters of a question that fits on a button."""


class Encoded(NamedTuple):
    """What an encoder makes of a text: the unit vector in fp16, and those of its tokens, one after the other.

    The latter are as ``TextEncoder.encode_with_tokens`` returns them, and None where nobody compares them.
    """

    vector: bytes
    token_vectors: bytes | None


@dataclass(frozen=True, slots=True)
class Wording:
    """One way of asking.

    Attributes:
        id: its number.
        text: as it was approved.
        workspace_id: the workspace whose log it came from; None if it was imported or typed by a curator.
        encoder: digest of the encoder that made the vectors.
        vector: a unit vector in fp16, if there is one yet.
        token_vectors: those of its tokens, see ``Encoded``.
    """

    id: int
    text: str
    workspace_id: int | None
    encoder: str | None = None
    vector: bytes | None = None
    token_vectors: bytes | None = None


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
    token_vectors: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who asks, as far as it decides what may be said.

    An entry may be given if it is for all workspaces or for this one. A wording counts if it is nobody's, or of
    this workspace, or if its workspace consented.

    Attributes:
        workspace_id: where the question was asked; None for an operator, who sees everything.
        consenting: the workspaces whose words may be used elsewhere.
        now: entries that are no longer valid then are not given.
        gone: entries that were retired or changed a moment ago, and are not given either.
    """

    workspace_id: int | None
    consenting: Collection[int]
    now: datetime
    gone: Collection[int] = ()


def popular_questions(entries: Iterable[KnownEntry], most: int) -> tuple[str, ...]:
    """Return short questions that anybody may ask, of the entries with the most wordings."""
    ranked = sorted(entries, key=lambda entry: (-len(entry.wordings), entry.id))
    public = (entry.wordings for entry in ranked if entry.workspace_id is None and entry.valid_until is None)
    short = (
        [one.text for one in wordings if one.workspace_id is None and len(one.text) <= _SHORT]
        for wordings in public
    )
    return tuple(islice((texts[0] for texts in short if texts), most))
