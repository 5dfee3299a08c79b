"""The audit of a long deed: one row, whose figures grow within the transactions of the deed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import audit
from supportbot.db.models import Audit


class Ledger:
    """What was erased so far.

    Args:
        actor: who had it erased.
        action: ``privacy.erase`` or ``privacy.retention``.
        subject: of the audit; never a person's id.

    Raises:
        ConfigError: nobody is named.
    """

    def __init__(self, actor: str, action: str, subject: str) -> None:
        audit.check_actor(actor)
        self._actor, self._action, self._subject = actor, action, subject
        self._row: int | None = None
        self.counts: Counter[str] = Counter()

    async def note(self, session: AsyncSession, counts: Mapping[str, int]) -> None:
        """Add what this transaction erases."""
        self.counts.update(counts)
        details = {kind: count for kind, count in self.counts.items() if count}
        if self._row is None:
            row = audit.record(
                session, actor=self._actor, action=self._action, subject=self._subject, details=details
            )
            await session.flush()
            self._row = row.id
        else:
            await session.execute(update(Audit).where(Audit.id == self._row).values(details=details))
