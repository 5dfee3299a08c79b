"""The home's file says what is live, and the rows follow it: SQLite, where the home is all there is.

A promotion is recorded first and then switched, so none goes unrecorded; a rollback switches first, so that it
works while the database is down. Where a crash came in between, ``reconcile`` corrects the rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.audit import record
from supportbot.db.models import ModelVersion
from supportbot.db.session import Database
from supportbot.db.states import ModelStatus
from supportbot.errors import DatabaseError, ModelError
from supportbot.models.publishing.statuses import BY_ITSELF, check_not_tried, set_statuses
from supportbot.models.publishing.truth import AWAY, RECORD_SECONDS, Ends, WentBack
from supportbot.models.registry import Registry
from supportbot.words import N_

log = structlog.get_logger(__name__)

_UNRECORDED = N_(
    "The database couldn't record who rolled back. See `supportbot doctor`. The next `supportbot models "
    "list` corrects the statuses."
)


class InFile:
    """Goes by the registry; see ``Truth``."""

    is_shared = False

    def __init__(self, database: Database, registry: Registry) -> None:
        self._database = database
        self._registry = registry

    async def ends(self, session: AsyncSession) -> Ends:
        """Return what the registry says."""
        return await asyncio.to_thread(lambda: Ends(self._registry.active(), self._registry.previous()))

    async def is_reconciled(self, session: AsyncSession) -> bool:
        """Return that it never is for certain: whoever copies files into the home tells nobody."""
        return False

    async def reconcile(self, session: AsyncSession) -> None:
        """Bring the rows to the registry; a live version that nobody recorded becomes an audit row."""
        active = self._registry.active()
        recorded = await session.scalar(select(ModelVersion.name).where(ModelVersion.status == ModelStatus.ACTIVE))
        await set_statuses(session, self._registry, active)
        if recorded is not None and recorded != active:
            details = {"recorded": recorded, "live": active}
            record(session, actor=BY_ITSELF, action="model.reconcile", subject=f"model:{active}", details=details)

    async def promote(self, version: str, instead_of: str | None, actor: str, details: Mapping[str, Any]) -> None:
        """Record it, then switch."""
        async with self._database.write() as session:
            await self.reconcile(session)
            await set_statuses(session, self._registry, version)
            subject = f"model:{version}"
            record(session, actor=actor, action="model.promote", subject=subject, details=dict(details))
        try:
            await asyncio.to_thread(self._registry.activate, version, instead_of=instead_of)
        except BaseException:
            async with self._database.write() as session:
                await self.reconcile(session)
            raise

    async def roll_back(self, actor: str, instead_of: str | None) -> WentBack:
        """Switch, then record it."""
        previous, version = await asyncio.to_thread(self._registry.rollback, instead_of=instead_of)
        try:
            async with asyncio.timeout(RECORD_SECONDS):
                await self._record_rollback(previous, version, actor)
        except AWAY as error:
            log.warning("model.rollback_unrecorded", version=version, actor=actor, error=str(error))
            return WentBack(previous, version, _UNRECORDED)
        return WentBack(previous, version, None)

    async def _record_rollback(self, previous: str | None, version: str, actor: str) -> None:
        if self._database.is_missing:  # opening it would leave an empty file behind
            raise DatabaseError(f"{self._database.url.database} does not exist.")
        async with self._database.write() as session:
            await set_statuses(session, self._registry, version)
            subject, details = f"model:{version}", {"from": previous}
            record(session, actor=actor, action="model.rollback", subject=subject, details=details)

    async def retire(self, version: str, actor: str) -> None:
        """Record it, then delete the files."""
        if version not in self._registry.versions():
            raise ModelError(f"No version '{version}' is installed: see `supportbot models list`.")
        if version == self._registry.active():
            raise ModelError(f"Version '{version}' is live: promote another one or roll back first.")
        async with self._database.write() as session:
            await self.reconcile(session)
            await check_not_tried(session, version)
            record(session, actor=actor, action="model.retire", subject=f"model:{version}")
        await asyncio.to_thread(self._registry.remove, version)
        async with self._database.write() as session:
            await self.reconcile(session)
