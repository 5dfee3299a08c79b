"""The audit: who did what to what, written in the transaction of the action, so neither exists without the other.
It knows no action by itself; the caller names the action and the subject.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.base import table_of
from supportbot.db.models import Audit
from supportbot.db.session import Database
from supportbot.errors import ConfigError

ERASED = "(This was erased.)"
"""What stands where a person's name or text was that was erased, here and elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One deed, as it is read back."""

    audit_id: int
    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]
    at: datetime


def record(
    session: AsyncSession, *, actor: str, action: str, subject: str, details: dict[str, Any] | None = None
) -> Audit:
    """Add a row to the caller's transaction, and return it.

    Args:
        session: the transaction that does the deed.
        actor: the person.
        action: what was done, such as ``example.approve``.
        subject: what it was done to, such as ``example:7``.
        details: more, as JSON; never the text of a user, who may ask for its erasure.

    Raises:
        ConfigError: the person has no name.
    """
    check_actor(actor)
    row = Audit(actor=actor, action=action, subject=subject, details=details or {}, at=datetime.now(UTC))
    session.add(row)
    return row


def record_on(connection: Connection, *, actor: str, action: str, subject: str, now: datetime) -> None:
    """Add a row likewise, for code that runs in a thread.

    Args:
        connection: of the transaction that does the deed.
        actor: as for ``record``.
        action: as above.
        subject: as above.
        now: when that is.

    Raises:
        ConfigError: the person has no name.
    """
    check_actor(actor)
    connection.execute(
        table_of(Audit).insert(), {"actor": actor, "action": action, "subject": subject, "details": {}, "at": now}
    )


def check_actor(actor: str) -> None:
    """Refuse a name that says nobody; for deeds that come before their record.

    Raises:
        ConfigError: it is blank.
    """
    if not actor.strip():
        raise ConfigError("The audit needs the name of the person who decides: add --by NAME.")


def current_user() -> str:
    """Return who acts where nobody is named: the account of this process, by number if it has no name."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user that is in no passwd file; OSError from Python 3.13 on
        name = ""
    return name.strip() or f"uid {os.getuid()}"


async def recent(database: Database, limit: int) -> list[AuditEntry]:
    """Return the latest deeds, the newest first."""
    async with database.read() as session:
        return list(await latest(session, limit=limit))


async def latest(session: AsyncSession, *which: ColumnElement[bool], limit: int) -> tuple[AuditEntry, ...]:
    """Return the latest deeds of which some conditions hold, the newest first."""
    rows = await session.scalars(select(Audit).where(*which).order_by(Audit.id.desc()).limit(limit))
    return tuple(
        AuditEntry(
            audit_id=row.id,
            actor=row.actor,
            action=row.action,
            subject=row.subject,
            details=row.details,
            at=row.at,
        )
        for row in rows
    )
