"""What a backup is made of: its files with their digests, and what is needed to know where it may be restored."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from supportbot.errors import BackupError

MANIFEST = "manifest.json"
MODELS = "models"
SETTINGS = "settings.json"
SQLITE_FILE = "supportbot.db"
POSTGRESQL_FILE = "supportbot.dump"

FORMAT = 1
"""Raised when an older program could not restore what a newer one has made."""

Tell = Callable[[str, float], None]
"""Called with what is being done, and how much of it is done, from 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is in a backup.

    Attributes:
        format: see ``FORMAT``.
        created_at: ISO 8601, UTC.
        schema: the revision of the database.
        live_model: the version that was live; None before anything was installed.
        files: sha256 of each file, by its path below the folder, with forward slashes.
        left_out: versions of the model that were damaged already.
    """

    format: int
    created_at: str
    schema: str
    live_model: str | None
    files: Mapping[str, str]
    left_out: tuple[str, ...] = ()

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is SQLite's; it is PostgreSQL's otherwise."""
        return SQLITE_FILE in self.files


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Finish a backup whose files are all there and on the disk."""
    path = folder / MANIFEST
    path.write_text(json.dumps(asdict(manifest), indent=2, sort_keys=True) + "\n", "utf-8")
    fsync(path)


def read_manifest(folder: Path) -> Manifest:
    """Read what a backup is made of.

    Raises:
        BackupError: it is none, or was made by a newer program.
    """
    try:
        found = json.loads((folder / MANIFEST).read_text("utf-8"))
        if found["format"] > FORMAT:
            raise BackupError(f"'{folder}' was made by a newer program: install that to restore it.")
        manifest = Manifest(**{**found, "left_out": tuple(found["left_out"])})
        names = [PurePosixPath(name) for name in manifest.files]
    except (FileNotFoundError, NotADirectoryError):
        raise BackupError(
            f"'{folder}' is not a finished backup: it has no {MANIFEST}. Name the folder of another one."
        ) from None
    except OSError as error:
        raise BackupError(f"'{folder}' cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError) as error:
        raise BackupError(f"'{folder / MANIFEST}' is damaged: use another backup.") from error
    if any(name.is_absolute() or ".." in name.parts for name in names):
        raise BackupError(f"'{folder / MANIFEST}' names a file outside its folder: use another backup.")
    return manifest


def verify(folder: Path, tell: Tell) -> Manifest:
    """Read a manifest and compare every file with it.

    Raises:
        BackupError: it is no backup, or a file is missing or was changed.
    """
    manifest = read_manifest(folder)
    for number, (name, digest) in enumerate(manifest.files.items()):
        tell("comparing digests", number / len(manifest.files))
        path = folder / name
        if path.is_symlink() or not path.is_file() or sha256(path) != digest:
            raise BackupError(f"'{path}' is missing or was changed: use another backup.")
    return manifest


def sha256(path: Path) -> str:
    """Return the digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fsync(path: Path) -> None:
    """Wait until a file, or the list of what is in a folder, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
