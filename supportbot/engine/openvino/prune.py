"""Which exports are deleted: those of models that are gone, and those that nobody used for a month.

An export can be made again from its model in seconds, so deleting one too many only costs time; one that an engine
uses is never touched. Others stay if they belong to an installed version, or if their model exists and they were
used lately. Exports by another version of this program or of OpenVINO belong to no installed version: they would
not be found again.

An export in progress holds the folder's lock, and then nothing is deleted this time.

This module knows no registry: it is told which directories are installed.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Collection
from pathlib import Path

import structlog
from filelock import FileLock, Timeout

from supportbot.engine.openvino.export import LOCK, maker, read_about
from supportbot.engine.openvino.seal import unseal
from supportbot.engine.openvino.use import is_held, last_use

log = structlog.get_logger(__name__)

UNUSED_DAYS = 30
"""Longer than a holiday, so that a model which somebody tries now and then is not exported each time."""

_NAME = re.compile(r"\.?[0-9a-f]{32}-(16bit|int8)")
"""Of exports and, with a dot, of those being made or deleted; other files there are not ours."""

_DAY = 86_400.0
_MEGABYTE = 10**6


def prune(exports: Path, installed: Collection[Path]) -> int:
    """Delete exports that nobody needs, and what a crash left of others; return the bytes freed.

    It never fails and never waits: a failed deletion is tried the next time.

    Args:
        exports: folder in which exported models are kept.
        installed: directories of the models whose exports stay.
    """
    freed = 0
    if not exports.is_dir():
        return freed
    owners = {directory.resolve() for directory in installed}
    try:
        with FileLock(exports / LOCK, blocking=False):  # a folder that may only be read fails here
            ours = (path for path in exports.iterdir() if _NAME.fullmatch(path.name) and path.is_dir())
            for directory in sorted(ours):  # with a dot first
                freed += _prune(directory, owners)
    except Timeout:
        log.debug("engine.prune_put_off", exports=str(exports))
    except OSError as error:
        log.debug("engine.prune_failed", exports=str(exports), error=str(error))
    if freed:
        log.info("engine.exports_pruned", freed_mb=round(freed / _MEGABYTE, 1))
    return freed


def _prune(directory: Path, owners: Collection[Path]) -> int:
    """Delete a directory if nobody needs it, and return the bytes freed; the caller holds the lock."""
    try:
        if directory.name.startswith("."):  # left by a crash: staging holds the lock
            return _delete(directory)
        if _is_needed(directory, owners):
            return 0
        # Renamed first, so that nobody finds half of it; checked again, because it may be in use by now.
        waste = directory.with_name(f".{directory.name}")
        directory.replace(waste)
        if _is_needed(waste, owners):
            waste.replace(directory)
            return 0
        unseal(directory)
        return _delete(waste)
    except OSError as error:  # on Windows: somebody has it open
        log.debug("engine.export_kept", export=directory.name, error=str(error))
        return 0


def _is_needed(directory: Path, owners: Collection[Path]) -> bool:
    if is_held(directory):
        return True
    use = last_use(directory)
    if use.model in owners and _is_current(directory):
        return True
    is_model_gone = use.model is not None and not use.model.is_dir()
    return not is_model_gone and time.time() - use.at < UNUSED_DAYS * _DAY


def _is_current(directory: Path) -> bool:
    """Return whether this program would find an export again."""
    try:
        return read_about(directory).maker == maker()
    except (OSError, ValueError):
        return False


def _delete(directory: Path) -> int:
    size = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
    shutil.rmtree(directory)
    return size
