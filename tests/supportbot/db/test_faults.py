"""Faults of the storage: each is one sentence, is remembered until it is proven to be over, and loses nothing."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from supportbot.bootstrap import open_database
from supportbot.config import Settings
from supportbot.db.faults import Fault
from supportbot.db.health import probe, watch
from supportbot.db.integrity import find_damage
from supportbot.db.schema import check_schema, migrate
from supportbot.db.session import Database
from supportbot.errors import DatabaseError
from tests.conftest import create_postgres_database
from tests.waiting import beside, until

PAGE = 4096


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB; to mount one takes root."""
    folder = tmp_path / "disk"
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder))
    yield folder
    subprocess.run(["/bin/umount", "--lazy", folder], check=True)


def _mount(*arguments: str) -> None:
    subprocess.run(["/bin/mount", *arguments], check=True)


@pytest.fixture
async def stored(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """An open SQLite file in which one deed is written."""
    shutil.copyfile(migrated_sqlite, tmp_path / "test.db")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    await _write(database)
    yield database
    await database.aclose()


async def _write(database: Database, size: int = 100) -> None:
    async with database.write() as session:
        await session.execute(
            text(
                "INSERT INTO audit (actor, action, subject, details, at) "
                "VALUES ('Ana', :action, 'x', '{}', '2026-01-01 00:00:00+00:00')"
            ),
            {"action": "a" * size},
        )


async def _fill(database: Database) -> None:
    while True:
        await _write(database, size=3 * PAGE)


async def _count(database: Database) -> int:
    async with database.read() as session:
        return int(await session.scalar(text("SELECT count(*) FROM audit")) or 0)


async def test_full_disk_is_told_and_heals(disk: Path, migrated_sqlite: Path) -> None:
    """A full disk refuses with one sentence, is logged once, and is over as soon as there is room again."""
    shutil.copyfile(migrated_sqlite, disk / "test.db")
    ballast = disk / "ballast"
    ballast.write_bytes(b"x" * (2048 - 700) * 1024)
    database = Database(f"sqlite+aiosqlite:///{disk / 'test.db'}")
    with capture_logs() as logs:
        with pytest.raises(DatabaseError, match="disk of the database is full"):
            await _fill(database)
        written = await _count(database)
        for _ in range(3):
            with pytest.raises(DatabaseError):
                await _write(database, size=3 * PAGE)
            await probe(database)
            assert database.health.fault is Fault.FULL
    assert [line["event"] for line in logs] == ["storage.failed"]

    ballast.unlink()
    await probe(database)
    assert database.health.problem == ""
    await _write(database, size=3 * PAGE)
    assert await _count(database) == written + 1 > 1
    await database.aclose()


async def test_locked_database_is_told_and_heals(stored: Database) -> None:
    """While another process keeps the lock nothing can be written, and the loop notices when it lets go."""
    assert stored.path is not None
    database = Database(str(stored.url), lock_seconds=0.02)
    with closing(sqlite3.connect(stored.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseError, match="keeps the database locked"):
            await _write(database)
        assert await _count(database) == 1
        async with beside(watch(database, faulty_seconds=0.01)):
            other.execute("COMMIT")
            await until(lambda: database.health.fault is None)
    await _write(database)
    await database.aclose()


@pytest.mark.parametrize("damage", ["deleted", "replaced", "emptied", "log deleted"])
async def test_files_that_go_are_noticed_at_the_next_write(
    damage: str, stored: Database, migrated_sqlite: Path
) -> None:
    """Nothing is written into a file that nobody will find: SQLite itself would say that it was committed."""
    path = stored.path
    assert path is not None
    match damage:
        case "deleted":
            path.unlink()
        case "replaced":
            path.unlink()
            shutil.copyfile(migrated_sqlite, path)
        case "emptied":
            subprocess.run(["/usr/bin/truncate", "--size=0", path], check=True)  # noqa: ASYNC221 - takes no time
        case _:
            path.with_name(f"{path.name}-wal").unlink()
    with pytest.raises(DatabaseError, match="removed, replaced or emptied"):
        await _write(stored)
    await probe(stored)
    assert stored.health.fault is Fault.GONE
    assert path.exists() is (damage != "deleted")


async def test_log_that_was_deleted_loses_nothing(stored: Database) -> None:
    """What was committed before the write-ahead log was deleted is there after a stop and a start."""
    path = stored.path
    assert path is not None
    path.with_name(f"{path.name}-wal").unlink()
    with pytest.raises(DatabaseError):
        await _write(stored)
    await stored.aclose()
    again = Database(stored.url.render_as_string())
    assert await _count(again) == 1
    await _write(again)
    await again.aclose()


async def test_file_that_is_put_back_heals(stored: Database) -> None:
    """A file that was moved away and comes back is the same file, and all goes on."""
    path = stored.path
    assert path is not None
    path.rename(path.with_name("elsewhere.db"))
    with pytest.raises(DatabaseError):
        await _write(stored)
    path.with_name("elsewhere.db").rename(path)
    await probe(stored)
    assert stored.health.fault is None
    await _write(stored)


async def test_damaged_page_is_found_before_anybody_meets_it(stored: Database) -> None:
    """The loop reads every page by itself, tells of the damage, and takes it back once a whole file is there."""
    path = stored.path
    assert path is not None
    for _ in range(20):
        await _write(stored, size=PAGE)
    await stored.aclose()
    whole, damaged = path.with_name("whole"), path.with_name("damaged")
    content = path.read_bytes()
    whole.write_bytes(content)
    damaged.write_bytes(content[: -8 * PAGE] + b"\xff" * 8 * PAGE)
    _overwrite(path, damaged)
    assert await find_damage(path)
    async with beside(watch(stored, faulty_seconds=0.01)):
        await until(lambda: stored.health.fault is Fault.DAMAGED)
        with pytest.raises(DatabaseError, match="damaged"):
            await _read_all(stored)
        _overwrite(path, whole)
        await until(lambda: stored.health.fault is None)


def _overwrite(path: Path, content: Path) -> None:
    """Change what is in a file, by another process: this one would lose its locks if it closed the file itself."""
    subprocess.run(["/bin/dd", f"if={content}", f"of={path}", "conv=notrunc", "status=none"], check=True)


async def _read_all(database: Database) -> None:
    async with database.read() as session:
        await session.execute(text("SELECT action, details FROM audit"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", r"is empty \(0 bytes\)"), (b"garbage " * 1000, "is not an SQLite file"), (None, "cut short|damaged")],
    ids=["zero-length", "garbage", "torn"],
)
async def test_file_that_is_none_of_ours_is_refused(
    content: bytes | None, sentence: str, stored: Database
) -> None:
    """Bad inputs 59 to 61: each is told in one sentence with its remedy, and the file is left as it is."""
    path = stored.path
    assert path is not None
    await stored.aclose()
    path.write_bytes(path.read_bytes()[: 5 * PAGE] if content is None else content)
    before = path.read_bytes()
    database = Database(stored.url.render_as_string())
    with pytest.raises(DatabaseError, match=sentence) as caught:
        await _check(database)
    assert "restore" in str(caught.value)
    assert path.read_bytes() == before
    await database.aclose()


async def _check(database: Database) -> None:
    await check_schema(database)
    await database.check_integrity()


async def test_read_only_disk_is_told(disk: Path) -> None:
    """Bad input 62: a home that cannot be written is told in one sentence, as a setting or as the database."""
    settings = Settings(home=disk)
    async with open_database(settings) as database:
        await migrate(database)
    _mount("-o", "remount,ro", str(disk))
    try:
        database = Database(settings.sqlalchemy_url)
        with pytest.raises(DatabaseError, match=r"cannot be (opened|written)|may be written"):
            await _write(database)
        await database.aclose()
    finally:
        _mount("-o", "remount,rw", str(disk))


async def test_server_that_becomes_read_only_or_goes_is_told(postgres_url: str, migrated_postgres: str) -> None:
    """PostgreSQL's own faults have the same sentences, and a connection that it ended is no traceback."""
    url = create_postgres_database(postgres_url, migrated_postgres)
    database = Database(url)
    name = database.url.database
    async with database.write() as session:
        await session.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    await database.engine.dispose()
    with pytest.raises(DatabaseError, match="cannot be written"):
        await _write(database)
    async with database.read() as session:
        await session.execute(text("SET TRANSACTION READ WRITE"))
        await session.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
    await database.engine.dispose()
    await probe(database)
    assert database.health.fault is None
    with pytest.raises(DatabaseError, match="server does not answer"):
        async with database.read() as session:
            await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    await database.aclose()
