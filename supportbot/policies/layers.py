"""What holds in a channel, put together from what was decided around it.

Its workspace decides first, then the channel that it is a thread of, then itself; each decides only the settings
that it names. The rows are read with each question, so every daemon on the database obeys a change from the next
question on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import BigInteger, Connection, bindparam, case, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.base import StorableText
from supportbot.db.models import WHOLE_WORKSPACE, Channel, ChannelPolicy
from supportbot.policies.policy import AnswerOn, Policy

log = structlog.get_logger(__name__)


async def effective(
    session: AsyncSession, workspace_id: int | None, channel: str = WHOLE_WORKSPACE, parent: str | None = None
) -> Policy:
    """Return what holds in a channel.

    Args:
        session: of a transaction of the caller.
        workspace_id: None for a workspace that nothing was heard from yet.
        channel: the platform's id; nothing for the whole workspace.
        parent: the channel that it is a thread of, if it is one; it is looked up by default.
    """
    if workspace_id is None:
        return Policy()
    rows = await session.execute(_LAYERS, _parameters(workspace_id, channel, parent))
    return layered(rows.all(), workspace_id)


def effective_of(connection: Connection, workspace_id: int | None, channel: str, parent: str | None) -> Policy:
    """Return what ``effective`` does, in a transaction that has a plain connection."""
    if workspace_id is None:
        return Policy()
    return layered(connection.execute(_LAYERS, _parameters(workspace_id, channel, parent)).all(), workspace_id)


async def wider(
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


def _parameters(workspace_id: int, channel: str, parent: str | None) -> dict[str, Any]:
    return {"workspace_id": workspace_id, "channel": channel, "parent": parent}


def layered(layers: Sequence[Any], workspace_id: int) -> Policy:
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
                remedy="decide anew with `supportbot policy reset` and `supportbot policy set`",
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
