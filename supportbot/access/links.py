"""Links that sign somebody in once, within ten minutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update

from supportbot.access.attempts import Attempts
from supportbot.access.errors import SignInError
from supportbot.access.operators import admitted, operator_of, subject_of
from supportbot.access.roles import Operator, Role
from supportbot.access.secret import digest_of, new_secret
from supportbot.access.sessions import begin
from supportbot.db import audit
from supportbot.db.clock import now
from supportbot.db.models import OperatorAccount, OperatorLink
from supportbot.db.session import Database
from supportbot.words import N_

LIFETIME = timedelta(minutes=10)

_OPENS_NOTHING = N_(
    "This link no longer works: it was already used, or it is more than ten minutes old. Ask an admin for a "
    "new one, or run `supportbot console` on the bot's machine."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link that was made; ``secret`` is shown once and kept nowhere."""

    secret: str
    operator: Operator
    expires_at: datetime


class Links:
    """The links, made and used.

    Args:
        database: where their digests are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._attempts = Attempts(database)

    async def invite(self, name: str, role: Role | None, by: str, *, restore: bool = True) -> Link:
        """Make a link for a person, who is admitted if they are not yet.

        Args:
            name: of the person.
            role: None leaves the role that they have, and makes a new person an admin.
            by: who decides, for the audit.
            restore: whether somebody whose access has ended is let in again.

        Raises:
            OperatorError: there is no name, or the last admin would lose their role, or the access has ended.
        """
        secret = new_secret()
        async with self._database.write() as session:
            at = await now(session)
            row = await admitted(session, name, role, by, restore=restore)
            is_over = or_(OperatorLink.expires_at <= at, OperatorLink.used_at.is_not(None))
            await session.execute(delete(OperatorLink).where(is_over))
            session.add(OperatorLink(digest=digest_of(secret), operator_id=row.id, expires_at=at + LIFETIME))
            return Link(secret=secret, operator=operator_of(row), expires_at=at + LIFETIME)

    async def sign_in(self, secret: str, source: str) -> str:
        """Use a link up, and return the secret of the session that begins.

        Args:
            secret: of the link.
            source: the address that it comes from; one that failed too often has to wait.

        Raises:
            SignInError: the link is none, too old or used, or the source has to wait.
        """
        await self._attempts.check(source)
        async with self._database.write() as session:
            at = await now(session)
            # One statement, so that of two browsers at once one has it.
            operator_id = await session.scalar(
                update(OperatorLink)
                .where(
                    OperatorLink.digest == digest_of(secret),
                    OperatorLink.used_at.is_(None),
                    OperatorLink.expires_at > at,
                )
                .values(used_at=at)
                .returning(OperatorLink.operator_id)
            )
            row = operator_id and await session.scalar(
                select(OperatorAccount).where(
                    OperatorAccount.id == operator_id, OperatorAccount.ended_at.is_(None)
                )
            )
            if row:
                audit.record(session, actor=row.name, action="operator.sign_in", subject=subject_of(row))
                return begin(session, row, at)
        await self._attempts.failed(source)
        raise SignInError(_OPENS_NOTHING)
