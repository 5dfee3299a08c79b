"""The real daemon on a local Slack: from a mention to a vote in the database, through crashes."""

from __future__ import annotations

import asyncio
import json
import random
from functools import partial
from pathlib import Path

from tests.e2e.daemon import log_of, running, start, supportbot
from tests.slack_server import LocalSlack

QUESTION = "How do I return an item?"
STARTER = {"SUPPORTBOT_MODEL": "starter"}
"""Beside a chat platform the starter speaks only if it is named."""

OUT_OF_SCOPE = "What is the capital of Mongolia?"
BY_A_COLLEAGUE = "Ulaanbaatar, but we only ship to Europe."


async def test_mention_answer_vote_row_and_hand_off(home: Path) -> None:
    """A mention is answered in its thread, a click becomes a row, a second click changes it.

    Where the bot is not sure, what a colleague writes instead becomes a candidate for training.
    """
    async with LocalSlack() as slack, running(home, **slack.environment(), **STARTER) as daemon:
        await slack.wait_until_connected(seconds=30)
        asked = await slack.mention("C1", "U1", QUESTION)
        reply = await slack.wait_for_message(channel="C1", thread_ts=asked.ts, seconds=30)
        assert "return" in reply.shown.lower()
        await slack.click(reply, "U2", positive=True)
        first = await slack.wait_for_ephemeral(user="U2")
        await slack.click(reply, "U2", positive=False)
        await slack.wait_until(lambda: len(slack.ephemerals) == 2 or None, "thanks for the second click")
        await slack.click(reply, "U3", positive=True)
        await slack.wait_until(lambda: len(slack.ephemerals) == 3 or None, "thanks to the other voter")
        assert slack.ephemerals[1].shown != first.shown
        await slack.wait_for_acks()
        await _hand_off(slack)
        [entry, unsure] = await log_of(home)
        status, _, errors = await supportbot(home, "curate", "collect")
        assert status == 0, errors
        [candidate] = json.loads((await supportbot(home, "curate", "list", "--json"))[1])
    assert (unsure["source"], unsure["by_people"]) == ("not_sure", [BY_A_COLLEAGUE])
    assert (candidate["source"], candidate["question"]) == ("human", OUT_OF_SCOPE)
    assert candidate["answer"] == BY_A_COLLEAGUE
    assert not any(BY_A_COLLEAGUE in str(line) or "Anybody" in str(line) for line in daemon.lines)
    assert entry["question"] == QUESTION
    assert entry["answer"] in reply.shown
    assert (entry["state"], entry["source"], entry["model_version"]) == ("delivered", "generated", "starter")
    assert (entry["votes_up"], entry["votes_down"]) == (1, 1)
    events = [line["event"] for line in daemon.lines]
    assert events.count("question.answered") == 2
    assert events.count("handoff.answered") == 1
    assert not any(secret in str(daemon.lines) for secret in slack.environment().values() if "xo" in secret)


async def _hand_off(slack: LocalSlack) -> None:
    """Ask what the bot can't know, and have a colleague answer instead."""
    asked = await slack.mention("C1", "U1", OUT_OF_SCOPE, also_message=True)
    await slack.wait_for_message(thread_ts=asked.ts, seconds=30)
    await slack.say("C1", "U1", "Anybody else?", thread_ts=asked.ts)
    await slack.say("C1", "U2", "Anybody for lunch?")
    await slack.say("C1", "U2", BY_A_COLLEAGUE, thread_ts=asked.ts, copies=2)
    await slack.wait_for_acks()


async def test_direct_message_and_slash_command(home: Path) -> None:
    """A direct message and `/ask` are answered as well."""
    async with LocalSlack() as slack, running(home, **slack.environment(), **STARTER):
        await slack.wait_until_connected(seconds=30)
        await slack.dm("U1", "how long does a refund take")
        assert (await slack.wait_for_message(channel="DU1", seconds=30)).shown
        await slack.slash("C1", "U1", "do you ship abroad?")
        assert (await slack.wait_for_message(channel="C1", seconds=30)).shown
        await slack.wait_for_acks()
        assert [entry["state"] for entry in await log_of(home)] == ["delivered", "delivered"]


async def test_http_mode(home: Path) -> None:
    """With the flag set, signed HTTP events work instead of a socket, and unsigned ones do not."""
    async with (
        LocalSlack() as slack,
        running(home, **slack.environment(), **STARTER, SUPPORTBOT_SLACK_HTTP="true") as daemon,
    ):
        slack.use_http(f"{daemon.page.rstrip('/')}/slack/events")
        asked = await slack.mention("C1", "U1", QUESTION)
        await slack.wait_for_message(channel="C1", thread_ts=asked.ts, seconds=30)
        await slack.wait_for_acks()
        assert asked.statuses == [200]


def _has_replies(slack: LocalSlack, count: int) -> bool | None:
    return len(slack.replies) >= count or None


async def test_kills_lose_nothing_and_double_nothing(home: Path) -> None:
    """Killed again and again in the middle of its work, the daemon answers every question exactly once."""
    source = random.Random(1)
    async with LocalSlack(ack_seconds=1.0) as slack:
        asked = []
        for round_number in range(3):
            daemon = await start(home, **slack.environment(), **STARTER)
            await slack.wait_until_connected(seconds=30)
            for number in range(5):
                asked.append(
                    await slack.mention("C1", "U1", f"Question {round_number}.{number}: where is my order?")
                )
            # Somewhere between the first event and the last reply.
            wanted = len(slack.replies) + source.randrange(5)
            await slack.wait_until(partial(_has_replies, slack, wanted), "some replies", seconds=30)
            await daemon.kill()
        async with running(home, **slack.environment(), **STARTER):
            for envelope in asked:
                await slack.wait_for_message(thread_ts=envelope.ts, seconds=60)
            await slack.wait_for_acks(seconds=30)
            entries = await log_of(home)
        answered = [reply.thread_ts or "" for reply in slack.replies]
    assert sorted(answered) == sorted(envelope.ts for envelope in asked)
    assert {entry["state"] for entry in entries} == {"delivered"}
    assert len(entries) == len(asked)


async def test_terminated_in_the_middle_of_work(home: Path) -> None:
    """SIGTERM while questions are open: the daemon exits 0 within 10 seconds, and the rest is answered later."""
    async with LocalSlack() as slack:
        daemon = await start(home, **slack.environment(), **STARTER)
        await slack.wait_until_connected(seconds=30)
        asked = [await slack.mention("C1", "U1", f"Question {number}: where is my order?") for number in range(12)]
        await slack.wait_for_message(channel="C1", seconds=30)
        async with asyncio.timeout(10):
            assert await daemon.stop() == 0
        async with running(home, **slack.environment(), **STARTER):
            for envelope in asked:
                await slack.wait_for_message(thread_ts=envelope.ts, seconds=60)
        assert len(slack.replies) == len(asked)
