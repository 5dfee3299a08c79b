"""Daemons that are killed while a human is asked: nobody is asked twice, and nobody is forgotten."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio

from supportbot.db.session import Database
from tests.e2e.daemon import Daemon, running, start
from tests.policies import decide
from tests.slack_server import LocalSlack, Reset
from tests.slack_server.payloads import buttons_of
from tests.slack_server.records import Message
from tests.slack_server.state import TEAM

OUT_OF_SCOPE = "What is the capital of Mongolia?"
STARTER = {"SUPPORTBOT_MODEL": "starter"}


@pytest_asyncio.fixture(name="home")
async def home_with_a_team(home: Path) -> Path:
    """A home whose policy for the local Slack names a channel that is asked."""
    database = Database(f"sqlite+aiosqlite:///{home / 'supportbot.db'}")
    await decide(database, "slack", TEAM, handoff_target="CTEAM")
    await database.aclose()
    return home


async def _press(slack: LocalSlack, shown: Message, label: str) -> None:
    labels = [button["text"]["text"] for button in buttons_of(shown)]
    await slack.choose(shown, "U1", labels.index(label))


def _kill_when(daemon: Daemon, slack: LocalSlack, moment: str) -> None:
    if moment != "acknowledged":
        slack.misbehave("chat.postMessage", Reset(moment == "taken", lambda _: daemon.process.kill()))


@pytest.mark.parametrize("moment", ["acknowledged", "refused", "taken"])
async def test_killed_between_the_click_and_its_messages(home: Path, moment: str) -> None:
    """Killed when the click is acknowledged, or when Slack is about to take or has taken the first message.

    The next daemon asks the channel, tells the asker, and passes the answer on: each once.
    """
    async with LocalSlack() as slack:
        daemon = await start(home, None, **slack.environment(), **STARTER)
        await slack.wait_until_connected(seconds=30)
        asked = await slack.mention("C1", "U1", OUT_OF_SCOPE, also_message=True)
        shown = await slack.wait_for_message(thread_ts=asked.ts, seconds=30)
        _kill_when(daemon, slack, moment)
        await _press(slack, shown, "Ask a human")
        if moment == "acknowledged":
            await slack.wait_for_acks()
            await daemon.kill()
        else:
            await daemon.wait(30)
        slack.behave()
        async with running(home, **slack.environment(), **STARTER) as next_one:
            post = await slack.wait_for_message(channel="CTEAM", seconds=30)
            await slack.wait_for_message(thread_ts=asked.ts, containing="I've asked <#CTEAM>", seconds=30)
            await slack.wait_for_acks(30)
            await slack.say("CTEAM", "U2", "Ulaanbaatar.", thread_ts=post.ts, copies=2)
            relay = await slack.wait_for_message(thread_ts=asked.ts, containing="Ulaanbaatar", seconds=30)
            assert relay.shown.startswith("*name-of-u2* answers:")
            await slack.wait_for_acks(30)
        assert sorted(one.channel for one in slack.replies) == ["C1", "C1", "C1", "CTEAM"]
    with closing(sqlite3.connect(home / "supportbot.db")) as database:
        assert database.execute("SELECT state FROM handoff").fetchall() == [("answered",)]
        assert {state for (state,) in database.execute("SELECT state FROM outbox")} == {"delivered"}
    assert not any("Ulaanbaatar" in str(line) for line in next_one.lines)
