"""Policies in the database: what was decided where, and by whom; ``layers`` says what holds then.

Whoever decides locks the workspace first, so decisions within one come one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import audit
from supportbot.db.clock import now as database_now
from supportbot.db.models import WHOLE_WORKSPACE, ChannelPolicy, Workspace
from supportbot.db.session import Database
from supportbot.db.workspaces import lock_workspace, make_workspace
from supportbot.policies.errors import PolicyError
from supportbot.policies.layers import effective, layered, wider
from supportbot.policies.policy import Policy
from supportbot.policies.wording import checked
from supportbot.words import N_

_ONE_DIGEST = N_("The digest covers a whole workspace. Set it for all channels.")
_OF_DIGESTS = {"digest", "digest_channel", "handoff_target"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a policy holds, in the platform's ids.

    Attributes:
        platform: as in ``IncomingQuestion``.
        workspace: as above.
        channel: likewise; nothing for the whole workspace.
        parent: the channel that this one is a thread of, if it is one and that is known.
    """

    platform: str
    workspace: str
    channel: str = WHOLE_WORKSPACE
    parent: str | None = None

    @property
    def subject(self) -> str:
        """What the audit calls it."""
        return ":".join(filter(None, ("policy", self.platform, self.workspace, self.channel)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was decided about a place, and by whom.

    ``settings`` are those that were changed there, as JSON; ``policy`` is what holds.
    """

    place: Place
    settings: Mapping[str, Any]
    policy: Policy
    by: str
    at: datetime


def audit_details(
    place: Place, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return what the audit tells of a decision: all that undoing it takes, see ``undoing``.

    Args:
        place: that it is about; its subject alone leaves open where the workspace ends and the channel begins.
        before: what was decided about it, as JSON; None for nothing.
        after: as above.
    """
    return {"before": before, "after": after, "workspace": place.workspace, "channel": place.channel}


class Policies:
    """What admins decided, read and written.

    Args:
        database: where it is kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def shown(self, place: Place) -> Policy:
        """Return what holds at a place."""
        async with self._database.read() as session:
            return await self._at(session, place)

    async def change(self, place: Place, settings: Mapping[str, Any], by: str) -> Policy:
        """Change some settings of a place, and return what holds then; the others stay as they were.

        Args:
            place: a workspace that nothing was heard from yet is made, so that a decision can come first.
            settings: by name, as ``Policy`` takes them.
            by: who decides, for the audit.

        Raises:
            ConfigError: nobody is named in ``by``.
            PolicyError: a setting is unknown, out of range, or not for this place.
        """
        changed = checked(Policy(), settings).model_dump(mode="json", include=set(settings))
        async with self._database.write() as session:
            workspace_id = (await make_workspace(session, place.platform, place.workspace)).id
            now = await database_now(session)
            row = await session.get(ChannelPolicy, (workspace_id, place.channel))
            before = row.settings if row else None
            if row is None:
                row = ChannelPolicy(workspace_id=workspace_id, channel=place.channel)
                session.add(row)
            row.settings = {**(before or {}), **changed}
            row.changed_by, row.changed_at = by, now
            details = audit_details(place, before, row.settings)
            audit.record(session, actor=by, action="policy.change", subject=place.subject, details=details)
            await session.flush()
            policy = await self._at(session, place)
            if set(settings) & _OF_DIGESTS:
                _check_digest(place, settings, policy)
            return policy

    async def reset(self, place: Place, by: str) -> Policy:
        """Forget what was decided about a place, and return what holds then.

        Raises:
            ConfigError: nobody is named in ``by``.
        """
        async with self._database.write() as session:
            audit.check_actor(by)
            workspace = await lock_workspace(session, place.platform, place.workspace)
            gone: Mapping[str, Any] | None = None
            if workspace is not None:
                gone = await session.scalar(
                    delete(ChannelPolicy)
                    .where(ChannelPolicy.workspace_id == workspace.id, ChannelPolicy.channel == place.channel)
                    .returning(ChannelPolicy.settings)
                )
            if gone is not None:
                details = audit_details(place, gone, None)
                audit.record(session, actor=by, action="policy.reset", subject=place.subject, details=details)
            return await self._at(session, place)

    async def listed(self, after: Place | None = None, most: int | None = None) -> list[Decided]:
        """Return decisions, by platform, workspace and channel: those after a place, and no more than ``most``."""
        order = (Workspace.platform, Workspace.external_id, ChannelPolicy.channel)
        query = (
            select(ChannelPolicy, Workspace)
            .join(Workspace, ChannelPolicy.workspace_id == Workspace.id)
            .order_by(*order)
            .limit(most)
        )
        if after is not None:
            query = query.where(tuple_(*order) > (after.platform, after.workspace, after.channel))
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
            around = await wider(session, [row for row, _ in rows])
        return [
            Decided(
                place=Place(platform=workspace.platform, workspace=workspace.external_id, channel=row.channel),
                settings=row.settings,
                policy=layered([*around[row.workspace_id, row.channel], row], row.workspace_id),
                by=row.changed_by,
                at=row.changed_at,
            )
            for row, workspace in rows
        ]

    async def _at(self, session: AsyncSession, place: Place) -> Policy:
        workspace_id = await self._workspace_id(session, place)
        return await effective(session, workspace_id, place.channel, place.parent)

    async def _workspace_id(self, session: AsyncSession, place: Place) -> int | None:
        return await session.scalar(
            select(Workspace.id).where(
                Workspace.platform == place.platform, Workspace.external_id == place.workspace
            )
        )


def _check_digest(place: Place, settings: Mapping[str, Any], policy: Policy) -> None:
    """Check what is decided about the digest.

    Raises:
        PolicyError: it is decided about one channel, or there is none to post it to.
    """
    own = _OF_DIGESTS.intersection(settings) - {"handoff_target"}
    if place.channel and own:
        raise PolicyError(dict.fromkeys(own, _ONE_DIGEST))
    if not place.channel and policy.digest and not (policy.digest_channel or policy.handoff_target):
        raise PolicyError({"digest_channel": N_("Choose a channel for the weekly digest.")})
