"""Rows of an export that come back: known again here, or bound to the consent of the workspace they came from.

Numbers of rows are never given again, so one that came from here and is not here was erased, or taken back: it is
left out, whatever the file says. This is why nothing has to be kept of people who were erased.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Example, Workspace
from supportbot.db.session import Database
from supportbot.db.shared_key import installation_of
from supportbot.db.workspaces import make_workspace
from supportbot.feedback.curation.origins import PREFIX, Origin, place_of, row_digest
from supportbot.feedback.curation.staging import Stage

_PAGE = 1_000


@dataclass(slots=True)
class Returned:
    """What the rows of a file came from.

    Attributes:
        here: wordings that came from here and are here: they stay as they are here.
        gone: wordings that came from here and are no more: they are not brought back.
        places: wordings that came from the log of a workspace, by it.
    """

    here: int = 0
    gone: int = 0
    places: Counter[tuple[str, str]] = field(default_factory=Counter)


async def origins_of(database: Database, installation: str, example_ids: Sequence[int]) -> dict[int, str]:
    """Return where rows came from, as they are exported, by their numbers; a row of another home keeps its own."""
    query = (
        select(Example.id, Example.origin, Example.created_at, Workspace.platform, Workspace.external_id)
        .outerjoin(Workspace, Workspace.id == Example.workspace_id)
        .where(Example.id.in_(example_ids))
    )
    async with database.read() as session:
        rows = (await session.execute(query)).all()
    return {
        row.id: str(
            Origin.parse(row.origin)
            if row.origin.startswith(PREFIX)
            else Origin(
                place=place_of(row.platform, row.external_id, installation) if row.platform else None,
                installation=installation,
                example_id=row.id,
                digest=row_digest(installation, row.id, row.created_at),
            )
        )
        for row in rows
    }


async def meet_origins(database: Database, stage: Stage) -> Returned:
    """Leave out of a file what came from here, and count what came from elsewhere."""
    returned = Returned()
    ours = await installation_of(database) if stage.has_origins() else ""
    last = 0
    while rows := stage.origins_after(last, _PAGE):
        last = rows[-1][0]
        origins = {number: Origin.parse(text) for number, text in rows}
        own = {number: origin for number, origin in origins.items() if origin.installation == ours}
        made = await made_at(database, {origin.example_id for origin in own.values()})
        is_here = {number: is_that(origin, made) for number, origin in own.items()}
        stage.leave_out(list(own))
        returned.here += sum(is_here.values())
        returned.gone += len(is_here) - sum(is_here.values())
        returned.places.update(
            origin.place for number, origin in origins.items() if number not in own and origin.place
        )
    return returned


async def ids_of(session: AsyncSession, places: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
    """Return the numbers of workspaces; one that nothing was heard from is made, and has not consented."""
    # Locked, so that an erasure does not take one away again before its rows are in.
    return {place: (await make_workspace(session, *place)).id for place in sorted(places)}


async def made_at(database: Database, example_ids: Collection[int]) -> dict[int, datetime]:
    """Return when rows were made, by their numbers; those that are no more are missing."""
    if not example_ids:
        return {}
    async with database.read() as session:
        query = select(Example.id, Example.created_at).where(Example.id.in_(example_ids))
        return dict(iter(await session.execute(query)))


def is_that(origin: Origin, made: Mapping[int, datetime]) -> bool:
    """Return whether the row that an origin names is one of those that were made."""
    at = made.get(origin.example_id)
    return at is not None and row_digest(origin.installation, origin.example_id, at) == origin.digest
