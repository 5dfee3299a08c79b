"""Where a row came from, as one text that leaves with an export and comes back with an import.

It says from the log of which workspace a row is, and which row of which installation: ``supportbot:slack:T1:``,
then the installation, the row's number there and a digest. So a file may go anywhere, and where it is imported a
row counts as its workspace allows; where it came from, it is known as the row that is there, or as one that was
erased since. No person is named in it, and what was nobody's log (``import``) belongs to no workspace.

A page or a terminal of another machine is no more ``local``: its name says of which installation it is.

This module knows no database.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from urllib.parse import quote, unquote

from supportbot.db.states import FOREIGN_MARK, LOCAL_PLATFORMS

PREFIX = "supportbot:"
"""With which every such text begins, and nothing that somebody else would write into a column of that name."""

BAD = ":bad"
"""Ends what a row is known by that was imported as an answer to avoid: a correction is exported as two lines."""

_NOBODYS = "import"
_SHAPE = re.compile(r"supportbot:([a-z]+):([^:]*):([0-9a-f]{32}):([0-9]{1,18}):([0-9a-f]{16})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which row it was, and of whose log.

    Attributes:
        place: platform and workspace whose consent it takes; None for what was nobody's log.
        installation: of which database, see ``db.shared_key.installation_of``.
        example_id: the number of the row there.
        digest: of that row, see ``row_digest``.
    """

    place: tuple[str, str] | None
    installation: str
    example_id: int
    digest: str

    def __str__(self) -> str:
        """Return the text."""
        platform, workspace = self.place or (_NOBODYS, "")
        place = f"{platform}:{quote(workspace, safe='')}"
        return f"{PREFIX}{place}:{self.installation}:{self.example_id}:{self.digest}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text.

        Raises:
            ValueError: it is no such text, or somebody changed it.
        """
        if (found := _SHAPE.fullmatch(text.strip().removesuffix(BAD))) is None:
            raise ValueError("not the origin of an exported row")
        platform, workspace, installation, example_id, digest = found.groups()
        place = None if platform == _NOBODYS else (platform, unquote(workspace))
        return cls(place=place, installation=installation, example_id=int(example_id), digest=digest)


def place_of(platform: str, workspace: str, installation: str) -> tuple[str, str]:
    """Return the workspace as other installations know it."""
    if platform in LOCAL_PLATFORMS and FOREIGN_MARK not in workspace:
        return platform, f"{workspace}{FOREIGN_MARK}{installation}"
    return platform, workspace


def row_digest(installation: str, example_id: int, created_at: datetime) -> str:
    """Return by what a row is told from another one of its number, as a restored backup may have."""
    named = f"{installation}:{example_id}:{created_at.astimezone(UTC).isoformat()}"
    return hashlib.sha256(named.encode()).hexdigest()[:16]
