"""Messages that do not mention the bot: an answer for somebody, a follow-up, or not for the bot.

Most messages are not for the bot, so each is checked before anything is locked.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Outbox
from supportbot.db.session import Database
from supportbot.db.states import OutboxKind, OutboxState
from supportbot.intake import handoff, threads
from supportbot.intake.handoff import Heard, Remark

_UNDER_WAY_SECONDS = 6.0
"""How long it may take until it is known under which name people see what they are asked: a claim of a daemon that
has ended holds for four seconds."""

_LOOK_AGAIN_SECONDS = 0.2


async def overhear(database: Database, remark: Remark, *, may_follow_up: bool) -> tuple[Heard, timedelta | None]:
    """Keep a remark if it is an answer, and note where people talk to each other.

    Args:
        database: where it is kept.
        remark: what somebody said.
        may_follow_up: whether it may be a question for the bot, which is for the caller to ask.

    Returns:
        What it is, and how long people took for their first answer, if it is that.
    """
    is_awaited = await _is_awaited(database, remark, may_follow_up=may_follow_up)
    if is_awaited is None:
        return Heard.NOT_OURS, None
    async with database.write() as session:
        heard = await handoff.keep(session, remark) if is_awaited else Heard.NOT_OURS
        waited = await handoff.stop_clock(session, remark) if heard is Heard.KEPT else None
        thread = await threads.find(session, remark) if may_follow_up else None
        if thread is not None and heard is not Heard.NOT_OURS:
            await threads.note_talk(session, remark, thread)
        elif thread is not None and await threads.is_follow_up(session, remark, thread):
            heard = Heard.FOLLOW_UP
    return heard, waited


async def _is_awaited(database: Database, remark: Remark, *, may_follow_up: bool) -> bool | None:
    """Return whether a remark answers what was asked; False in a thread of the bot's, and None elsewhere.

    This only looks.
    """
    until = time.monotonic() + _UNDER_WAY_SECONDS
    while True:
        async with database.read() as session:
            if await handoff.is_awaited(session, remark):
                return True
            if may_follow_up and await threads.find(session, remark) is not None:
                return False
            if time.monotonic() > until or not await _is_under_way(session, remark):
                return None
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)


async def _is_under_way(session: AsyncSession, remark: Remark) -> bool:
    """Return whether a message of a hand-off may be shown already whose name is not known yet; this only looks.

    A process may have ended between the two, and somebody answers that message meanwhile.
    """
    if remark.replied_to is None:
        return False
    sent = select(Outbox.id).where(
        Outbox.platform == remark.platform,
        Outbox.state == OutboxState.PENDING,
        Outbox.kind.in_((OutboxKind.POST, OutboxKind.TOLD)),
        Outbox.attempts > 0,
    )
    return await session.scalar(sent.limit(1)) is not None
