"""A rollback that the shared database could not be told: kept in the home until it can be.

It is beside the registry's files, so that the rollback applies here at once, and everywhere once the database is
reachable again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

_FILE = ".unrecorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecorded:
    """A rollback.

    Attributes:
        previous: what was live.
        version: what it went back to.
        actor: who decided it.
    """

    previous: str | None
    version: str
    actor: str


def note(root: Path, rollback: Unrecorded) -> None:
    """Keep a rollback; one that was kept before it began where that one still begins."""
    kept = noted(root)
    if kept is not None:
        rollback = Unrecorded(previous=kept.previous, version=rollback.version, actor=rollback.actor)
    staged = root / f"{_FILE}.new"
    staged.write_text(json.dumps(asdict(rollback)), "utf-8")
    staged.replace(root / _FILE)


def noted(root: Path) -> Unrecorded | None:
    """Return the rollback that is kept; None for none, and for what is none."""
    try:
        return Unrecorded(**json.loads((root / _FILE).read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def forget(root: Path) -> None:
    """Keep it no longer."""
    (root / _FILE).unlink(missing_ok=True)
