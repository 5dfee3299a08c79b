"""The sha256 of an export's files when it was made, stored apart from it, beside the folder of exports.

An export has the digest of its model's files in its name, and the version's manifest has those files' digests. The
seal continues the chain: a changed export no longer counts as that model's and is made again.

Hashing hundreds of megabytes would slow each start. So a hashed file is recognised by its size, its inode and its
times, of which nobody can set the last one back; it is hashed again only if one of them differs.

This module knows no model and no OpenVINO.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from supportbot.engine.openvino.layout import ABOUT, GRAPH, NUMBERS

SEALED = (GRAPH, NUMBERS, ABOUT)

_FOLDER = ".seals"

_SETTLED_SECONDS = 2.0
"""Times of files have a resolution of milliseconds, on some file systems of seconds: a file written just now may
change again without a new time, so its times do not identify it yet."""

Mark = tuple[int, int, int, int]
"""Inode, size, and in nanoseconds the times of the last change of the content (mtime) and of anything (ctime)."""


class Seal(msgspec.Struct, frozen=True):
    """What is known of an export.

    Attributes:
        digests: sha256 of each file.
        marks: identify a file whose digest is known.
    """

    digests: dict[str, str]
    marks: dict[str, Mark] = {}


UNKNOWN = Seal({})
"""Of an export without a seal, such as one that a benchmark makes by other means."""


def seal(directory: Path, content: Path) -> None:
    """Store the digests of an export.

    Args:
        directory: where it will be.
        content: where its files are now.

    Raises:
        OSError: there is no room.
    """
    _write(directory, Seal({name: sha256(content / name) for name in SEALED}))


def unseal(directory: Path) -> None:
    """Forget an export that is gone; a file that can't be deleted does no harm."""
    with suppress(OSError):
        _path(directory).unlink()


def read_seal(directory: Path) -> Seal | None:
    """Return what is known of an export, if anything."""
    try:
        return msgspec.json.decode(_path(directory).read_bytes(), type=Seal)
    except (OSError, ValueError):
        return None


def find_change(directory: Path, known: Seal, *, thorough: bool = False) -> str | None:
    """Return the name of a file that has changed since the export was made, or None.

    Args:
        directory: the export.
        known: its seal.
        thorough: hash every file, even one with known marks.
    """
    marks: dict[str, Mark] = {}
    for name in SEALED:
        path = directory / name
        try:
            mark = mark_of(path.stat())
            if (thorough or mark != known.marks.get(name)) and sha256(path) != known.digests.get(name):
                return name
        except OSError:
            return name
        if time.time() - mark[3] / 1e9 > _SETTLED_SECONDS:
            marks[name] = mark
    if marks != known.marks:
        with suppress(OSError):  # a folder that may only be read: hashed again the next time
            _write(directory, Seal(known.digests, marks))
    return None


@contextmanager
def reading(directory: Path, known: Seal) -> Iterator[None]:
    """Refuse an export that differs from its seal while it is read.

    Raises:
        RuntimeError: a file differs, or changed while it was read.
        OSError: a file is missing.
    """
    before = {name: mark_of((directory / name).stat()) for name in known.digests}
    yield
    for name, mark in before.items():
        is_known = mark == known.marks.get(name) or sha256(directory / name) == known.digests[name]
        if not is_known or mark_of((directory / name).stat()) != mark:
            raise RuntimeError(f"'{directory / name}' was changed since it was made")


def mark_of(status: os.stat_result) -> Mark:
    """Return a file's marks."""
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def sha256(path: Path) -> str:
    """Return the digest of a file's content.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _path(directory: Path) -> Path:
    return directory.parent.parent / _FOLDER / f"{directory.name}.json"


def _write(directory: Path, content: Seal) -> None:
    path = _path(directory)
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_suffix(f".{os.getpid()}")
    staged.write_bytes(msgspec.json.encode(content))
    staged.replace(path)
