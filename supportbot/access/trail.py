"""The audit, as people look things up in it: by who, what, to what and when, the newest first, in pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement

from supportbot.db.audit import AuditEntry, latest
from supportbot.db.models import Audit
from supportbot.db.session import Database

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which deeds are looked for; what is empty does not matter.

    Attributes:
        actor: a part of the name of who did it, in any case.
        action: how the action begins, such as ``operator.`` or ``example.approve``, in any case.
        subject: how the subject begins, such as ``example:7``, in any case.
        since: the first day, in UTC.
        until: the last day, likewise.
    """

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """A page of deeds, the newest first; ``older`` is where the next page begins, None for the last one."""

    entries: tuple[AuditEntry, ...]
    older: int | None


class Trail:
    """The audit, read.

    Args:
        database: where it is kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def deeds(self, wanted: Wanted, *, before: int | None = None) -> Deeds:
        """Return a page of deeds.

        Args:
            wanted: which.
            before: ``older`` of the page before; None for the newest.
        """
        conditions = list(_conditions(wanted))
        if before is not None:
            conditions.append(Audit.id < before)
        async with self._database.read() as session:
            found = await latest(session, *conditions, limit=PAGE + 1)
        shown = found[:PAGE]
        return Deeds(
            entries=shown,
            older=shown[-1].audit_id if len(found) > PAGE else None,
        )


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.actor:
        found.append(Audit.actor.icontains(wanted.actor, autoescape=True))
    if wanted.action:
        found.append(Audit.action.istartswith(wanted.action, autoescape=True))
    if wanted.subject:
        found.append(Audit.subject.istartswith(wanted.subject, autoescape=True))
    if wanted.since:
        found.append(Audit.at >= _start_of(wanted.since))
    if wanted.until and wanted.until < date.max:
        found.append(Audit.at < _start_of(wanted.until + timedelta(days=1)))
    return found


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
