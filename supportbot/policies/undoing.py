"""Taking back what was decided about a place: what was decided there before stands again, to the setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from supportbot.db import audit
from supportbot.db.clock import now
from supportbot.db.models import ChannelPolicy, Workspace
from supportbot.db.session import Database
from supportbot.db.workspaces import lock_workspace
from supportbot.policies.errors import PolicyError
from supportbot.policies.store import Place
from supportbot.words import N_

_DECIDED_SINCE = N_("Somebody has decided about this since then: look at what holds now.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What was decided about a place before and after; None where nothing was."""

    place: Place
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


async def settings_at(database: Database, place: Place) -> Mapping[str, Any] | None:
    """Return the settings that were decided about a place itself, as JSON; None for none."""
    async with database.read() as session:
        row = await session.scalar(_row(place))
        return row.settings if row else None


async def put_back(database: Database, change: Change, by: str) -> None:
    """Have a place as it was before a change.

    Args:
        database: where decisions are kept.
        change: what is taken back.
        by: who takes it back, for the audit.

    Raises:
        PolicyError: somebody has decided otherwise since.
    """
    async with database.write() as session:
        at = await now(session)
        workspace = await lock_workspace(session, change.place.platform, change.place.workspace)
        row = await session.scalar(_row(change.place))
        if (row.settings if row else None) != change.after:
            raise PolicyError({"": _DECIDED_SINCE})
        if change.before is None:
            if row is not None:
                await session.delete(row)
        else:
            if row is None:
                if workspace is None:
                    raise PolicyError({"": _DECIDED_SINCE})
                row = ChannelPolicy(workspace_id=workspace.id, channel=change.place.channel)
                session.add(row)
            row.settings, row.changed_by, row.changed_at = dict(change.before), by, at
        details = {"settings": dict(change.before or {})}
        audit.record(session, actor=by, action="policy.undo", subject=change.place.subject, details=details)


def _row(place: Place) -> Select[ChannelPolicy]:
    return (
        select(ChannelPolicy)
        .join(Workspace, ChannelPolicy.workspace_id == Workspace.id)
        .where(
            Workspace.platform == place.platform,
            Workspace.external_id == place.workspace,
            ChannelPolicy.channel == place.channel,
        )
    )
