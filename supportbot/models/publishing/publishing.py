"""The decisions themselves; see the package."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.audit import check_actor
from supportbot.db.models import ModelVersion
from supportbot.db.session import Database
from supportbot.db.states import ModelStatus
from supportbot.engine.base import Engine
from supportbot.errors import ConfigError, ModelError
from supportbot.knowledge.store import count_live
from supportbot.models.daemons import RunningDaemon, running
from supportbot.models.publishing.checks import check_evidence, check_sound
from supportbot.models.publishing.choose import settle, truth_of
from supportbot.models.publishing.lineage import (
    VersionReport,
    VersionSummary,
    count_answers,
    count_votes,
    trained_on,
    training_of,
    verdict_of,
)
from supportbot.models.publishing.truth import Ends
from supportbot.models.registry import Manifest, ModelSource, Registry
from supportbot.models.supply import Supply
from supportbot.statistics.interval import wilson


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A change of the live version.

    Attributes:
        previous: what was live.
        version: what is live now.
        seconds: how long it took, checks included.
        unrecorded: why the database does not know of it yet; only after a rollback.
        unreached: why machines go on with the old one for now, and which; only after a promotion.
    """

    previous: str | None
    version: str
    seconds: float
    unrecorded: str | None = None
    unreached: str | None = None


class Publishing:
    """Lets versions go live and takes them back.

    Args:
        database: where decisions are recorded.
        registry: what is live.
        load: makes an engine of a version as the daemon would; blocks, and is called in a thread.
        supply: brings versions to this home and from it; None where there is no store of them.
    """

    def __init__(
        self,
        database: Database,
        registry: Registry,
        load: Callable[[ModelSource], Engine],
        supply: Supply | None = None,
    ) -> None:
        self._database = database
        self._registry = registry
        self._load = load
        self._supply = supply or Supply(database, registry, None)
        self._truth = truth_of(database, registry)

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
            raise ConfigError("--force needs a reason, for the audit.")
        manifest, active = await self._candidate(version)
        if force_reason is None:
            await self._check_evidence(manifest, active)
        await check_sound(self._registry, version, self._load)
        await self._supply.put(version)  # before anybody looks for it there
        details = {"from": active, "evaluation": manifest.evaluation, "forced": force_reason}
        await self._truth.promote(version, active, actor, details)
        unreached = await self._unreached(version)
        return Switch(previous=active, version=version, seconds=time.monotonic() - began, unreached=unreached)

    async def check(self, version: str) -> None:
        """Look whether a version may go live as it is; whether it is sound is for ``promote`` to try.

        Raises:
            EvidenceError: it is not shown to be better than what is live.
            ModelError: there is no such version, or it is live already.
        """
        await self._check_evidence(*await self._candidate(version))

    async def rollback(self, actor: str, *, instead_of: str | None = None) -> Switch:
        """Make the previous live version live again; where the database is away, here for now.

        Args:
            actor: who decided it.
            instead_of: the live version that the decision was made against; None for whichever is live.

        Raises:
            ModelError: there is no earlier version, it is damaged, or another one is live by now.
            ConfigError: the name of the actor is empty.
        """
        began = time.monotonic()
        check_actor(actor)
        gone = await self._truth.roll_back(actor, instead_of)
        seconds = time.monotonic() - began
        return Switch(previous=gone.previous, version=gone.version, seconds=seconds, unrecorded=gone.unrecorded)

    async def retire(self, version: str, actor: str) -> None:
        """Delete the files of a version that will not go live again; its answers go on naming it.

        Raises:
            ModelError: there is no such version, it is live, or it is tried on people.
            ConfigError: the name of the actor is empty.
        """
        check_actor(actor)
        await self._truth.retire(version, actor)
        await self._supply.remove(version)

    async def ends(self) -> Ends:
        """Return what is live, and where a rollback leads."""
        return await settle(self._database, self._truth)

    async def daemons(self) -> list[RunningDaemon]:
        """Return the daemons that follow this database, with what each answers with; none for SQLite's one."""
        async with self._database.read() as session:
            return await running(session)

    async def versions(self, *, after: str | None = None, limit: int | None = None) -> list[VersionSummary]:
        """Return versions that are or were installed, the newest first.

        Args:
            after: the version where the page before ended; None for the first.
            limit: how many at most; None for all.
        """
        await settle(self._database, self._truth)
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
        await settle(self._database, self._truth)
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

    async def _candidate(self, version: str) -> tuple[Manifest, str | None]:
        """Return the manifest of a version that is not live, and what is; the version is in this home then."""
        active = (await self.ends()).live
        await self._supply.get(version)
        if version == active:
            raise ModelError(f"Version '{version}' is already live.")
        return await asyncio.to_thread(self._registry.manifest, version), active

    async def _unreached(self, version: str) -> str | None:
        """Return which daemons can't follow to a version, if there are any."""
        if self._supply.has_store:
            return None
        hosts = [one.host for one in await self.daemons() if version not in one.versions]
        if not hosts:
            return None
        return (
            f"These machines do not have '{version}' and keep their present version: "
            f"{', '.join(dict.fromkeys(hosts))}. Set SUPPORTBOT_MODEL_STORE to a place that all machines reach, "
            "or publish the version there as well."
        )

    async def _check_evidence(self, manifest: Manifest, active: str | None) -> None:
        async with self._database.read() as session:
            has_knowledge = await count_live(session) > 0
        check_evidence(manifest, active, has_knowledge=has_knowledge)

    async def _summaries(self, session: AsyncSession, rows: list[ModelVersion]) -> list[VersionSummary]:
        answers, votes = await count_answers(session), await count_votes(session)
        previous = (await self._truth.ends(session)).previous
        here = set(await asyncio.to_thread(self._registry.versions))
        summaries = []
        for row in rows:
            manifest, problem = await asyncio.to_thread(self._read, row.name, row.status)
            up, down = votes.get(row.name, (0, 0))
            summaries.append(
                VersionSummary(
                    version=row.name,
                    status=ModelStatus(row.status),
                    is_here=row.name in here,
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
        is_elsewhere = self._truth.is_shared and version not in self._registry.versions()
        if status == ModelStatus.RETIRED or is_elsewhere:
            return None, None
        try:
            return self._registry.manifest(version), None
        except ModelError as error:
            return None, str(error)
