"""Connections that were not used for a moment are tried before they are used, since a server may have restarted.

SQLAlchemy's ``pool_pre_ping`` tries each connection each time, which is one more way to the server and back for
each transaction. While questions come all the time, the last transaction has shown that a connection works. If a
server restarts at that moment, the statement under way fails as well.
"""

from __future__ import annotations

import time

from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

_PAUSE_SECONDS = 0.5
"""A restart of PostgreSQL takes longer than that, and so does nearly every fault of a network."""

_USED_AT = "supportbot_used_at"


def ping_after_a_pause(engine: Engine) -> None:
    """Have an engine's pool replace connections that are dead after a pause."""

    def note(connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info[_USED_AT] = time.monotonic()

    def check(connection: DBAPIConnection, record: ConnectionPoolEntry, proxy: PoolProxiedConnection) -> None:
        used_at = record.info.get(_USED_AT)
        if used_at is None or time.monotonic() - used_at < _PAUSE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error  # the pool connects anew

    event.listen(engine, "checkin", note)
    event.listen(engine, "checkout", check)
