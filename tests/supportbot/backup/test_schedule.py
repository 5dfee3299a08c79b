"""Backups by the clock: made when they are due, a few kept, one at a time, and a failure is one line."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from filelock import FileLock
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from supportbot.backup.schedule import Schedule, make_schedule
from supportbot.config import Settings
from tests.waiting import until

OFTEN = timedelta(milliseconds=1)


@pytest.fixture
def home(migrated_sqlite: Path, tmp_path: Path) -> Path:
    """A home with nothing but a database."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(migrated_sqlite, home / "supportbot.db")
    return home


def schedule(home: Path, every: timedelta, keep: int = 2) -> Schedule:
    """Return a schedule of a home."""
    return Schedule(home / "backups", every, keep, {"SUPPORTBOT_HOME": str(home)})


async def test_newest_are_kept_and_the_metric_tells_when(home: Path) -> None:
    """One follows the other and the oldest go; the half-made go too, and what somebody made themselves stays."""
    older = [home / "backups" / f"supportbot-2026010{day}T000000Z" for day in (1, 2)]
    own = home / "backups" / "before-the-move"
    half = home / "backups" / ".supportbot-20260101T000000Z-x.partial"
    for folder in (*older, own, half):
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text("{}")
    running = schedule(home, OFTEN)
    assert running.backups() == older
    task = asyncio.create_task(running.run())
    seen: set[tuple[Path, ...]] = set()

    def both_have_gone() -> bool:
        seen.add(tuple(running.backups()))
        return len(running.backups()) == 2 and not any(folder.exists() for folder in older)

    await until(both_have_gone, seconds=60)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert any(older[0] not in some and older[1] in some for some in seen)  # not both at once
    assert own.is_dir()
    assert not half.exists()
    assert (REGISTRY.get_sample_value("supportbot_backup_last_success_timestamp_seconds") or 0) > 1.7e9


async def test_fresh_backup_is_not_repeated_and_failure_is_one_line(home: Path) -> None:
    """A restart makes no backup before it is due; a folder in use and a failing command are one line each."""
    (home / "supportbot.db").unlink()
    failing = schedule(home, OFTEN)
    with capture_logs() as logs:
        task = asyncio.create_task(failing.run())
        await until(lambda: len(logs) > 0, seconds=60)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with FileLock(home / "backups" / ".lock"):
            task = asyncio.create_task(failing.run())
            await until(lambda: "Another process" in str(logs))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert {line["event"] for line in logs} == {"backup.failed"}
    assert "supportbot init" in logs[0]["error"]
    assert "exc_info" not in str(logs)
    assert failing.backups() == []


def test_schedule_is_off_unless_it_is_set(home: Path) -> None:
    """Without SUPPORTBOT_BACKUP_HOURS there is none."""
    assert make_schedule(Settings(home=home)) is None
    assert make_schedule(Settings(home=home, backup_hours=0.08)) is not None
