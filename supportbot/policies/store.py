"""Policies in the database: what holds where, and who decided it.

What holds in a channel is put together from what its workspace decided, then the channel that it is a thread of,
then itself; each decides only the settings that it names. A row is read with each question, so every daemon on the
database obeys a change from the next question on. Whoever decides locks the workspace first, so decisions within
one come one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import BigInteger, Connection, bindparam, case, delete, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import audit
from supportbot.db.base import StorableText
from supportbot.db.clock import now as database_now
from supportbot.db.models import WHOLE_WORKSPACE, Channel, ChannelPolicy, Workspace
from supportbot.db.session import Database
from supportbot.db.workspaces import lock_workspace, make_workspace
from supportbot.policies.errors import PolicyError
from supportbot.policies.policy import AnswerOn, Policy
from supportbot.policies.wording import checked
from supportbot.words import N_

log = structlog.get_logger(__name__)

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


async def effective(
    session: AsyncSession, workspace_id: int | None, channel: str = WHOLE_WORKSPACE, parent: str | None = None
) -> Policy:
    """Return what holds in a channel.

    Args:
        session: of a transaction of the caller.
        workspace_id: None for a workspace that nothing was heard from yet.
        channel: the platform's id; nothing for the whole workspace.
        parent: as in ``Place``; it is looked up by default.
    """
    if workspace_id is None:
        return Policy()
    rows = await session.execute(_LAYERS, _parameters(workspace_id, channel, parent))
    return _layered(rows.all(), workspace_id)


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
            wider = await _wider(session, [row for row, _ in rows])
        return [
            Decided(
                place=Place(platform=workspace.platform, workspace=workspace.external_id, channel=row.channel),
                settings=row.settings,
                policy=_layered([*wider[row.workspace_id, row.channel], row], row.workspace_id),
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


async def _wider(
    session: AsyncSession, rows: Sequence[ChannelPolicy]
) -> dict[tuple[int, str], list[ChannelPolicy]]:
    """Return what was decided around some places, the widest first, by their workspace and channel."""
    places = [(row.workspace_id, row.channel) for row in rows]
    threads = select(Channel.workspace_id, Channel.channel, Channel.parent).where(
        tuple_(Channel.workspace_id, Channel.channel).in_(places), Channel.parent.is_not(None)
    )
    parents = {(row.workspace_id, row.channel): row.parent for row in await session.execute(threads)}
    around: dict[tuple[int, str], list[str]] = {}
    for place in places:
        around[place] = [WHOLE_WORKSPACE] if place[1] != WHOLE_WORKSPACE else []
        if (parent := parents.get(place)) is not None:
            around[place].append(parent)
    wanted = {(workspace_id, one) for (workspace_id, _), some in around.items() for one in some}
    decided = select(ChannelPolicy).where(tuple_(ChannelPolicy.workspace_id, ChannelPolicy.channel).in_(wanted))
    found = {(one.workspace_id, one.channel): one for one in await session.scalars(decided)}
    return {
        (workspace_id, channel): [found[workspace_id, one] for one in some if (workspace_id, one) in found]
        for (workspace_id, channel), some in around.items()
    }


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


def effective_of(connection: Connection, workspace_id: int | None, channel: str, parent: str | None) -> Policy:
    """Return what ``effective`` does, in a transaction that has a plain connection."""
    if workspace_id is None:
        return Policy()
    return _layered(connection.execute(_LAYERS, _parameters(workspace_id, channel, parent)).all(), workspace_id)


def _parameters(workspace_id: int, channel: str, parent: str | None) -> dict[str, Any]:
    return {"workspace_id": workspace_id, "channel": channel, "parent": parent}


def _layered(layers: Sequence[Any], workspace_id: int) -> Policy:
    """Put decisions together, the widest first.

    One that cannot be read, as of a newer program, says that the bot is silent: somebody wanted another thing than
    what holds without it.
    """
    policy = Policy()
    for layer in layers:
        try:
            policy = policy.changed(layer.settings)
        except (ValidationError, TypeError) as error:
            log.error(
                "policy.unreadable",
                workspace_id=workspace_id,
                channel=layer.channel,
                settings=_wrong(error),
                remedy="decide again with `supportbot policy reset` and `supportbot policy set`",
            )
            return Policy(answer_on=AnswerOn.NEVER)
    return policy


def _wrong(error: ValidationError | TypeError) -> list[str]:
    """Return the names of the settings that are wrong."""
    return (
        [str(one["loc"][0]) for one in error.errors() if one["loc"]] if isinstance(error, ValidationError) else []
    )


_WORKSPACE_ID = bindparam("workspace_id", type_=BigInteger())
_CHANNEL = bindparam("channel", type_=StorableText())
_PARENT = func.coalesce(
    bindparam("parent", type_=StorableText()),
    select(Channel.parent)
    .where(Channel.workspace_id == _WORKSPACE_ID, Channel.channel == _CHANNEL)
    .scalar_subquery(),
)

# Built once, since it is read with every question: to put it together takes longer than to run it.
_LAYERS = (
    select(ChannelPolicy.channel, ChannelPolicy.settings)
    .where(
        ChannelPolicy.workspace_id == _WORKSPACE_ID,
        or_(
            ChannelPolicy.channel == WHOLE_WORKSPACE,
            ChannelPolicy.channel == _CHANNEL,
            ChannelPolicy.channel == _PARENT,
        ),
    )
    .order_by(case((ChannelPolicy.channel == WHOLE_WORKSPACE, 0), (ChannelPolicy.channel == _CHANNEL, 2), else_=1))
)
