"""Taking back what was decided about a place: what was decided there before stands again, to the setting.

That is offered at once with what was noted meanwhile, and later from the audit, whose lines say what was decided
before and after. Either way it holds only while nobody has decided otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import audit
from supportbot.db.audit import ERASED, AuditEntry
from supportbot.db.clock import now
from supportbot.db.models import Audit, ChannelPolicy, Workspace
from supportbot.db.session import Database
from supportbot.db.workspaces import lock_workspace
from supportbot.policies.errors import PolicyError
from supportbot.policies.store import Place, audit_details
from supportbot.words import N_

_DECIDED_SINCE = N_("Someone has changed this since. Check the current settings.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What was decided about a place before and after; None where nothing was."""

    place: Place
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


async def settings_at(database: Database, place: Place) -> Mapping[str, Any] | None:
    """Return the settings that were decided about a place itself, as JSON; None for none."""
    async with database.read() as session:
        return await _settings(session, place)


async def undoable(database: Database, lines: Collection[AuditEntry]) -> set[int]:
    """Return which lines of the audit tell of a decision that still holds, by their numbers."""
    async with database.read() as session:
        changes = {line.audit_id: change for line in lines if (change := _change_of(line.subject, line.details))}
        return {number for number, one in changes.items() if await _settings(session, one.place) == one.after}


async def undo(database: Database, audit_id: int, by: str) -> None:
    """Have a place as it was before a decision of which the audit tells.

    Args:
        database: where decisions are kept.
        audit_id: the line.
        by: who takes it back, for the audit.

    Raises:
        PolicyError: somebody has decided otherwise since, or the line does not say what was there before.
    """
    async with database.read() as session:
        line = await session.get(Audit, audit_id)
    change = _change_of(line.subject, line.details) if line else None
    if change is None:
        raise PolicyError({"": _DECIDED_SINCE})
    await put_back(database, change, by)


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
        details = audit_details(change.place, change.after, change.before)
        audit.record(session, actor=by, action="policy.undo", subject=change.place.subject, details=details)


def _change_of(subject: str, details: Mapping[str, Any]) -> Change | None:
    """Return what a line of the audit tells; None where it is about something else, or does not say all of it."""
    if not subject.startswith("policy:") or "before" not in details or ERASED in str(details):
        return None
    platform = subject.split(":")[1]
    place = Place(platform=platform, workspace=details["workspace"], channel=details["channel"])
    return Change(place=place, before=details["before"], after=details["after"])


async def _settings(session: AsyncSession, place: Place) -> Mapping[str, Any] | None:
    row = await session.scalar(_row(place))
    return row.settings if row else None


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
