"""The rows of the versions, and how they follow a home that is all there is, whatever happened in between.

A name stands for one set of weights for ever, since answers and audit name no more than it: ``check_name_is_free``
keeps it so. Where somebody changed the files of a version by hand, its row follows and the audit says from what.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.audit import record
from supportbot.db.models import ModelTrial, ModelVersion
from supportbot.db.states import ModelStatus, TrialState
from supportbot.errors import ModelError
from supportbot.models.registry import Manifest, Registry

BY_ITSELF = "supportbot"
"""Who corrects a row, for the audit."""


async def check_name_is_free(session: AsyncSession, manifest: Manifest) -> None:
    """Refuse weights under a name that other weights have, or had before they were retired.

    Raises:
        ModelError: there was another model of this name.
    """
    known = await session.scalar(select(ModelVersion.digest).where(ModelVersion.name == manifest.version))
    if known not in (None, manifest.digest):
        raise ModelError(
            f"'{manifest.version}' is the name of another model, which answers already refer to: "
            "choose another name."
        )


async def check_not_tried(session: AsyncSession, version: str) -> None:
    """Refuse to let a version go that is tried on people.

    Raises:
        ModelError: it is.
    """
    query = select(ModelTrial.id).where(ModelTrial.state == TrialState.RUNNING, ModelTrial.candidate == version)
    if await session.scalar(query) is not None:
        raise ModelError(
            f"Version '{version}' is on trial, so its files stay: stop that first with "
            "`supportbot models trial stop`."
        )


async def set_statuses(session: AsyncSession, registry: Registry, active: str | None) -> None:
    """Give each version its status, a row if it has none, and the digest of what is installed."""
    installed = set(await asyncio.to_thread(registry.versions))
    rows = {row.name: row for row in await session.scalars(select(ModelVersion).with_for_update())}
    for manifest in await asyncio.to_thread(readable, registry, installed):
        row = rows.get(manifest.version)
        if row is None:
            row = rows[manifest.version] = ModelVersion(name=manifest.version)
            session.add(row)
        elif row.digest != manifest.digest:
            details = {"recorded_digest": row.digest, "digest": manifest.digest}
            record(
                session, actor=BY_ITSELF, action="model.reconcile", subject=f"model:{row.name}", details=details
            )
        else:
            continue
        describe_row(row, manifest)
    for name, row in rows.items():
        if name == active:
            row.status = ModelStatus.ACTIVE
        else:
            row.status = ModelStatus.CANDIDATE if name in installed else ModelStatus.RETIRED


def readable(registry: Registry, versions: Iterable[str]) -> list[Manifest]:
    """Return the manifests that can be read; a damaged one must not prevent a rollback."""
    manifests = []
    for version in sorted(versions):
        try:
            manifests.append(registry.manifest(version))
        except ModelError:
            continue  # `supportbot models list` shows it as damaged
    return manifests


def describe_row(row: ModelVersion, manifest: Manifest) -> None:
    """Give a row what a manifest says."""
    base = manifest.training.get("base_model")
    row.base = str(base) if base else manifest.parent
    row.digest, row.metrics = manifest.digest, dict(manifest.metrics)
    row.created_at = datetime.fromisoformat(manifest.created_at)
