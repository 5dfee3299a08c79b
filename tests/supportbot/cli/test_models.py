"""`supportbot models`: what an operator sees and may do; real registry, real database."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import torch
from sqlalchemy import select
from typer.testing import CliRunner, Result

from supportbot.bootstrap import create_home, open_database
from supportbot.cli import app
from supportbot.config import Settings
from supportbot.db.audit import AuditEntry, recent
from supportbot.db.models import ModelVersion, RunExample, TrainingRun
from supportbot.db.schema import migrate
from supportbot.errors import SupportBotError
from supportbot.models.registry import Registry
from tests.versions import better_than, install_version


@pytest.fixture
def registry(tiny_model: Path, migrated_sqlite: Path) -> Registry:
    """A home with a database, the live version `base` and the better candidate `v1`."""
    settings = Settings()
    create_home(settings)
    (settings.home / "supportbot.db").write_bytes(migrated_sqlite.read_bytes())
    registry = Registry(settings.models_dir)
    install_version(registry, tiny_model, "base")
    registry.activate("base")
    install_version(registry, tiny_model, "v1", evaluation=better_than("base"), training={"base_model": "gpt2"})
    return registry


def models(*arguments: str) -> Result:
    """Run `supportbot models …`."""
    return CliRunner().invoke(app, ["models", *arguments])


def from_json(*arguments: str) -> Any:
    """Run a command with `--json` and return what it says."""
    result = models(*arguments, "--json")
    assert result.exit_code == 0, result
    return json.loads(result.stdout)


def audit() -> list[AuditEntry]:
    """Return the audit, the oldest first."""

    async def read() -> list[AuditEntry]:
        async with open_database(Settings()) as database:
            return (await recent(database, 100))[::-1]

    return asyncio.run(read())


def test_promote_and_roll_back(registry: Registry) -> None:
    """A better candidate goes live and comes back; the audit names who decided, by default the user."""
    switch = from_json("promote", "v1", "--by", "ann")
    assert (switch["previous"], switch["version"], registry.active()) == ("base", "v1", "v1")
    result = models("rollback")
    assert result.exit_code == 0
    assert "base is live instead of v1" in result.stdout
    assert registry.active() == "base"
    assert [(entry.actor, entry.action) for entry in audit()] == [
        ("ann", "model.promote"),
        (getpass.getuser(), "model.rollback"),
    ]


def test_force_needs_a_reason_and_is_audited(registry: Registry, tiny_model: Path) -> None:
    """A version that nobody measured needs `--force` with a reason, which the audit keeps."""
    install_version(registry, tiny_model, "v2")
    refused = models("promote", "v2")
    assert isinstance(refused.exception, SupportBotError)
    assert "was not evaluated" in str(refused.exception)
    assert models("promote", "v2", "--force", "the demo is in an hour").exit_code == 0
    assert audit()[-1].details["forced"] == "the demo is in an hour"


def test_list_and_show(registry: Registry) -> None:
    """The tables for people and the JSON for scripts say the same."""
    assert models("promote", "v1").exit_code == 0
    lines = {line["version"]: line for line in from_json("list")}
    assert {name: line["status"] for name, line in lines.items()} == {"base": "candidate", "v1": "active"}
    assert lines["base"]["is_previous"]
    report = from_json("show", "v1")
    assert report["base"] == "gpt2"
    assert report["verdict"]["better"] is True
    assert report["verdict"]["differences"]["right"] == {"value": 0.1, "low": 0.05, "high": 0.15}
    assert report["training"] == {
        "run_ids": [],
        "example_ids": [],
        "erased_ids": [],
    }
    assert (report["answers"], report["up_rate"]) == (0, None)
    table = models("list").stdout
    assert "rollback leads here" in table
    shown = models("show", "v1").stdout
    assert "erased since" not in shown
    for part in ("against base: Better: it answers more right.", "+0.1 (+0.05 to +0.15)", "no votes yet"):
        assert part in shown


def test_show_names_what_else_erased_rows_trained(registry: Registry) -> None:
    """After an erasure an operator reads how many rows are gone, and which other versions they trained."""
    assert models("list").exit_code == 0

    async def train_on_rows_that_are_gone() -> None:
        async with open_database(Settings()) as database, database.write() as session:
            for row in await session.scalars(select(ModelVersion)):
                run = TrainingRun(
                    model_version_id=row.id, arguments={}, dataset_fingerprint="f", started_at=datetime.now(UTC)
                )
                session.add(run)
                await session.flush()
                numbers = (4711, 4712) if row.name == "v1" else (4711,)
                session.add_all(RunExample(run_id=run.id, example_id=number) for number in numbers)

    asyncio.run(train_on_rows_that_are_gone())
    assert from_json("show", "v1")["erased_in"] == {"base": [4711]}
    assert "2 of them, 1 trained base too" in models("show", "v1").stdout


def test_retire(registry: Registry) -> None:
    """A retired version has no files any more and stays in the list."""
    assert models("retire", "v1").exit_code == 0
    assert registry.versions() == ["base"]
    assert {line["version"]: line["status"] for line in from_json("list")} == {"base": "active", "v1": "retired"}
    assert isinstance(models("retire", "base").exception, SupportBotError)


def test_rollback_without_a_database(registry: Registry) -> None:
    """When the database is gone, the rollback happens and the terminal says what is missing."""
    registry.activate("v1")
    (Settings().home / "supportbot.db").unlink()
    result = models("rollback")
    assert result.exit_code == 0
    assert registry.active() == "base"
    assert "couldn't record" in result.stderr


def test_rollback_waits_for_no_lock(registry: Registry) -> None:
    """While another process keeps the database locked, the rollback takes under 5 s and says what is missing."""
    assert models("promote", "v1").exit_code == 0
    other = sqlite3.connect(Settings().home / "supportbot.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        result = models("rollback", "--by", "bob")
        assert time.monotonic() - began < 5
        assert (result.exit_code, registry.active()) == (0, "base")
        assert "couldn't record who rolled back" in result.stderr
    finally:
        other.close()
    assert {line["version"]: line["status"] for line in from_json("list")} == {"base": "active", "v1": "candidate"}
    assert audit()[-1].action == "model.reconcile"


@pytest.mark.parametrize("command", [["promote", "v1"], ["rollback"], ["retire", "v1"]])
def test_nobody_decides_nothing(registry: Registry, command: list[str]) -> None:
    """A blank name is a usage error, and nothing happens."""
    registry.activate("v1")
    registry.activate("base")
    result = models(*command, "--by", " ")
    assert (result.exit_code, "needs a name" in result.stderr) == (2, True)
    assert (registry.versions(), registry.active(), audit()) == (["base", "v1"], "base", [])


def test_account_without_a_name_goes_by_its_number(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container whose user is in no passwd file the commands work all the same."""
    for key in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert models("retire", "v1").exit_code == 0
    assert audit()[-1].actor == "uid 54321"


def test_candidate_is_checked_in_the_precision_that_is_set(
    registry: Registry, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version that overflows in the daemon's own precision is refused."""
    huge = {"transformer.ln_f.weight": torch.full((32,), 60_000.0, dtype=torch.float16)}
    install_version(registry, tiny_model, "v2", evaluation=better_than("base"), weights=huge)
    monkeypatch.setenv("SUPPORTBOT_PRECISION", "fp16")
    assert "overflow" in str(models("promote", "v2").exception)
    monkeypatch.setenv("SUPPORTBOT_PRECISION", "fp32")
    assert models("promote", "v2").exit_code == 0


def test_pinned_model_is_mentioned(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `SUPPORTBOT_MODEL` a daemon does not follow, and the operator is told."""
    monkeypatch.setenv("SUPPORTBOT_MODEL", "base")
    result = models("promote", "v1")
    assert result.exit_code == 0
    assert "SUPPORTBOT_MODEL is set" in result.stderr


def test_empty_list_says_what_to_run() -> None:
    """Before anything was installed the list names the first command."""

    async def prepare() -> None:
        async with open_database(Settings()) as database:
            await migrate(database)

    asyncio.run(prepare())
    assert "supportbot init" in models("list").stdout
