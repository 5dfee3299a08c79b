"""Whether the storage works: what failed last, and whether it has passed.

The code that meets a failure records it, and it is logged once. A transaction that succeeds proves little, because
it may have written nothing. So a small write of our own proves that writing works again, and reading all pages
proves that nothing is damaged.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import text

from supportbot.db.faults import Fault
from supportbot.db.integrity import find_damage
from supportbot.errors import DatabaseError

if TYPE_CHECKING:
    from supportbot.db.session import Database

log = structlog.get_logger(__name__)

HEALTHY_SECONDS = 30.0
"""How often a small write is tried where nothing is known to be wrong."""

FAULTY_SECONDS = 5.0
"""How often it is tried after a failure."""

DAMAGE_SECONDS = 3600.0
"""How often every page is read: a second for 500 MB or so, in a thread."""

_ROOM_BYTES = 64 * 1024
"""What has to be free before a full disk counts as fixed: a question with its answer needs less."""


class Health:
    """What is known of a database's storage."""

    def __init__(self) -> None:
        self.fault: Fault | None = None
        """What failed last, until it is proven to work again."""
        self.has_failed = asyncio.Event()
        """Set while there is a fault."""

    @property
    def problem(self) -> str:
        """One sentence that names no file and no address; empty where all is well."""
        return self.fault.value if self.fault else ""

    def failed(self, fault: Fault) -> None:
        """Note a failure; damage is not forgotten because of another one."""
        if fault is not self.fault and self.fault is not Fault.DAMAGED:
            log.error("storage.failed", error=fault.value)
            self.fault = fault
            self.has_failed.set()

    def healed(self) -> None:
        """Note that all is well."""
        if self.fault:
            log.info("storage.healed", fault=self.fault.name.lower())
            self.fault = None
            self.has_failed.clear()


async def watch(
    database: Database,
    *,
    healthy_seconds: float = HEALTHY_SECONDS,
    faulty_seconds: float = FAULTY_SECONDS,
    damage_seconds: float = DAMAGE_SECONDS,
) -> None:
    """Prove regularly, until cancelled, that the database takes what is written, and that it is not damaged."""
    loop = asyncio.get_running_loop()
    looked_at: float | None = None
    while True:
        due = looked_at is None or loop.time() - looked_at >= damage_seconds
        try:
            if due or database.health.fault is Fault.DAMAGED:
                looked_at = loop.time()
                await _look_for_damage(database)
            await probe(database)
        except Exception:  # what nobody has thought of must not end the daemon
            log.exception("storage.watch_failed")
        with suppress(TimeoutError):
            async with asyncio.timeout(healthy_seconds):
                await database.health.has_failed.wait()
        if database.health.fault:
            await asyncio.sleep(faulty_seconds)


async def probe(database: Database) -> None:
    """Try a small write; what fails is noted, and what works is."""
    try:
        async with database.write() as session:  # the same value: nothing changes, and yet a page is written
            await session.execute(text("UPDATE alembic_version SET version_num = version_num"))
    except DatabaseError:  # noted by ``write``
        return
    if database.health.fault is Fault.DAMAGED or (database.health.fault is Fault.FULL and not _has_room(database)):
        return
    database.health.healed()


async def _look_for_damage(database: Database) -> None:
    if database.path is None or database.is_missing:
        return
    if await find_damage(database.path):
        database.health.failed(Fault.DAMAGED)
    elif database.health.fault is Fault.DAMAGED:
        database.health.healed()


def _has_room(database: Database) -> bool:
    if database.path is None:
        return True
    disk = os.statvfs(database.path.parent)
    return disk.f_bavail * disk.f_frsize >= _ROOM_BYTES
