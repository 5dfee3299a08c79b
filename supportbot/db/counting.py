"""For statements that go through very many rows: on PostgreSQL, what they may take for the rest of a transaction.

PostgreSQL sorts on disk what exceeds 4 MB unless it is told otherwise, spreads such statements over cores that are
needed for answers, and compiles them, which takes longer than to run them. SQLite does nothing of the kind.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

_SETTINGS = {"work_mem": "32MB", "max_parallel_workers_per_gather": "0", "jit": "off"}
"""A month of 100,000 conversations is counted in 8 MB."""


async def expect_many_rows(session: AsyncSession) -> None:
    """Have the rest of a transaction counted in memory and on one core."""
    if session.get_bind().dialect.name == "sqlite":
        return
    await session.execute(select(*(func.set_config(name, value, True) for name, value in _SETTINGS.items())))
