"""For statements that read some thousand rows by their indexes: settings for PostgreSQL. By default it would read
whole tables to avoid a thousand look-ups, because it assumes a slow disk; spread that over cores that are needed
for answers; and compile it, which takes longer than running it. SQLite does none of this.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

_SETTINGS = {"random_page_cost": "1.1", "max_parallel_workers_per_gather": "0", "jit": "off"}


async def expect_lookups(session: AsyncSession) -> None:
    """Have the rest of a transaction look rows up, on one core."""
    if session.get_bind().dialect.name == "sqlite":
        return
    await session.execute(select(*(func.set_config(name, value, True) for name, value in _SETTINGS.items())))
