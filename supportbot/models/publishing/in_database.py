"""The rows say what is live, and each home's file follows them: PostgreSQL, which machines share.

A decision is one transaction, and decisions wait for one another. A version is what its row says: where a home has
other files under the name, the row does not follow them. The first home that asks a database that knows of no live
version tells it what its own file says.

A rollback that the database can't be told, because it is down or locked, holds in this home at once; it is kept
there (``unrecorded``), and told as soon as somebody of this home finds the database again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from sqlalchemy import event, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from supportbot.db.audit import record
from supportbot.db.models import ModelVersion
from supportbot.db.session import Database
from supportbot.db.states import ModelStatus
from supportbot.errors import ModelError
from supportbot.faults import describe
from supportbot.models.publishing import unrecorded
from supportbot.models.publishing.statuses import check_not_tried, describe_row, readable
from supportbot.models.publishing.truth import AWAY, RECORD_SECONDS, Ends, WentBack
from supportbot.models.publishing.unrecorded import Unrecorded
from supportbot.models.registry import Registry, verify
from supportbot.words import N_

log = structlog.get_logger(__name__)

_UNRECORDED = N_(
    "The database couldn't be updated, so the rollback applies only on this machine for now. See `supportbot "
    "doctor`. A bot running here updates the database itself, and so does the next `supportbot models list`."
)


class InDatabase:
    """Goes by the rows; see ``Truth``."""

    is_shared = True

    def __init__(self, database: Database, registry: Registry) -> None:
        self._database = database
        self._registry = registry

    async def ends(self, session: AsyncSession) -> Ends:
        """Return what the rows say."""
        live = await _live(session)
        if live is None or live.turn is None:
            return Ends(live.name if live else None, None)
        return Ends(live.name, await _before(session, live.turn))

    async def is_reconciled(self, session: AsyncSession) -> bool:
        """Return whether the rows know all that this home has, and what is live."""
        if await asyncio.to_thread(unrecorded.noted, self._registry.root) is not None:
            return False
        here = set(await asyncio.to_thread(self._registry.versions))
        live = await _live(session)
        if here and (live is None or live.turn is None):
            return False
        known = await session.scalars(select(ModelVersion.name).where(ModelVersion.name.in_(here)))
        return not await asyncio.to_thread(readable, self._registry, here - set(known))

    async def reconcile(self, session: AsyncSession) -> None:
        """Add what only this home has, and what it could not tell before; what the rows say stays."""
        await _lock(session)
        rows = {row.name: row for row in await session.scalars(select(ModelVersion))}
        here = await asyncio.to_thread(self._registry.versions)
        for manifest in await asyncio.to_thread(readable, self._registry, set(here) - set(rows)):
            row = rows[manifest.version] = ModelVersion(name=manifest.version, status=ModelStatus.CANDIDATE)
            describe_row(row, manifest)
            session.add(row)
        await session.flush()
        live = await _live(session)
        if live is None or live.turn is None:
            await self._begin(session, rows, here, live)
        await self._tell(session, rows)

    async def promote(self, version: str, instead_of: str | None, actor: str, details: Mapping[str, Any]) -> None:
        """Decide it, and have this home follow, or neither; the others see it within a second."""
        async with self._database.write() as session:
            await self.reconcile(session)
            live = await _live(session)
            _check_unchanged(live.name if live else None, instead_of)
            row = await session.scalar(select(ModelVersion).where(ModelVersion.name == version))
            if row is None:
                raise ModelError(f"No version '{version}' is installed: see `supportbot models list`.")
            await _make_live(session, row, 1 + (await session.scalar(select(func.max(ModelVersion.turn))) or 0))
            subject = f"model:{version}"
            record(session, actor=actor, action="model.promote", subject=subject, details=dict(details))
            # Where the transaction fails after that, the daemon brings the home back.
            await asyncio.to_thread(self._registry.follow, version)

    async def roll_back(self, actor: str, instead_of: str | None) -> WentBack:
        """Decide it, then have this home follow; if the database is away, only this home goes back for now."""
        try:
            previous, version = await self._roll_back(actor, instead_of)
        except AWAY as error:
            previous, version = await asyncio.to_thread(self._registry.rollback, instead_of=instead_of)
            rollback = Unrecorded(previous=previous, version=version, actor=actor)
            await asyncio.to_thread(unrecorded.note, self._registry.root, rollback)
            log.warning("model.rollback_unrecorded", version=version, actor=actor, error=str(error))
            return WentBack(previous, version, _UNRECORDED)
        if version in await asyncio.to_thread(self._registry.versions):
            try:
                await asyncio.to_thread(self._registry.follow, version)
            except OSError as error:  # decided it is; a daemon of this home tries it again
                log.warning("model.home_not_switched", version=version, error=describe(error))
        return WentBack(previous, version, None)

    async def _roll_back(self, actor: str, instead_of: str | None) -> tuple[str | None, str]:
        async with asyncio.timeout(RECORD_SECONDS):
            async with self._database.write() as session:
                await self.reconcile(session)
                ends = await self.ends(session)
        if instead_of is not None:
            _check_unchanged(ends.live, instead_of)
        if ends.previous is None:
            raise ModelError("There is no earlier version to return to: promote one that is installed.")
        if ends.previous in await asyncio.to_thread(self._registry.versions):
            await asyncio.to_thread(verify, self._registry.directory(ends.previous))
        async with asyncio.timeout(RECORD_SECONDS):
            async with self._database.write() as session:
                await _lock(session)
                if await self.ends(session) != ends:
                    raise ModelError("Another version went live meanwhile: look again, then decide.")
                await _go_back(session, ends.previous)
                subject, details = f"model:{ends.previous}", {"from": ends.live}
                record(session, actor=actor, action="model.rollback", subject=subject, details=details)
        return ends.live, ends.previous

    async def retire(self, version: str, actor: str) -> None:
        """Decide it, then delete the files that are here; a home elsewhere keeps its own."""
        is_here = version in self._registry.versions()
        if is_here and version == self._registry.active():
            raise ModelError(f"Version '{version}' is live here: promote another one first.")
        async with self._database.write() as session:
            await self.reconcile(session)
            row = await session.scalar(select(ModelVersion).where(ModelVersion.name == version))
            if row is None or (row.status == ModelStatus.RETIRED and not is_here):
                raise ModelError(f"No version '{version}' is installed: see `supportbot models list`.")
            if row.status == ModelStatus.ACTIVE:
                raise ModelError(f"Version '{version}' is live: promote another one or roll back first.")
            await check_not_tried(session, version)
            row.status, row.turn = ModelStatus.RETIRED, None
            row.stored_manifest = row.stored_bytes = None
            record(session, actor=actor, action="model.retire", subject=f"model:{version}")
        await asyncio.to_thread(self._registry.remove, version)

    async def _begin(
        self,
        session: AsyncSession,
        rows: Mapping[str, ModelVersion],
        here: Iterable[str],
        recorded: ModelVersion | None,
    ) -> None:
        """Tell a database that knows of no live version what this home's file says."""
        active = self._registry.active()
        for name in here:  # each home used to call what only another one had retired
            if name in rows and rows[name].status == ModelStatus.RETIRED:
                rows[name].status = ModelStatus.CANDIDATE
        names = [] if active is None else [*self._registry.history(), active]
        if recorded is not None and recorded.name != active:
            names = [recorded.name]
        lived = [rows[name] for name in names if name in rows and rows[name].status != ModelStatus.RETIRED]
        for turn, row in enumerate(lived, 1):
            await _make_live(session, row, turn)

    async def _tell(self, session: AsyncSession, rows: Mapping[str, ModelVersion]) -> None:
        """Tell of a rollback that could not be told before, unless somebody has decided otherwise since."""
        root = self._registry.root
        rollback = await asyncio.to_thread(unrecorded.noted, root)
        if rollback is None:
            return
        live = await _live(session)
        if live is not None and live.name == rollback.previous and rollback.version in rows:
            await _go_back(session, rollback.version)
            subject, details = f"model:{rollback.version}", {"from": rollback.previous, "told_later": True}
            record(session, actor=rollback.actor, action="model.rollback", subject=subject, details=details)

        def forget(_: Session) -> None:
            unrecorded.forget(root)

        event.listen(session.sync_session, "after_commit", forget, once=True)


def _check_unchanged(live: str | None, instead_of: str | None) -> None:
    if live != instead_of:
        raise ModelError(f"'{live}' went live meanwhile instead of '{instead_of}': look again, then decide.")


async def _lock(session: AsyncSession) -> None:
    """Let decisions wait for one another; whoever only looks waits for nobody."""
    await session.execute(text("LOCK TABLE model_version IN SHARE ROW EXCLUSIVE MODE"))


async def _live(session: AsyncSession) -> ModelVersion | None:
    query = select(ModelVersion).where(ModelVersion.status == ModelStatus.ACTIVE)
    found: ModelVersion | None = await session.scalar(
        query.order_by(ModelVersion.turn.desc().nulls_last()).limit(1)
    )
    return found


async def _before(session: AsyncSession, turn: int) -> str | None:
    query = select(ModelVersion.name).where(ModelVersion.turn < turn, ModelVersion.status != ModelStatus.RETIRED)
    found: str | None = await session.scalar(query.order_by(ModelVersion.turn.desc()).limit(1))
    return found


async def _make_live(session: AsyncSession, row: ModelVersion, turn: int) -> None:
    for other in await session.scalars(select(ModelVersion).where(ModelVersion.status == ModelStatus.ACTIVE)):
        other.status = ModelStatus.CANDIDATE
    row.status, row.turn = ModelStatus.ACTIVE, turn
    await session.flush()


async def _go_back(session: AsyncSession, version: str) -> None:
    """Make a version live again; what went live after it was taken back."""
    row = (await session.execute(select(ModelVersion).where(ModelVersion.name == version))).scalar_one()
    turn = row.turn or 0
    for other in await session.scalars(select(ModelVersion).where(ModelVersion.turn > turn)):
        other.turn = None
    await session.flush()
    await _make_live(session, row, turn or 1)
