"""What an export held when it was made: the sha256 of its files, kept apart from it, beside the folder of exports.

An export bears the digest of its model's files in its name, and those are in the manifest of the version. The seal
goes on from there: whoever changes what is to be loaded changes it no longer as that model, and it is made anew.

Hashing hundreds of megabytes at each start would be felt. So a file that was hashed once is known by its size, its
inode and its times, of which nobody can set the last one back; only what differs in one of them is hashed again.

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
"""Times of files are a few milliseconds coarse, and seconds on some file systems: what was written just now may be
written again without a trace, so it is not yet known by its times."""

Mark = tuple[int, int, int, int]
"""Inode, size, and in nanoseconds the times of the last change of the content and of anything at all."""


class Seal(msgspec.Struct, frozen=True):
    """What is known of an export.

    Attributes:
        digests: sha256 of each file.
        marks: by which a file that had its digest is known again.
    """

    digests: dict[str, str]
    marks: dict[str, Mark] = {}


UNKNOWN = Seal({})
"""Of an export that nobody sealed, such as one that a benchmark makes by other means."""


def seal(directory: Path, content: Path) -> None:
    """Keep what an export is to hold.

    Args:
        directory: where it will be.
        content: where its files are now.

    Raises:
        OSError: there is no room.
    """
    _write(directory, Seal({name: sha256(content / name) for name in SEALED}))


def unseal(directory: Path) -> None:
    """Forget an export that is gone; where nothing can be deleted, what stays does no harm."""
    with suppress(OSError):
        _path(directory).unlink()


def read_seal(directory: Path) -> Seal | None:
    """Return what is known of an export; None if that is nothing."""
    try:
        return msgspec.json.decode(_path(directory).read_bytes(), type=Seal)
    except (OSError, ValueError):
        return None


def find_change(directory: Path, known: Seal, *, thorough: bool = False) -> str | None:
    """Return the name of a file that is not what it was when the export was made, or None.

    Args:
        directory: the export.
        known: its seal.
        thorough: hash every file, whatever it is known by.
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
    """Refuse what is read meanwhile if it is not what was sealed.

    Raises:
        RuntimeError: a file is another one, or was changed while it was read.
        OSError: a file is missing.
    """
    before = {name: mark_of((directory / name).stat()) for name in known.digests}
    yield
    for name, mark in before.items():
        is_known = mark == known.marks.get(name) or sha256(directory / name) == known.digests[name]
        if not is_known or mark_of((directory / name).stat()) != mark:
            raise RuntimeError(f"'{directory / name}' was changed since it was made")


def mark_of(status: os.stat_result) -> Mark:
    """Return what a file is known by."""
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
