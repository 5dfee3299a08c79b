"""What an edit of an entry may leave unchanged, what a change did, and what the audit records of it. This module
makes no changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from supportbot.db.models import Entry
from supportbot.db.states import EntryState
from supportbot.feedback._wordings import Added


class Same(Enum):
    """Stands for what an edit leaves as it is."""

    SAME = "same"


SAME = Same.SAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a deed did.

    Attributes:
        entry_id: the entry.
        state: as it is now.
        is_new: whether it was made.
        added: wordings that it has now and had not before.
        already: questions that it had already.
        removed: wordings that were taken out.
        taken_from: entries that lost a wording to it.
        wordings: the numbers of those that were added.
    """

    entry_id: int
    state: EntryState
    is_new: bool = False
    added: int = 0
    already: int = 0
    removed: int = 0
    taken_from: tuple[int, ...] = ()
    wordings: tuple[int, ...] = ()


def edit_details(
    answer: str | None,
    valid_until: datetime | Same | None,
    entry: Entry,
    remove: Sequence[int],
    added: Added,
    *,
    is_moved: bool,
) -> dict[str, Any]:
    """Return what the audit keeps of an edit, without any text."""
    details: dict[str, Any] = {}
    if answer is not None:
        details["answer"] = "replaced"
    if not isinstance(valid_until, Same):
        details["valid_until"] = valid_until.isoformat() if valid_until else None
    if is_moved:
        details["workspace_id"] = entry.workspace_id
    if remove:
        details["removed"] = sorted(set(remove))
    if added.added:
        details["added"] = added.added
    if added.taken_from:
        details["taken_from"] = list(added.taken_from)
    return details
