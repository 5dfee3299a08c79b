"""The use of an export: its last model directory and time, and whether an engine has it now.

The first two are a note in the export's folder, renewed at each load. The last is a shared lock on its
``export.json``, which the system releases when the process ends in any way. Windows has no such lock and needs
none: open files can't be deleted there.

This module decides nothing; ``prune`` does.
"""

from __future__ import annotations

import sys
import weakref
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from supportbot.engine.openvino.layout import ABOUT

log = structlog.get_logger(__name__)

_NOTE = "used-for"


@dataclass(frozen=True, slots=True)
class Use:
    """The last use of an export.

    Attributes:
        model: directory that it was loaded for; None if nobody noted it.
        at: seconds since the epoch.
    """

    model: Path | None
    at: float


def note_use(directory: Path, model: Path) -> None:
    """Note that an export is used for a model from now on; a read-only one works without the note."""
    staged = directory / f".{_NOTE}"
    try:
        staged.write_text(str(model.resolve()), "utf-8")
        staged.replace(directory / _NOTE)
    except FileNotFoundError:
        return  # there is no export yet: it comes with a note
    except OSError as error:
        log.debug("engine.use_unnoted", export=directory.name, error=str(error))


def last_use(directory: Path) -> Use:
    """Return the last use of an export; without a note, when it was made.

    Raises:
        OSError: it is gone, or can't be read.
    """
    note = directory / _NOTE
    try:
        return Use(Path(note.read_text("utf-8", "replace")), note.stat().st_mtime)
    except FileNotFoundError:
        return Use(None, directory.stat().st_mtime)


def hold(directory: Path, holder: object) -> None:
    """Mark an export as in use while an object, or this process, lives."""
    if sys.platform == "win32":
        return
    import fcntl

    try:
        file = (directory / ABOUT).open("rb")
    except OSError as error:  # its next reader reports that
        log.debug("engine.use_unmarked", export=directory.name, error=str(error))
        return
    weakref.finalize(holder, file.close)
    with suppress(OSError):  # some network file systems have no locks: only the note protects it there
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)


def is_held(directory: Path) -> bool:
    """Return whether an engine has an export in use, in this process or another one."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        with (directory / ABOUT).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:  # held, or unknown on this file system
        return True
    return False
