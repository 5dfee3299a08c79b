"""The people who may open the console: invited, given a role, and ended; each in the audit.

Nobody is ever deleted: the audit names them, and a name used for a second person would make it wrong.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.access.errors import OperatorError
from supportbot.access.roles import Operator, Role
from supportbot.db import audit
from supportbot.db.audit import AuditEntry
from supportbot.db.clock import now
from supportbot.db.models import Audit, OperatorAccount, OperatorLink, OperatorSession
from supportbot.db.session import Database
from supportbot.words import N_

LONGEST_NAME = 80

PAGE = 50
"""How many people are shown at once."""

_NO_NAME = N_("Enter the person's name, 80 characters at most.")
_ENDED = N_("This person's access has ended. An admin can restore it.")
_UNKNOWN = N_("This person no longer exists. Reload the page.")
_DECIDED_SINCE = N_("This person's role has changed since. Check their current role.")
_LAST_ADMIN = N_("This is the last admin. Make someone else an admin first.")

_ROLE = "operator.role"
"""What the audit calls a change of a role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An operator as the list of people shows them; ``seen_at`` is None for who never came."""

    id: int
    name: str
    role: Role
    identity: str | None
    created_at: datetime
    seen_at: datetime | None
    ended_at: datetime | None

    @property
    def provider(self) -> str:
        """The host of the provider from which they come; empty for who comes by links."""
        return urlsplit((self.identity or "").partition(" ")[0]).netloc


class Operators:
    """The people, read and written.

    Args:
        database: where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def people(self, *, after: str = "") -> list[Person]:
        """Return a page of people by name, those whose access has ended among them.

        Args:
            after: the last name of the page before.
        """
        async with self._database.read() as session:
            rows = await session.scalars(
                select(OperatorAccount)
                .where(OperatorAccount.name > after)
                .order_by(OperatorAccount.name)
                .limit(PAGE)
            )
            return [_person(row) for row in rows]

    async def change_role(self, operator_id: int, role: Role, by: str, *, instead_of: Role | None = None) -> Role:
        """Give somebody a role, and return the one that they had.

        Args:
            operator_id: their number.
            role: from now on; also in pages that are open.
            by: who decides, for the audit.
            instead_of: the role against which that is decided; None for any.

        Raises:
            OperatorError: there is no such person, they have another role by now, or they are the last admin.
        """
        async with self._database.write() as session:
            row, admins = await _known(session, operator_id)
            before = Role(row.role)
            if instead_of not in (None, before):
                raise OperatorError(_DECIDED_SINCE)
            if before is not role:
                _check_not_last(row, admins)
                row.role = role
                details = {"before": before.value, "after": role.value}
                audit.record(session, actor=by, action=_ROLE, subject=subject_of(row), details=details)
        return before

    async def undoable(self, lines: Collection[AuditEntry]) -> set[int]:
        """Return which lines of the audit tell of a role that its person still has, by their numbers."""
        given = {line.audit_id: line for line in lines if line.action == _ROLE}
        async with self._database.read() as session:
            numbers = {int(line.subject.partition(":")[2]) for line in given.values()}
            named = select(OperatorAccount).where(OperatorAccount.id.in_(numbers))
            roles = {subject_of(row): row.role for row in await session.scalars(named)}
        return {number for number, line in given.items() if roles.get(line.subject) == line.details.get("after")}

    async def undo_role(self, audit_id: int, by: str) -> None:
        """Give somebody back the role that they had before a change of which the audit tells.

        Args:
            audit_id: the line.
            by: who decides, for the audit.

        Raises:
            OperatorError: they have another role by now, or are the last admin.
        """
        async with self._database.read() as session:
            line = await session.get(Audit, audit_id)
        if line is None or line.action != _ROLE:
            raise OperatorError(_DECIDED_SINCE)
        after, before = Role(line.details["after"]), Role(line.details["before"])
        await self.change_role(int(line.subject.partition(":")[2]), before, by, instead_of=after)

    async def end(self, operator_id: int, by: str) -> None:
        """End somebody's access: their sessions and links end with it.

        Args:
            operator_id: their number.
            by: who decides, for the audit.

        Raises:
            OperatorError: there is no such person, or they are the last admin.
        """
        async with self._database.write() as session:
            row, admins = await _known(session, operator_id)
            if row.ended_at is not None:
                return
            _check_not_last(row, admins)
            row.ended_at = await now(session)
            await revoke(session, row)
            audit.record(session, actor=by, action="operator.end", subject=subject_of(row))

    async def sign_out(self, operator_id: int, by: str) -> None:
        """End all sessions of somebody, who may sign in again.

        Args:
            operator_id: their number.
            by: who decides, for the audit.

        Raises:
            OperatorError: there is no such person.
        """
        async with self._database.write() as session:
            row, _ = await _known(session, operator_id)
            await session.execute(delete(OperatorSession).where(OperatorSession.operator_id == operator_id))
            audit.record(session, actor=by, action="operator.sign_out", subject=subject_of(row))

    async def restore(self, operator_id: int, by: str) -> None:
        """Let somebody in again, in the role that they had; they need another link.

        Args:
            operator_id: their number.
            by: who decides, for the audit.

        Raises:
            OperatorError: there is no such person.
        """
        async with self._database.write() as session:
            row, _ = await _known(session, operator_id)
            if row.ended_at is not None:
                row.ended_at = None
                audit.record(session, actor=by, action="operator.restore", subject=subject_of(row))


async def admitted(
    session: AsyncSession, name: str, role: Role | None, by: str, *, restore: bool = True
) -> OperatorAccount:
    """Return the account of a name; made, let in again or given the role where that is needed.

    Args:
        session: a transaction that writes.
        name: of the person.
        role: None leaves the role that they have, and makes a new person an admin.
        by: who decides, for the audit.
        restore: whether somebody whose access has ended is let in again.

    Raises:
        OperatorError: there is no name, or the last admin would lose their role, or the access has ended.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise OperatorError(_NO_NAME)
    named = OperatorAccount.name == name
    row, admins = await _locked(session, named)
    if row is None:
        await insert_if_free(session, name, role or Role.ADMIN)
        row, admins = await _locked(session, named)
    assert row is not None  # noqa: S101 - it was inserted, here or by whoever was faster
    if role is not None and row.role != role:
        _check_not_last(row, admins)
        row.role = role
    if row.ended_at is not None and not restore:
        raise OperatorError(_ENDED)
    row.ended_at = None
    audit.record(
        session, actor=by, action="operator.invite", subject=subject_of(row), details={"role": str(row.role)}
    )
    return row


async def insert_if_free(session: AsyncSession, name: str, role: Role, identity: str | None = None) -> bool:
    """Insert an account; return False if its name or identity is somebody's by now, whom this waits for."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    inserted = await session.scalar(
        insert(OperatorAccount)
        .values(name=name, role=role, identity=identity, created_at=await now(session))
        .on_conflict_do_nothing()
        .returning(OperatorAccount.id)
    )
    return inserted is not None


async def revoke(session: AsyncSession, row: OperatorAccount) -> None:
    """End the sessions of somebody, and the links that would begin one, in the caller's transaction."""
    await session.execute(delete(OperatorSession).where(OperatorSession.operator_id == row.id))
    await session.execute(delete(OperatorLink).where(OperatorLink.operator_id == row.id))


def operator_of(row: OperatorAccount) -> Operator:
    """Return who an account is."""
    return Operator(id=row.id, name=row.name, role=Role(row.role))


def subject_of(row: OperatorAccount) -> str:
    """Return what the audit calls an operator."""
    return f"operator:{row.id}"


_IS_ADMIN = and_(OperatorAccount.role == Role.ADMIN, OperatorAccount.ended_at.is_(None))


async def _locked(
    session: AsyncSession, which: ColumnElement[bool]
) -> tuple[OperatorAccount | None, set[OperatorAccount]]:
    """Return an account, if there is one, and all admins.

    They are locked together and in one order: of two admins who remove each other at once, one stays, and neither
    holds what the other waits for.
    """
    rows = await session.execute(
        select(OperatorAccount, which, _IS_ADMIN)
        .where(or_(which, _IS_ADMIN))
        .order_by(OperatorAccount.id)
        .with_for_update()
    )
    found, admins = None, set()
    for row, is_it, is_admin in rows:
        if is_it:
            found = row
        if is_admin:
            admins.add(row)
    return found, admins


async def _known(session: AsyncSession, operator_id: int) -> tuple[OperatorAccount, set[OperatorAccount]]:
    row, admins = await _locked(session, OperatorAccount.id == operator_id)
    if row is None:
        raise OperatorError(_UNKNOWN)
    return row, admins


def _check_not_last(row: OperatorAccount, admins: set[OperatorAccount]) -> None:
    if admins == {row}:
        raise OperatorError(_LAST_ADMIN)


def _person(row: OperatorAccount) -> Person:
    return Person(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        identity=row.identity,
        created_at=row.created_at,
        seen_at=row.seen_at,
        ended_at=row.ended_at,
    )
