"""Sessions: browsers in which somebody has signed in. Each use of one reads the database. So a session that ends
anywhere ends everywhere at once, and a changed role applies from the next action on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.access.errors import ForbiddenError, SignInError
from supportbot.access.operators import operator_of
from supportbot.access.roles import Action, Operator, Role, least, may
from supportbot.access.secret import digest_of, new_secret
from supportbot.db import audit
from supportbot.db.clock import now
from supportbot.db.models import OperatorAccount, OperatorSession
from supportbot.db.session import Database
from supportbot.words import N_

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)

_NOTED_EVERY = timedelta(minutes=1)
"""When somebody was last seen is written no more often: pages would write at each click."""

_OVER = N_("You're signed out. Sign in again.")
_ONLY_CURATORS = N_("Only curators and admins can do that. Ask an admin for the curator role.")
_ONLY_ADMINS = N_("Only admins can do that. Ask one of them.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that is open.

    Attributes:
        id: its number, which opens nothing.
        operator: who has signed in, as of now.
        created_at: when.
        seen_at: when it was last used, to the minute.
    """

    id: int
    operator: Operator
    created_at: datetime
    seen_at: datetime


class Sessions:
    """The sessions, looked at and ended.

    Args:
        database: where their digests are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, secret: str, *, used: bool = True) -> Session | None:
        """Return a session, if it is open.

        Args:
            secret: what its browser sent.
            used: whether somebody does something, so that it does not count as idle.
        """
        async with self._database.read() as session:
            found = await _open_one(session, OperatorSession.digest == digest_of(secret))
            at = await now(session)
        if found and used and at - found.seen_at >= _NOTED_EVERY:
            await self._note(found, at)
        return found

    async def authorise(self, session_id: int, action: Action) -> Operator:
        """Return who has signed in, as of now, if they may do something.

        Raises:
            SignInError: the session is over.
            ForbiddenError: the role may not; the sentence says whose may.
        """
        async with self._database.read() as session:
            found = await _open_one(session, OperatorSession.id == session_id)
        if found is None:
            raise SignInError(_OVER)
        if not may(found.operator.role, action):
            raise ForbiddenError(_ONLY_ADMINS if least(action) is Role.ADMIN else _ONLY_CURATORS)
        return found.operator

    async def is_open(self, session_id: int) -> bool:
        """Return whether a session is still open."""
        async with self._database.read() as session:
            return await _open_one(session, OperatorSession.id == session_id) is not None

    async def of(self, operator_id: int) -> list[Session]:
        """Return the open sessions of somebody, the newest first; 50 at most."""
        async with self._database.read() as session:
            query = (await _open(session)).where(OperatorSession.operator_id == operator_id)
            rows = await session.execute(query.order_by(OperatorSession.id.desc()).limit(50))
            return [_session(*row) for row in rows]

    async def end(self, session_id: int, by_session: int) -> None:
        """End a session of somebody's own; ending it twice does nothing.

        Args:
            session_id: which to end.
            by_session: in which they say so.

        Raises:
            SignInError: that session is over.
        """
        async with self._database.write() as session:
            found = await _open_one(session, OperatorSession.id == by_session)
            if found is None:
                raise SignInError(_OVER)
            operator = found.operator
            ended = await session.scalar(
                delete(OperatorSession)
                .where(OperatorSession.id == session_id, OperatorSession.operator_id == operator.id)
                .returning(OperatorSession.id)
            )
            if ended is not None:
                subject = f"operator:{operator.id}"
                audit.record(session, actor=operator.name, action="operator.sign_out", subject=subject)

    async def _note(self, found: Session, at: datetime) -> None:
        async with self._database.write() as session:
            await session.execute(  # first the person, as whoever ends their access locks them
                update(OperatorAccount).where(OperatorAccount.id == found.operator.id).values(seen_at=at)
            )
            await session.execute(update(OperatorSession).where(OperatorSession.id == found.id).values(seen_at=at))
            over = (OperatorSession.seen_at <= at - IDLE) | (OperatorSession.created_at <= at - LONGEST)
            await session.execute(delete(OperatorSession).where(over))


def begin(session: AsyncSession, row: OperatorAccount, at: datetime) -> str:
    """Begin a session of somebody in the caller's transaction, and return its secret."""
    secret = new_secret()
    session.add(OperatorSession(digest=digest_of(secret), operator_id=row.id, created_at=at, seen_at=at))
    row.seen_at = at
    return secret


async def _open(session: AsyncSession) -> Select[OperatorSession, OperatorAccount]:
    at = await now(session)
    return (
        select(OperatorSession, OperatorAccount)
        .join(OperatorAccount, OperatorAccount.id == OperatorSession.operator_id)
        .where(
            OperatorSession.seen_at > at - IDLE,
            OperatorSession.created_at > at - LONGEST,
            OperatorAccount.ended_at.is_(None),
        )
    )


async def _open_one(session: AsyncSession, which: ColumnElement[bool]) -> Session | None:
    row = (await session.execute((await _open(session)).where(which))).one_or_none()
    return _session(*row) if row else None


def _session(row: OperatorSession, account: OperatorAccount) -> Session:
    return Session(id=row.id, operator=operator_of(account), created_at=row.created_at, seen_at=row.seen_at)
