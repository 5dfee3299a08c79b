"""A daemon that is killed when somebody wants another answer: it is drawn, and once."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.daemon import log_of, running, start
from tests.slack_server import LocalSlack


async def test_killed_after_the_click(home: Path, tiny_model: Path) -> None:
    """What is acknowledged is drawn by the next daemon, though Slack delivers the click again."""
    settings = {"SUPPORTBOT_MODEL": str(shutil.copytree(tiny_model, home / "mine"))}
    async with LocalSlack() as slack:
        daemon = await start(home, None, **slack.environment(), **settings)
        await slack.wait_until_connected(seconds=30)
        asked = await slack.mention("C1", "U1", "How do I return an item?")
        shown = await slack.wait_for_message(thread_ts=asked.ts, seconds=30)
        await slack.wait_for_ack(await slack.choose(shown, "U1", 0))
        await daemon.kill()
        async with running(home, **slack.environment(), **settings):
            await slack.wait_for_message(thread_ts=asked.ts, count=2, seconds=30)
            await slack.choose(shown, "U1", 0, copies=2)
            await slack.wait_for_ephemeral(user="U1", containing="already requested", seconds=30)
            await slack.wait_for_acks(30)
            assert [entry["sample"] for entry in await log_of(home)] == [1, 2]
    assert len(slack.replies) == 2
