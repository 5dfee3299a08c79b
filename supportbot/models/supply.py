"""Versions that come to this home from where all machines find them, and go there from here.

The database says which files a version has. What is fetched is checked against that in a folder of its own and
installed whole, so nothing half-made is ever visible, and of several processes on one home one fetches.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog
from filelock import FileLock, Timeout
from sqlalchemy import select, update

from supportbot.config import Settings
from supportbot.db.models import ModelVersion
from supportbot.db.session import Database
from supportbot.db.states import ModelStatus
from supportbot.errors import ModelError
from supportbot.models.registry import Registry, verify
from supportbot.models.store import Store, Stored, StoreError

log = structlog.get_logger(__name__)

T = TypeVar("T")

_LOCK = ".fetching.lock"
_FETCHED = ".fetched-"
_PATIENCE = 0.2
"""How often one who waits for another process looks whether anybody waits for it."""


class Supply:
    """Brings versions, and takes them along.

    Args:
        database: says which files a version has, and whether they are in the store.
        registry: the home's.
        store: where all machines find versions; None where there is no such place.
    """

    def __init__(self, database: Database, registry: Registry, store: Store | None) -> None:
        self._database = database
        self._registry = registry
        self._store = store

    @property
    def has_store(self) -> bool:
        """Whether there is a place where all machines find versions."""
        return self._store is not None

    async def is_here(self, version: str) -> bool:
        """Return whether a version is in this home.

        Raises:
            ModelError: it is, with other files than the database knows of.
        """
        return await asyncio.to_thread(self._is_here, version, self._digest(await self._row(version)))

    async def get(self, version: str) -> None:
        """Make sure that a version is in this home; whoever is cancelled meanwhile ends a download.

        Raises:
            StoreError: it can't be had now.
            ModelError: it can't be had, or is here with other files than the database knows of.
        """
        row = await self._row(version)
        is_stored = self._store is not None and row is not None and row.stored_manifest is not None
        if await asyncio.to_thread(self._is_here, version, self._digest(row)) and (
            # What is damaged here is fetched again, if it can be; else whoever loads it says what is wrong with
            # it.
            not is_stored or await asyncio.to_thread(self._is_whole, version)
        ):
            return
        if row is None or row.status == ModelStatus.RETIRED or self._database.is_sqlite:
            raise ModelError(f"No version '{version}' is installed: see `supportbot models list`.")
        if self._store is None:
            raise StoreError(
                f"Version '{version}' is not on this machine, and SUPPORTBOT_MODEL_STORE is not set: set one that "
                "all machines reach, or publish the version on this machine as well."
            )
        if row.stored_manifest is None or row.stored_bytes is None:
            raise StoreError(
                f"Version '{version}' is neither on this machine nor in SUPPORTBOT_MODEL_STORE: start the bot, "
                "with that set, on the machine where it was published."
            )
        stored = Stored(row.stored_manifest, row.stored_bytes)
        digest, store = row.digest, self._store
        await _stoppable(lambda is_stopped: self._fetch(store, version, digest, stored, is_stopped))

    async def put(self, version: str) -> None:
        """Make sure that a version of this home is where all machines find it, if there is such a place.

        Raises:
            StoreError: the store can't be written now.
            ModelError: another model has that name there.
        """
        if self._store is None or (row := await self._row(version)) is None or row.status == ModelStatus.RETIRED:
            return
        if row.stored_manifest is not None and await asyncio.to_thread(self._store.has, version):
            return
        put = partial(self._store.put, self._registry.directory(version))
        stored = await _stoppable(put)
        async with self._database.write() as session:
            wanted = await session.scalar(
                update(ModelVersion)
                .where(
                    ModelVersion.name == version,
                    ModelVersion.digest == row.digest,
                    ModelVersion.status != ModelStatus.RETIRED,
                )
                .values(stored_manifest=stored.manifest, stored_bytes=stored.size)
                .returning(ModelVersion.id)
            )
        if wanted is None:  # retired while it was copied: whoever did that found nothing to delete there
            await self.remove(version)
            return
        log.info("model.stored", version=version, megabytes=round(stored.size / 10**6, 1))

    async def put_all(self) -> None:
        """Put what this home has, and the store lacks, there.

        Raises:
            StoreError: as for ``put``.
            ModelError: as above.
        """
        if self._store is None:
            return
        query = select(ModelVersion.name, ModelVersion.digest).where(ModelVersion.status != ModelStatus.RETIRED)
        async with self._database.read() as session:
            rows = (await session.execute(query.order_by(ModelVersion.id))).all()
        for version, digest in rows:
            if await asyncio.to_thread(self._has, version, digest):
                await self.put(version)

    async def remove(self, version: str) -> None:
        """Delete a version where all machines find it.

        Raises:
            StoreError: the store can't be written now.
        """
        if self._store is not None:
            await asyncio.to_thread(self._store.remove, version)

    async def _row(self, version: str) -> ModelVersion | None:
        async with self._database.read() as session:
            row: ModelVersion | None = await session.scalar(
                select(ModelVersion).where(ModelVersion.name == version)
            )
            return row

    def _digest(self, row: ModelVersion | None) -> str | None:
        """Return which files a version must have; None where the home itself says it."""
        return None if row is None or self._database.is_sqlite else row.digest

    def _is_here(self, version: str, digest: str | None) -> bool:
        if version not in self._registry.versions():
            return False
        if digest is not None and self._registry.manifest(version).digest != digest:
            raise ModelError(
                f"'{version}' is installed here with other files than the database knows under that name: move "
                f"{self._registry.directory(version)} away, and start the bot again."
            )
        return True

    def _is_whole(self, version: str) -> bool:
        try:
            verify(self._registry.directory(version))
        except ModelError:
            return False
        return True

    def _has(self, version: str, digest: str) -> bool:
        """Return whether these very files are here; what is damaged or another model is not."""
        try:
            return self._is_here(version, digest)
        except ModelError:
            return False

    def _fetch(
        self, store: Store, version: str, digest: str, stored: Stored, is_stopped: Callable[[], bool]
    ) -> None:
        root = self._registry.root
        root.mkdir(parents=True, exist_ok=True)
        lock = _wait_for(root / _LOCK, is_stopped)
        try:
            if self._is_here(version, digest) and self._is_whole(version):  # another process was quicker
                return
            for left in root.glob(f"{_FETCHED}*"):  # by a process that was killed
                shutil.rmtree(left, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix=_FETCHED, dir=root) as folder:
                store.get(version, digest, stored, Path(folder), is_stopped)
                self._registry.install(Path(folder))
        finally:
            lock.release()
        log.info("model.fetched", version=version, megabytes=round(stored.size / 10**6, 1))


def open_supply(settings: Settings, database: Database, registry: Registry) -> Supply:
    """Return what brings versions, as it is set.

    Raises:
        ConfigError: what speaks to the store is not installed.
    """
    return Supply(database, registry, Store(settings.model_store) if settings.model_store else None)


def _wait_for(path: Path, is_stopped: Callable[[], bool]) -> FileLock:
    lock = FileLock(path)
    while True:
        try:
            lock.acquire(timeout=_PATIENCE)
        except Timeout:
            if is_stopped():
                raise StoreError("Nobody waits for it any more.") from None
        else:
            return lock


async def _stoppable(work: Callable[[Callable[[], bool]], T]) -> T:
    """Run in a thread what looks regularly whether anybody still waits for it."""
    stopped = threading.Event()
    try:
        return await asyncio.to_thread(work, stopped.is_set)
    except asyncio.CancelledError:
        stopped.set()
        raise
