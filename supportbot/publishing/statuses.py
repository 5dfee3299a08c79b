"""The rows of the versions: their statuses follow the registry, whatever happened in between."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.audit import record
from supportbot.db.models import ModelVersion
from supportbot.errors import ModelError
from supportbot.registry import Manifest, Registry

_ACTOR = "supportbot"


class ModelStatus(StrEnum):
    """How far a version has come."""

    CANDIDATE = "candidate"
    """Installed; it may go live, or was live before."""
    ACTIVE = "active"
    RETIRED = "retired"
    """Its files are gone; what it answered, and on what it was trained, is still known."""


async def reconcile(session: AsyncSession, registry: Registry) -> None:
    """Bring the rows to what the registry says; a live version that nobody recorded becomes an audit row."""
    active = registry.active()
    recorded = await session.scalar(select(ModelVersion.name).where(ModelVersion.status == ModelStatus.ACTIVE))
    await set_statuses(session, registry, active)
    if recorded is not None and recorded != active:
        details = {"recorded": recorded, "live": active}
        record(session, actor=_ACTOR, action="model.reconcile", subject=f"model:{active}", details=details)


async def set_statuses(session: AsyncSession, registry: Registry, active: str | None) -> None:
    """Give each version its status, and a row if it has none."""
    installed = set(registry.versions())
    rows = {row.name: row for row in await session.scalars(select(ModelVersion).with_for_update())}
    for manifest in _readable(registry, installed - set(rows)):
        rows[manifest.version] = _new_row(manifest)
        session.add(rows[manifest.version])
    for name, row in rows.items():
        if name == active:
            row.status = ModelStatus.ACTIVE
        else:
            row.status = ModelStatus.CANDIDATE if name in installed else ModelStatus.RETIRED


def _readable(registry: Registry, versions: Iterable[str]) -> list[Manifest]:
    """Return the manifests that can be read; one that is damaged must not stand in the way of a rollback."""
    manifests = []
    for version in sorted(versions):
        try:
            manifests.append(registry.manifest(version))
        except ModelError:
            continue  # `supportbot models list` shows it as damaged
    return manifests


def _new_row(manifest: Manifest) -> ModelVersion:
    base = manifest.training.get("base_model")
    return ModelVersion(
        name=manifest.version,
        base=str(base) if base else manifest.parent,
        digest=manifest.digest,
        metrics=dict(manifest.metrics),
        status=ModelStatus.CANDIDATE,
        created_at=datetime.fromisoformat(manifest.created_at),
    )
