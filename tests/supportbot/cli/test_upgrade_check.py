"""What `supportbot upgrade-check` says before a restart: of each part, as a script reads it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import make_url

from supportbot.db.schema import alembic_config
from tests.command import run_command
from tests.conftest import create_postgres_database
from tests.e2e.daemon import environment, running
from tests.e2e.daemon import supportbot as supportbot_apart

OLDER = "0020"


async def supportbot(home: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    """Run a command; return its exit status, output and errors."""
    ended = await run_command(arguments, environment(home, settings))
    return ended.status, ended.output, ended.errors


async def check(home: Path, **settings: str) -> tuple[int, dict[str, Any]]:
    """Run the command; return its exit status, and what it says of each part."""
    given = {"SUPPORTBOT_ENCODER": "none", **settings}
    status, output, errors = await supportbot(home, "upgrade-check", "--json", **given)
    assert not errors, errors
    checks = json.loads(output)["checks"]
    assert {tuple(item) for item in checks} == {("check", "ok", "detail", "warning")}
    return status, {item["check"]: item for item in checks}


async def make_older(home: Path) -> Path:
    """Put a database of an older version in the place of the one that is there."""
    path = home / "supportbot.db"
    path.unlink()
    await asyncio.to_thread(command.upgrade, alembic_config(f"sqlite+aiosqlite:///{path}"), OLDER)
    return path


def names(home: Path) -> set[str]:
    """Return what is in a home folder, but for the logs of SQLite that come and go."""
    return {str(path) for path in home.rglob("*") if not path.name.endswith(("-wal", "-shm"))}


def revision_of(path: Path) -> str:
    """Return the revision of a database."""
    with closing(sqlite3.connect(path)) as connection:
        [found] = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(found)


async def test_beside_a_running_daemon_that_goes_on(home: Path) -> None:
    """Nothing is wrong; that there is no backup is a warning until there is one, and again when it is old."""
    async with running(home):
        status, said = await check(home)
        assert (status, [name for name, item in said.items() if item["warning"]]) == (0, ["backup"])
        assert "supportbot backup PATH" in said["backup"]["detail"]
        assert said["schema"]["detail"].endswith("has the schema of this version")
        assert "its files match its manifest, by openvino" in said["model"]["detail"]
        made = home / "backups" / "monday"
        status, _, errors = await supportbot_apart(home, "backup", str(made))
        assert status == 0, errors
        status, said = await check(home)
        assert [name for name, item in said.items() if item["warning"]] == []
        assert "monday is 0 hours old" in said["backup"]["detail"]
        manifest = json.loads((made / "manifest.json").read_text("utf-8"))
        manifest["created_at"] = (datetime.now(UTC) - timedelta(hours=30)).isoformat()
        (made / "manifest.json").write_text(json.dumps(manifest), "utf-8")
        status, said = await check(home)
        assert (status, said["backup"]["warning"]) == (0, True)
        assert "30 hours old" in said["backup"]["detail"]


async def test_pending_migrations_are_tried_on_a_copy(home: Path) -> None:
    """What is pending is named and timed; the database itself stays as it is, and nothing is left of the copy.

    Nor of one whose check was killed.
    """
    path = await make_older(home)
    before = names(home)
    (home / ".upgrade-check-killed").mkdir()
    (home / ".upgrade-check-killed" / "supportbot.db").write_bytes(path.read_bytes())
    status, said = await check(home)
    schema = said["schema"]
    assert (status, schema["ok"], schema["warning"]) == (0, True, True)
    assert "migrations are pending (0021 " in schema["detail"]
    assert "tried on a copy of 0." in schema["detail"]
    assert "run `supportbot backup PATH` and `supportbot init`" in schema["detail"]
    assert revision_of(path) == OLDER
    assert names(home) == before


async def test_migration_that_would_fail_is_wrong(home: Path) -> None:
    """A database on which a migration fails is found out before the restart."""
    path = await make_older(home)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE model_trial (id INTEGER PRIMARY KEY)")
    before = names(home)
    status, said = await check(home)
    assert (status, said["schema"]["ok"]) == (1, False)
    assert "A migration fails on a copy of the database (OperationalError" in said["schema"]["detail"]
    assert revision_of(path) == OLDER
    assert names(home) == before


async def test_migrations_of_postgresql_are_named(home: Path, postgres_url: str) -> None:
    """They are not tried: there is no cheap copy."""
    url = create_postgres_database(postgres_url, "template0")
    await asyncio.to_thread(command.upgrade, alembic_config(url), OLDER)
    status, said = await check(home, SUPPORTBOT_DATABASE_URL=url)
    assert (status, said["schema"]["warning"]) == (0, True)
    assert "0021 " in said["schema"]["detail"]
    assert "that needs a copy of the PostgreSQL database, with 0 questions" in said["schema"]["detail"]
    assert str(make_url(url).host) not in json.dumps(said)


@pytest.mark.parametrize(
    ("damage", "part", "sentence"),
    [
        ("newer", "schema", "newer than this program"),
        ("missing", "schema", "supportbot init"),
        ("model", "model", "missing or was changed"),
        ("open", "home", "chmod 700"),
    ],
)
async def test_what_is_wrong_has_its_remedy(home: Path, damage: str, part: str, sentence: str) -> None:
    """One wrong part makes the exit status 1, and the others are looked at all the same."""
    path = home / "supportbot.db"
    if damage == "newer":
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
    elif damage == "missing":
        path.unlink()
    elif damage == "model":
        (home / "models" / "starter" / "config.json").write_text("{}", "utf-8")
    else:
        home.chmod(0o755)  # noqa: ASYNC240 - a test may block its own loop
    status, said = await check(home)
    assert status == 1
    assert [name for name, item in said.items() if not item["ok"]] == [part]
    assert sentence in said[part]["detail"]


async def test_settings_that_this_version_does_not_know(home: Path) -> None:
    """All of them are named, not the first alone; what cannot be used at all ends the look."""
    Path(".env").write_text("SUPPORTBOT_MODLE=x\n", "utf-8")  # noqa: ASYNC240 - as above
    status, output, _ = await supportbot(
        home, "upgrade-check", SUPPORTBOT_HOEM="x", SUPPORTBOT_ENCODER="/nowhere/encoder"
    )
    assert status == 1
    assert "did you mean SUPPORTBOT_HOME?" in output
    assert "SUPPORTBOT_MODLE in .env is not a setting: did you mean SUPPORTBOT_MODEL?" in output
    assert "wrong    encoder: There is no folder '/nowhere/encoder'" in output
    assert "ok       disk:" in output
    status, output, _ = await supportbot_apart(home, "upgrade-check", "--json", SUPPORTBOT_WEB_PORT="many")
    assert status == 1
    assert [item["check"] for item in json.loads(output)["checks"]] == ["settings", "settings"]
