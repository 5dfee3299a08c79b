"""Versions where all machines find them: a shared folder, or a bucket of an S3-compatible store.

``<version>/`` holds the files of one version, its manifest last: without one it is no version, as in the registry.
Nothing from there is believed. The database says which sha256 the manifest has, and the manifest says it of each
file; what is longer than it should be is not read to its end.

fsspec speaks to the store, s3fs for S3, with the credentials that the AWS tools use. It knows neither the
registry nor the database.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from supportbot.errors import ConfigError, ModelError
from supportbot.faults import describe
from supportbot.models.registry import MANIFEST, Manifest, check_kinds, read_manifest

_CHUNK = 2**20
_MOST_MANIFEST = 16 * 2**20
"""Bytes of a manifest: one that lists a million rows has half of that."""

_ROOM = 2
"""How often a version is on the disk at most while it comes in: as it was fetched, and in its place."""

_STOPPED = "Nobody waits for it any more."

_FILE = re.compile(r"[A-Za-z0-9_][\w.-]{0,199}", re.ASCII)

_S3: dict[str, Any] = {
    "use_listings_cache": False,
    "skip_instance_cache": True,
    "config_kwargs": {"connect_timeout": 5, "read_timeout": 20, "retries": {"max_attempts": 2}},
}
"""Another machine may have put something there since, and who waits for a store that is away holds nobody up."""


class StoreError(ModelError):
    """The store could not give or take a version; it is tried again."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database knows of a version in the store.

    Attributes:
        manifest: sha256 of its manifest.
        size: bytes of its files, without the manifest.
    """

    manifest: str
    size: int


class Store:
    """The versions in one place.

    Args:
        url: a folder, or ``s3://bucket/prefix``.

    Raises:
        ConfigError: what speaks to S3 is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            options = _S3 if url.startswith("s3://") else {"auto_mkdir": True}
            self._files, self._root = fsspec.url_to_fs(url, **options)
            self._is_folder = isinstance(self._files, LocalFileSystem)
        except ImportError:
            raise ConfigError(
                "SUPPORTBOT_MODEL_STORE is on S3, and s3fs is not installed: pip install 'supportbot[s3]'."
            ) from None

    def check(self) -> None:
        """Look whether the store is there; blocks.

        Raises:
            StoreError: it isn't, or can't be read.
        """
        with _told("read"):
            # A folder is the operator's to make: one that is not mounted must not be made beneath its place. Of a
            # bucket, the prefix comes to be with its first file.
            bucket = self._root.partition("/")[0]
            if not self._files.exists(self._root if self._is_folder else bucket):
                raise FileNotFoundError(self._root)

    def has(self, version: str) -> bool:
        """Return whether a version is there; blocks.

        Raises:
            StoreError: the store can't be read now.
        """
        self.check()
        with _told("read"):
            return bool(self._files.exists(f"{self._place(version)}/{MANIFEST}"))

    def put(self, directory: Path, is_stopped: Callable[[], bool]) -> Stored:
        """Copy a version of the registry there, unless it is there already; blocks.

        Args:
            directory: where it is.
            is_stopped: whether nobody waits for it any more; then this ends in the middle.

        Raises:
            StoreError: it can't be written now.
            ModelError: another model has that name there.
        """
        manifest = read_manifest(directory)
        content = (directory / MANIFEST).read_bytes()
        place = self._place(manifest.version)
        size = sum((directory / name).stat().st_size for name in manifest.files)
        self.check()
        with _told("written"):
            known = self._known(place)
            if known is None:
                for name in manifest.files:
                    self._send(directory / name, f"{place}/{name}", is_stopped)
            elif known.files != manifest.files:
                raise ModelError(
                    f"SUPPORTBOT_MODEL_STORE has another model under the name '{manifest.version}', so it belongs "
                    "to another database or was changed: give each database a folder or prefix of its own."
                )
            self._files.pipe_file(f"{place}/{MANIFEST}", content)  # the manifest last
        return Stored(hashlib.sha256(content).hexdigest(), size)

    def get(self, version: str, digest: str, stored: Stored, folder: Path, is_stopped: Callable[[], bool]) -> None:
        """Copy a version into an empty folder; blocks.

        Args:
            version: its name.
            digest: of all its files together.
            stored: what the database knows of it.
            folder: on the disk that the version is for.
            is_stopped: whether nobody waits for it any more; then this ends in the middle.

        Raises:
            StoreError: it can't be read now, or is not what the database says.
            ModelError: it has a file that no version may have.
        """
        place = self._place(version)
        with _told("read"):
            with (folder / MANIFEST).open("wb") as target:
                self._copy(f"{place}/{MANIFEST}", target.write, _MOST_MANIFEST, stored.manifest, is_stopped)
            manifest = read_manifest(folder)
            self._check(manifest, version, digest, folder)
            sizes = {name: int(self._files.info(f"{place}/{name}")["size"]) for name in manifest.files}
            if sum(sizes.values()) != stored.size:
                raise StoreError(_not_it(version))
            if (free := shutil.disk_usage(folder).free) < _ROOM * stored.size:
                raise StoreError(
                    f"There is no space for version '{version}': it needs "
                    f"{_ROOM * stored.size // 10**6} MB during the download, and {free // 10**6} "
                    "MB are free in SUPPORTBOT_HOME."
                )
            for name, size in sizes.items():
                with (folder / name).open("xb") as target:
                    self._copy(f"{place}/{name}", target.write, size, manifest.files[name], is_stopped)

    def remove(self, version: str) -> None:
        """Delete a version there, if it is there; blocks.

        Raises:
            StoreError: it can't be written now.
        """
        place = self._place(version)
        with _told("written"):
            if self._files.exists(f"{place}/{MANIFEST}"):
                self._files.rm_file(f"{place}/{MANIFEST}")  # first, so that nobody finds half of it
            if self._files.exists(place):
                self._files.rm(place, recursive=True)

    def _place(self, version: str) -> str:
        return f"{self._root}/{version}"

    def _known(self, place: str) -> Manifest | None:
        try:
            content = json.loads(self._files.cat_file(f"{place}/{MANIFEST}", end=_MOST_MANIFEST))
            return Manifest(**content)
        except (FileNotFoundError, ValueError, TypeError):  # none, or half of one: it is written again
            return None

    def _send(self, path: Path, place: str, is_stopped: Callable[[], bool]) -> None:
        # What is cut short by a stop has no manifest beside it, and is written again.
        with path.open("rb") as source, self._files.open(place, "wb") as target:
            while chunk := source.read(_CHUNK):
                if is_stopped():
                    raise StoreError(_STOPPED)
                target.write(chunk)

    def _copy(
        self,
        path: str,
        write: Callable[[bytes], object],
        most: int,
        digest: str,
        is_stopped: Callable[[], bool],
    ) -> None:
        found, size = hashlib.sha256(), 0
        with self._files.open(path, "rb") as source:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                if is_stopped() or size > most:
                    break
                found.update(chunk)
                write(chunk)
        if is_stopped():
            raise StoreError(_STOPPED)
        if size > most or found.hexdigest() != digest:
            raise StoreError(_not_it(path.rsplit("/", 2)[-2], path.rsplit("/", 1)[-1]))

    def _check(self, manifest: Manifest, version: str, digest: str, folder: Path) -> None:
        if manifest.version != version or manifest.digest != digest:
            raise StoreError(_not_it(version))
        if bad := next((name for name in manifest.files if not _FILE.fullmatch(name) or name == MANIFEST), None):
            raise ModelError(f"Version '{version}' names '{bad}' among its files, and no version has such a file.")
        check_kinds(folder, manifest)


@contextmanager
def _told(done: str) -> Iterator[None]:
    """Say in a sentence what a library may raise of a store that is away: there is no end of kinds."""
    try:
        yield
    except (ModelError, MemoryError):
        raise
    except FileNotFoundError as error:
        raise StoreError(
            "SUPPORTBOT_MODEL_STORE lacks a file, or is not there at all: check that it is "
            "mounted, or that the bucket exists."
        ) from error
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else describe(error)
        raise StoreError(f"SUPPORTBOT_MODEL_STORE can't be {done} now: {reason}.") from error
    except Exception as error:
        raise StoreError(f"SUPPORTBOT_MODEL_STORE can't be {done} now: {describe(error)}.") from error


def _not_it(version: str, name: str = "") -> str:
    what = f"'{name}' of version '{version}'" if name else f"Version '{version}'"
    return (
        f"{what} in SUPPORTBOT_MODEL_STORE differs from what the database has recorded, so it is "
        f"incomplete or was changed: delete the folder '{version}' there, and the machine that "
        "published it will upload it again."
    )
