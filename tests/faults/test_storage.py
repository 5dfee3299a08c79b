"""Faults of the storage under the real daemon: nothing is acknowledged that is not kept, and readiness tells."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import httpx

from tests.discord_server import DiscordServer
from tests.e2e.daemon import Daemon, log_of, running, start
from tests.slack_server import LocalSlack

QUESTION = "How do I return an item?"
PAGE = 4096
LOG_BYTES = 4_000
"""What four refused questions may write: today's program without the faults' sentences wrote 30,000."""


async def _problems(daemon: Daemon) -> Mapping[str, str]:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{daemon.page}/readyz")
    problems: Mapping[str, str] = answer.json()["problems"]
    assert answer.status_code == (503 if problems else 200)
    return problems


async def _until_ready(daemon: Daemon, *, ready: bool, seconds: float = 30) -> str:
    """Wait until the probe says so; return what it says of the database."""
    async with asyncio.timeout(seconds):
        while bool(problems := await _problems(daemon)) is ready:  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.05)  # nobody announces it
    return problems.get("database", "")


def _fill(ballast: Path) -> None:
    """Write until the disk is full."""
    try:
        with ballast.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
    except OSError:
        return


async def _failure(daemon: Daemon) -> str:
    """Wait until the daemon is not ready, and return the sentence in its log; the probe names the part only."""
    assert await _until_ready(daemon, ready=False) == "not usable"
    return str((await daemon.read_until("storage.failed"))["error"])


async def test_full_disk_takes_nothing_and_heals(home: Path, disk: Path) -> None:
    """On a full disk no platform hears "received"; with room again everybody is answered once, by itself."""
    url = f"sqlite+aiosqlite:///{shutil.copy(home / 'supportbot.db', disk)}"
    async with LocalSlack(ack_seconds=1.0, redeliver_seconds=0.5) as slack, DiscordServer() as discord:
        settings = {
            **slack.environment(),
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "SUPPORTBOT_MODEL": "starter",
            "SUPPORTBOT_DATABASE_URL": url,
            "SUPPORTBOT_BACKUP_HOURS": "1",
        }
        async with running(home, **settings) as daemon:
            await slack.wait_until_connected(seconds=30)
            await discord.connected()
            first = await slack.mention("C1", "U1", QUESTION)
            await slack.wait_for_message(thread_ts=first.ts, seconds=30)
            made = await daemon.read_until("backup.made")
            await slack.wait_for_acks()

            _fill(disk / "ballast")
            refused = [await slack.mention(f"C{number}", "U2", "word " * 300 + QUESTION) for number in range(2, 5)]
            said = await discord.mention("word " * 300 + QUESTION)
            assert "full" in await _failure(daemon)
            await slack.wait_until(lambda: all(each.attempts > 1 for each in refused) or None, "a second delivery")
            assert not any(each.acked for each in refused)

            (disk / "ballast").unlink()
            assert await _until_ready(daemon, ready=True) == ""
            for each in refused:
                await slack.wait_for_message(thread_ts=each.ts, seconds=30)
            assert (await discord.reply_to(said))["content"]
            await slack.wait_for_acks()
            entries = await log_of(home, SUPPORTBOT_DATABASE_URL=url)
    assert [entry["state"] for entry in entries] == ["delivered"] * 5
    assert len(slack.replies) == 4
    with closing(sqlite3.connect(Path(str(made["path"])) / "supportbot.db")) as backup:
        assert backup.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    told = [line for line in daemon.lines if line.get("level") in ("error", "warning")]
    assert {"storage.failed"} <= {line["event"] for line in told}
    assert "Traceback" not in str(daemon.lines)
    assert len(json.dumps(told)) < LOG_BYTES * 4


async def test_deleted_and_damaged_files_under_the_daemon(home: Path) -> None:
    """A damaged page and a deleted file make a running daemon unready, it says so once, and stops as told."""
    path = home / "supportbot.db"
    whole = path.read_bytes()
    with closing(sqlite3.connect(path)) as database:  # a page that nobody reads at the start
        [page] = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'audit'").fetchone()
    path.write_bytes(whole[: (page - 1) * PAGE] + b"\xff" * PAGE + whole[page * PAGE :])
    daemon = await start(home)
    assert "damaged" in await _failure(daemon)
    assert await daemon.stop() == 0

    path.write_bytes(whole)
    async with LocalSlack(ack_seconds=1.0) as slack:
        daemon = await start(home, **slack.environment())
        await slack.wait_until_connected(seconds=30)
        assert await _until_ready(daemon, ready=True) == ""
        path.rename(home / "elsewhere.db")
        asked = await slack.mention("C1", "U1", QUESTION)
        assert "removed" in await _failure(daemon)
        assert not asked.acked
        (home / "elsewhere.db").rename(path)
        assert await _until_ready(daemon, ready=True) == ""
        await slack.wait_for_ack(asked, seconds=30)
        assert await daemon.stop() == 0
    # Who looked just before the file came back may say so just after another one found it there.
    assert [line["event"] for line in daemon.lines].count("storage.failed") in (1, 2)
    assert "Traceback" not in str(daemon.lines)
    assert len(await log_of(home)) == 1
