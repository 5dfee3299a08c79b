"""Which rows of an exported file may be learned from here, by what they say about where they came from.

A row of a workspace's log counts if that workspace has consented here, as it does in the database; a row that came
from here and is here no more was erased, or taken back. What was nobody's log counts always.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from supportbot.db.models import Workspace
from supportbot.db.session import Database
from supportbot.db.shared_key import installation_of
from supportbot.feedback.curation.origins import Origin, place_of
from supportbot.feedback.curation.returning import is_that, made_at

NO_CONSENT = "no consent"
"""Why a row of a workspace's log is left out."""

TAKEN_BACK = "erased or withdrawn here"
"""Why a row is left out that came from here."""

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Permissions:
    """What is known here of where rows came from; without a database, nothing.

    Attributes:
        places: platform and workspace of those that count, as other installations know them.
        installation: of this database.
        made: when the rows of this database were made that are named and still there, by their numbers.
    """

    places: frozenset[tuple[str, str]] = frozenset()
    installation: str = ""
    made: Mapping[int, datetime] = field(default_factory=dict)

    def objection(self, origin: Origin | None) -> str | None:
        """Return why a row must not be learned from, if it must not.

        Args:
            origin: what the row says; None where it says nothing.
        """
        if origin is None:
            return None
        if origin.installation == self.installation and not is_that(origin, self.made):
            return TAKEN_BACK
        return NO_CONSENT if origin.place and origin.place not in self.places else None


async def permissions_for(database: Database, origins: Iterable[Origin]) -> Permissions:
    """Return what a database says about the origins of some rows."""
    ours = await installation_of(database)
    async with database.read() as session:
        counting = await session.execute(select(Workspace.platform, Workspace.external_id).where(Workspace.counts))
        places = frozenset(place_of(row.platform, row.external_id, ours) for row in counting)
    made: dict[int, datetime] = {}
    own = sorted({origin.example_id for origin in origins if origin.installation == ours})
    for begin in range(0, len(own), _PAGE):
        made |= await made_at(database, own[begin : begin + _PAGE])
    return Permissions(places, ours, made)
