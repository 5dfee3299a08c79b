"""Whether the file or the rows decide what is live: it depends on the database."""

from __future__ import annotations

from supportbot.db.session import Database
from supportbot.models.publishing.in_database import InDatabase
from supportbot.models.publishing.in_file import InFile
from supportbot.models.publishing.truth import Ends, Truth
from supportbot.models.registry import Registry


def truth_of(database: Database, registry: Registry) -> Truth:
    """Return what says which version is live.

    Args:
        database: of this process.
        registry: of its home.
    """
    return InFile(database, registry) if database.is_sqlite else InDatabase(database, registry)


async def settle(database: Database, truth: Truth) -> Ends:
    """Bring the rows to what is so, where they are not; return what is live, and where a rollback leads."""
    async with database.read() as session:
        if await truth.is_reconciled(session):
            return await truth.ends(session)
    async with database.write() as session:
        await truth.reconcile(session)
        return await truth.ends(session)
