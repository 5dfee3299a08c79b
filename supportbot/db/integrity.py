"""Whether every page of a SQLite file is as it should be; read from the disk, and not from anybody's cache."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from threading import Lock

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


async def find_damage(path: Path, *, thorough: bool = False) -> str | None:
    """Return what SQLite finds wrong with a file; None if it is whole, or is not there, or cannot be opened.

    Args:
        path: the file; writers are not kept waiting.
        thorough: also compare each index with its table, which takes a few times as long.
    """
    look = _Look(path, "integrity_check(1)" if thorough else "quick_check(1)")
    try:
        return await asyncio.to_thread(look.run)
    except asyncio.CancelledError:
        look.stop()  # else the process could not end before the last page is read
        raise


class _Look:
    def __init__(self, path: Path, pragma: str) -> None:
        self._path = path
        self._pragma = pragma
        self._connection: sqlite3.Connection | None = None
        self._lock = Lock()
        self._is_stopped = False

    def run(self) -> str | None:
        try:
            with self._lock:
                if self._is_stopped:
                    return None
                uri = f"{self._path.absolute().as_uri()}?mode=ro"
                self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
            [found] = self._connection.execute(f"PRAGMA {self._pragma}").fetchone()
        except sqlite3.DatabaseError as error:
            # Locked, gone, or stopped by us: that is no damage.
            return str(error) if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE else None
        else:
            return None if found == "ok" else str(found)
        finally:
            with self._lock:
                if self._connection is not None:
                    self._connection.close()
                self._connection = None

    def stop(self) -> None:
        with self._lock:
            self._is_stopped = True
            if self._connection is not None:
                self._connection.interrupt()
