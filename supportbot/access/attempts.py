"""Limited sign-in: after so many failures a source has to wait.

The secrets cannot be guessed anyway; what is limited is the work that strangers make. Failures are counted in the
database, so all daemons count together and a restart forgets nothing.
"""

from __future__ import annotations

import hmac
from datetime import timedelta

from sqlalchemy import delete, func, select

from supportbot.access.errors import SignInError
from supportbot.db.clock import now
from supportbot.db.models import SignInAttempt
from supportbot.db.session import Database
from supportbot.db.shared_key import page_key
from supportbot.words import N_

MOST_FAILURES = 20
"""Of one source within ``PERIOD``: far more than somebody who pastes a link wrongly needs."""

PERIOD = timedelta(minutes=10)

_TOO_MANY = N_("Too many failed sign-in attempts from here. Please wait ten minutes, then try again.")


class Attempts:
    """The failures of each source.

    Args:
        database: where they are counted.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check(self, source: str) -> None:
        """Let a source try, if it has not failed too often.

        Raises:
            SignInError: it has.
        """
        digest = await self._digest(source)
        async with self._database.read() as session:
            since = await now(session) - PERIOD
            failures = await session.scalar(
                select(func.count())
                .select_from(SignInAttempt)
                .where(SignInAttempt.source == digest, SignInAttempt.at > since)
            )
        if (failures or 0) >= MOST_FAILURES:
            raise SignInError(_TOO_MANY)

    async def failed(self, source: str) -> None:
        """Count a failure; those that no longer count are forgotten."""
        digest = await self._digest(source)
        async with self._database.write() as session:
            at = await now(session)
            await session.execute(delete(SignInAttempt).where(SignInAttempt.at <= at - PERIOD))
            session.add(SignInAttempt(source=digest, at=at))

    async def _digest(self, source: str) -> str:
        """Return a name for a source from which nobody gets back to its address without the key."""
        return hmac.new(await page_key(self._database), f"attempt:{source}".encode(), "sha256").hexdigest()
