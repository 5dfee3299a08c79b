"""Where it is written which version is live: in the home's file, or in a database that machines share.

With SQLite the home is all there is, and its file can be switched while the database is down. On PostgreSQL
several homes may answer together, so there the rows decide, and each home's file follows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.errors import DatabaseError

RECORD_SECONDS = 2.0
"""Going back must not wait for a database that hangs."""

AWAY = (DatabaseError, SQLAlchemyError, OSError)
"""What a database raises that is not there; a timeout among them."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Which version is live, and where a rollback leads; None for none."""

    live: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class WentBack:
    """A rollback: from where, to where, and why the database does not know of it; None where it does."""

    previous: str | None
    version: str
    unrecorded: str | None


class Truth(Protocol):
    """What says which version is live, and changes that.

    Attributes:
        is_shared: whether other homes go by it as well.
    """

    is_shared: bool

    async def ends(self, session: AsyncSession) -> Ends:
        """Return what is live, and where a rollback leads."""

    async def is_reconciled(self, session: AsyncSession) -> bool:
        """Return whether ``reconcile`` would change nothing."""

    async def reconcile(self, session: AsyncSession) -> None:
        """Bring the rows to what is so, in a transaction that writes."""

    async def promote(self, version: str, instead_of: str | None, actor: str, details: Mapping[str, Any]) -> None:
        """Make a version of this home live, with its line in the audit.

        Raises:
            ModelError: another one than ``instead_of`` is live by now, or the version is gone.
        """

    async def roll_back(self, actor: str, instead_of: str | None) -> WentBack:
        """Make the version live that was live before.

        Raises:
            ModelError: there is none, it is damaged, or another one than ``instead_of`` is live by now.
        """

    async def retire(self, version: str, actor: str) -> None:
        """Delete the files of a version that will not go live again.

        Raises:
            ModelError: there is no such version, it is live, or it is tried on people.
        """
