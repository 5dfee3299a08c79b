"""A key that all daemons of one database share: made at its first use, and kept with the page's own workspace.

It signs what the page gives away and takes back. It opens nothing by itself. What is told of it is a name for the
installation, by which rows are known that come back to the database they were exported from.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from supportbot.db.models import Workspace
from supportbot.db.session import Database
from supportbot.db.states import LOCAL_WORKSPACE

_SETTING = "page_key"
_KEY_BYTES = 32
"""As long as what HMAC-SHA256 makes."""


_INSTALLATION_DIGITS = 32


async def installation_of(database: Database) -> str:
    """Return the name of this database among all others: 32 hexadecimal digits that tell nothing of the key."""
    key = await page_key(database)
    return hmac.new(key, b"installation", "sha256").hexdigest()[:_INSTALLATION_DIGITS]


async def page_key(database: Database) -> bytes:
    """Return the key with which the page's cookies are signed."""
    place = {"platform": "web", "external_id": LOCAL_WORKSPACE}
    async with database.read() as session:  # nothing has to be written at any later start
        row = await session.scalar(select(Workspace).filter_by(**place))
        if row is not None and _SETTING in row.settings:
            return bytes.fromhex(row.settings[_SETTING])
    async with database.write() as session:
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        await session.execute(
            insert(Workspace)
            .values(**place, name="", settings={}, created_at=datetime.now(UTC))
            .on_conflict_do_nothing()
        )
        row = (await session.scalars(select(Workspace).filter_by(**place).with_for_update())).one()
        key: str | None = row.settings.get(_SETTING)
        if key is None:
            key = secrets.token_hex(_KEY_BYTES)
            row.settings = {**row.settings, _SETTING: key}
        return bytes.fromhex(key)
