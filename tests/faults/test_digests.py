"""Daemons that are killed while a weekly digest is posted: it is there once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from supportbot.db.session import Database
from tests.digests import make_due
from tests.e2e.daemon import launch, running
from tests.slack_server import LocalSlack, Reset
from tests.slack_server.state import TEAM


@pytest.mark.parametrize("is_taken", [False, True], ids=["refused", "taken"])
async def test_killed_while_it_posts(home: Path, is_taken: bool) -> None:
    """Killed when Slack is about to take the digest, or has taken it: the next daemon posts it, or finds it."""
    database = Database(f"sqlite+aiosqlite:///{home / 'supportbot.db'}")
    await make_due(database, "slack", TEAM, "CTEAM")
    await database.aclose()
    async with LocalSlack() as slack:
        daemon = await launch(home, None, **slack.environment())
        slack.misbehave("chat.postMessage", Reset(is_taken, lambda _: daemon.process.kill()))
        await daemon.wait(60)
        assert len(slack.replies) == is_taken
        slack.behave()
        async with running(home, **slack.environment()) as next_one:
            await next_one.read_until("digest.posted")
        (shown,) = slack.replies
        assert shown.channel == "CTEAM"
        assert "Nobody asked anything in the last 7 days." in shown.shown
    with closing(sqlite3.connect(home / "supportbot.db")) as record:
        assert record.execute("SELECT state, attempts FROM digest_post").fetchall() == [("delivered", 2)]
