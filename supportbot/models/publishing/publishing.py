"""The decisions themselves; see the package."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import select, tuple_
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.audit import check_actor, record
from supportbot.db.models import ModelTrial, ModelVersion
from supportbot.db.session import Database
from supportbot.db.states import TrialState
from supportbot.engine.base import Engine
from supportbot.errors import ConfigError, DatabaseError, ModelError
from supportbot.knowledge.store import count_live
from supportbot.models.publishing.checks import check_evidence, check_sound
from supportbot.models.publishing.lineage import (
    VersionReport,
    VersionSummary,
    count_answers,
    count_votes,
    trained_on,
    training_of,
    verdict_of,
)
from supportbot.models.publishing.statuses import ModelStatus, reconcile, set_statuses
from supportbot.models.registry import Manifest, ModelSource, Registry
from supportbot.statistics.interval import wilson

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A change of the live version.

    Attributes:
        previous: what was live.
        version: what is live now.
        seconds: how long it took, checks included.
        unrecorded: why the database does not know of it yet; only after a rollback.
    """

    previous: str | None
    version: str
    seconds: float
    unrecorded: str | None = None


_RECORD_SECONDS = 2.0


class Publishing:
    """Lets versions go live and takes them back.

    Args:
        database: where decisions are recorded.
        registry: what is live.
        load: makes an engine of a version as the daemon would; blocks, and is called in a thread.
    """

    def __init__(self, database: Database, registry: Registry, load: Callable[[ModelSource], Engine]) -> None:
        self._database = database
        self._registry = registry
        self._load = load

    async def promote(self, version: str, actor: str, force_reason: str | None = None) -> Switch:
        """Make a version the live one.

        Args:
            version: an installed one.
            actor: who decided it.
            force_reason: why it goes live without evidence that it is better; a damaged one never does.

        Raises:
            EvidenceError: it is not shown to be better than what is live.
            ModelError: it is live already, or unsound.
            ConfigError: the reason, or the name of the actor, is empty.
        """
        began = time.monotonic()
        check_actor(actor)  # before seconds are spent on a check
        if force_reason is not None and not force_reason.strip():
            raise ConfigError("--force needs a reason: it stands in the audit.")
        manifest, active = await asyncio.to_thread(self._candidate, version)
        if force_reason is None:
            await self._check_evidence(manifest, active)
        await check_sound(self._registry, version, self._load)
        async with self._database.write() as session:
            await reconcile(session, self._registry)
            await set_statuses(session, self._registry, version)
            details = {"from": active, "evaluation": manifest.evaluation, "forced": force_reason}
            record(session, actor=actor, action="model.promote", subject=f"model:{version}", details=details)
        try:
            await asyncio.to_thread(self._registry.activate, version, instead_of=active)
        except BaseException:
            await self._reconcile()
            raise
        return Switch(previous=active, version=version, seconds=time.monotonic() - began)

    async def check(self, version: str) -> None:
        """Look whether a version may go live as it is; whether it is sound is for ``promote`` to try.

        Raises:
            EvidenceError: it is not shown to be better than what is live.
            ModelError: there is no such version, or it is live already.
        """
        await self._check_evidence(*await asyncio.to_thread(self._candidate, version))

    async def rollback(self, actor: str, *, instead_of: str | None = None) -> Switch:
        """Make the previous live version live again; needs only the registry, so it works without the database.

        Args:
            actor: who decided it.
            instead_of: the live version that the decision was made against; None for whichever is live.

        Raises:
            ModelError: there is no earlier version, it is damaged, or another one is live by now.
            ConfigError: the name of the actor is empty.
        """
        began = time.monotonic()
        check_actor(actor)
        previous, version = await asyncio.to_thread(self._registry.rollback, instead_of=instead_of)
        seconds, unrecorded = time.monotonic() - began, None
        try:
            async with asyncio.timeout(_RECORD_SECONDS):  # going back must not wait for a database that hangs
                await self._record_rollback(previous, version, actor)
        except (DatabaseError, SQLAlchemyError, OSError) as error:
            log.warning("model.rollback_unrecorded", version=version, actor=actor, error=str(error))
            unrecorded = (
                "The database could not record who rolled back: see `supportbot doctor`; "
                "its statuses are corrected by the next `supportbot models list`."
            )
        return Switch(previous=previous, version=version, seconds=seconds, unrecorded=unrecorded)

    async def _record_rollback(self, previous: str | None, version: str, actor: str) -> None:
        if self._database.is_missing:  # opening it would leave an empty file behind
            raise DatabaseError(f"{self._database.url.database} does not exist.")
        async with self._database.write() as session:
            await set_statuses(session, self._registry, version)
            subject, details = f"model:{version}", {"from": previous}
            record(session, actor=actor, action="model.rollback", subject=subject, details=details)

    async def retire(self, version: str, actor: str) -> None:
        """Delete the files of a version that will not go live again; its answers go on naming it.

        Raises:
            ModelError: there is no such version, it is live, or it is tried on people.
            ConfigError: the name of the actor is empty.
        """
        await self._reconcile()
        self._check_installed(version)
        if version == self._registry.active():
            raise ModelError(f"Version '{version}' is live: promote another one or roll back first.")
        async with self._database.write() as session:
            await _check_not_tried(session, version)
            record(session, actor=actor, action="model.retire", subject=f"model:{version}")
        await asyncio.to_thread(self._registry.remove, version)
        await self._reconcile()

    async def versions(self, *, after: str | None = None, limit: int | None = None) -> list[VersionSummary]:
        """Return versions that are or were installed, the newest first.

        Args:
            after: the version where the page before ended; None for the first.
            limit: how many at most; None for all.
        """
        await self._reconcile()
        order = ModelVersion.created_at, ModelVersion.id
        query = select(ModelVersion).order_by(*(column.desc() for column in order)).limit(limit)
        async with self._database.read() as session:
            if after is not None:
                last = (await session.execute(select(*order).where(ModelVersion.name == after))).one_or_none()
                query = query.where(tuple_(*order) < tuple_(*last)) if last is not None else query
            return await self._summaries(session, list(await session.scalars(query)))

    async def show(self, version: str) -> VersionReport:
        """Return all that is known of a version, of a retired one too.

        Raises:
            ModelError: there never was such a version.
        """
        await self._reconcile()
        async with self._database.read() as session:
            row = await session.scalar(select(ModelVersion).where(ModelVersion.name == version))
            if row is None:
                raise ModelError(f"There is no version '{version}': see `supportbot models list`.")
            [summary] = await self._summaries(session, [row])
            manifest, _ = await asyncio.to_thread(self._read, row.name, row.status)
            training = await training_of(session, row)
            others = await trained_on(session, training.erased_ids)
        return VersionReport(
            summary=summary,
            base=row.base,
            digest=row.digest,
            metrics=row.metrics,
            confidence_floor=manifest.confidence_floor if manifest else None,
            beside_knowledge=manifest.beside_knowledge if manifest else None,
            recipe=manifest.training if manifest else {},
            training=training,
            erased_in={name: ids for name, ids in others.items() if name != version},
            up_rate=wilson(summary.votes_up, summary.votes_down),
        )

    def _candidate(self, version: str) -> tuple[Manifest, str | None]:
        """Return the manifest of a version that is not live, and what is."""
        self._check_installed(version)
        manifest, active = self._registry.manifest(version), self._registry.active()
        if version == active:
            raise ModelError(f"Version '{version}' is live already.")
        return manifest, active

    async def _check_evidence(self, manifest: Manifest, active: str | None) -> None:
        async with self._database.read() as session:
            has_knowledge = await count_live(session) > 0
        check_evidence(manifest, active, has_knowledge=has_knowledge)

    def _check_installed(self, version: str) -> None:
        if version not in self._registry.versions():
            raise ModelError(f"No version '{version}' is installed: see `supportbot models list`.")

    async def _reconcile(self) -> None:
        async with self._database.write() as session:
            await reconcile(session, self._registry)

    async def _summaries(self, session: AsyncSession, rows: list[ModelVersion]) -> list[VersionSummary]:
        answers, votes = await count_answers(session), await count_votes(session)
        previous = self._registry.previous()
        summaries = []
        for row in rows:
            manifest, problem = await asyncio.to_thread(self._read, row.name, row.status)
            up, down = votes.get(row.name, (0, 0))
            summaries.append(
                VersionSummary(
                    version=row.name,
                    status=ModelStatus(row.status),
                    is_previous=row.name == previous,
                    created_at=row.created_at,
                    parent=manifest.parent if manifest else None,
                    verdict=verdict_of(manifest),
                    answers=answers.get(row.name, 0),
                    votes_up=up,
                    votes_down=down,
                    problem=problem,
                )
            )
        return summaries

    def _read(self, version: str, status: str) -> tuple[Manifest | None, str | None]:
        """Return a version's manifest, or why it can't be read."""
        if status == ModelStatus.RETIRED:
            return None, None
        try:
            return self._registry.manifest(version), None
        except ModelError as error:
            return None, str(error)


async def _check_not_tried(session: AsyncSession, version: str) -> None:
    query = select(ModelTrial.id).where(ModelTrial.state == TrialState.RUNNING, ModelTrial.candidate == version)
    if await session.scalar(query) is not None:
        raise ModelError(
            f"Version '{version}' is on trial, so its files stay: stop that first with "
            "`supportbot models trial stop`."
        )
