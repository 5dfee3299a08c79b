"""The account of somebody who comes from a provider: found by their identity, and never by their name.

Names are what people call themselves there. So a name that another person has here, or had, gets a suffix: nobody
can take over another's account, and old rows of the audit still name the same person.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.access.errors import OperatorError
from supportbot.access.oidc.registration import Claimed
from supportbot.access.operators import LONGEST_NAME, insert_if_free, revoke, subject_of
from supportbot.access.roles import Role
from supportbot.db import audit
from supportbot.db.models import Audit, OperatorAccount
from supportbot.printable import printable
from supportbot.words import N_

_RENAMED = "operator.rename"

_DIGITS = 8
"""Of a digest of the identity: enough to tell apart the people of one name."""

_NO_NAME = N_("All names from your sign-in provider are taken. Change your name there.")


async def account_of(session: AsyncSession, claimed: Claimed) -> OperatorAccount | None:
    """Return somebody's account, locked until the transaction ends; None for who never came."""
    which = select(OperatorAccount).where(OperatorAccount.identity == claimed.identity)
    found: OperatorAccount | None = await session.scalar(which.with_for_update())
    return found


async def admit(session: AsyncSession, claimed: Claimed, role: Role) -> OperatorAccount:
    """Return the account of somebody who has a role, made or brought up to date.

    Args:
        session: a transaction that writes.
        claimed: who they are.
        role: that they have now, also if they were the last admin: the provider decides, and the command line can
            always make another one.
    """
    row = await account_of(session, claimed)
    if row is None:
        return await _made(session, claimed, role)
    if row.name not in _names(claimed):
        await _rename(session, row, claimed)
    if row.role != role:
        details = {"before": row.role, "after": role.value}
        row.role = role
        audit.record(session, actor=row.name, action="operator.role", subject=subject_of(row), details=details)
    return row


async def withdraw(session: AsyncSession, row: OperatorAccount) -> None:
    """Take from somebody what they had by a role that they have no more: their sessions, links and rights."""
    row.role = Role.VIEWER  # nobody counts as an admin who cannot come in
    await revoke(session, row)


async def _made(session: AsyncSession, claimed: Claimed, role: Role) -> OperatorAccount:
    for name in _names(claimed):
        if not await _is_free(session, name):
            continue
        # Two browsers of theirs may come at once, or somebody of that name at this moment.
        is_new = await insert_if_free(session, name, role, claimed.identity)
        row = await account_of(session, claimed)
        if row is not None:
            if is_new:
                details = {"role": role.value}
                audit.record(
                    session, actor=row.name, action="operator.admit", subject=subject_of(row), details=details
                )
            return row
    raise OperatorError(_NO_NAME)


async def _rename(session: AsyncSession, row: OperatorAccount, claimed: Claimed) -> None:
    before = row.name
    theirs = {
        details.get("before")
        for details in await session.scalars(
            select(Audit.details).where(Audit.action == _RENAMED, Audit.subject == subject_of(row))
        )
    }
    for name in _names(claimed):
        is_taken = await session.scalar(select(exists().where(OperatorAccount.name == name)))
        if not is_taken and (name in theirs or await _is_free(session, name)):
            row.name = name
            details = {"before": before, "after": name}
            audit.record(session, actor=name, action=_RENAMED, subject=subject_of(row), details=details)
            return


async def _is_free(session: AsyncSession, name: str) -> bool:
    """Return whether a name is nobody's, and was nobody's of whom the audit tells."""
    is_operator = exists().where(OperatorAccount.name == name)
    is_actor = exists().where(Audit.actor == name)
    return not await session.scalar(select(is_operator | is_actor))


def _names(claimed: Claimed) -> list[str]:
    """Return what somebody may be called, the best first."""
    subject = claimed.identity.rpartition(" ")[2]
    name = " ".join(printable(claimed.name).split()) or claimed.email or subject
    digest = hashlib.sha256(claimed.identity.encode()).hexdigest()[:_DIGITS]
    names = [name[:LONGEST_NAME]]
    for more in dict.fromkeys((claimed.email, subject, digest)):
        room = LONGEST_NAME - len(more) - len(" ()")
        if more and more != name and room > 0:
            names.append(f"{name[:room]} ({more})")
    return names
