"""pgvector, PostgreSQL's extension that searches vectors: whether it can be used, and its type.

Its Python package is not needed: vectors go in as text, and never come back but as distances and, for calibration,
as text again. This module knows no knowledge.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import UserDefinedType

from supportbot.errors import DatabaseError
from supportbot.knowledge.features import Floats

_LEAST_VERSION = (0, 8)
"""Of pgvector: the first one whose index goes on searching where filters took rows away."""

MOST_DIMENSIONS = 4_000
"""That pgvector indexes of 16-bit numbers."""


class HalfVector(UserDefinedType[str]):
    """pgvector's type of 16-bit numbers; its values are text such as ``[1,2]``."""

    cache_ok = True

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions

    def get_col_spec(self, **_: Any) -> str:
        """Return its name in SQL."""
        return f"halfvec({self.dimensions})"


def written(vector: Floats) -> str:
    """Return a vector as pgvector reads it."""
    return f"[{','.join(map(str, vector.tolist()))}]"


async def have_extension(session: AsyncSession) -> None:
    """Create the extension where it is missing.

    Raises:
        DatabaseError: it cannot be used; the sentence says what to do.
    """
    name = f'"{await session.scalar(select(func.current_database()))}"'
    installed = text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    if await session.scalar(installed) is None:
        if not await session.scalar(text("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")):
            raise DatabaseError("The server has no pgvector: install it there (0.8 or newer).")
        try:
            async with session.begin_nested():
                await session.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
        except DBAPIError as error:
            raise DatabaseError(
                f"This role may not create pgvector ({reason(error)}): have an administrator run "
                f"`CREATE EXTENSION vector` in the database {name}."
            ) from error
    version = str(await session.scalar(installed))
    if tuple(int(part) for part in version.split(".")[:2]) < _LEAST_VERSION:
        raise DatabaseError(
            f"pgvector {version} is too old: have an administrator install 0.8 or newer and run "
            f"`ALTER EXTENSION vector UPDATE` in the database {name}."
        )
    if await session.scalar(text("SELECT to_regtype('halfvec')")) is None:
        raise DatabaseError("pgvector's schema is not in this role's search_path: add it there.")


def reason(error: DBAPIError) -> str:
    """Return what the server says of an error, in one line."""
    return str(error.orig).strip().splitlines()[0]
