"""The real daemon on a local Slack: from a mention to a vote in the database."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.daemon import log_of, running, supportbot
from tests.slack_server import LocalSlack
from tests.slack_server.state import BOT_USER, TEAM

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
    await slack.say("C1", "U2", "Anybody for lunch?")
    await slack.say("C1", "U2", BY_A_COLLEAGUE, thread_ts=asked.ts, copies=2)
    await slack.wait_for_acks()  # so it is kept before what comes next
    await slack.say("C1", "U1", "Anybody else?", thread_ts=asked.ts)
    await slack.wait_for_acks()


async def test_another_sample_becomes_a_pair(home: Path, tiny_model: Path) -> None:
    """ "Try again" draws with another seed from the same prompt; a 👍 on it is a pair that `export` writes.

    A question that is edited afterwards can be asked again.
    """
    model = {"SUPPORTBOT_MODEL": str(tiny_model)}  # never says the same twice
    async with LocalSlack() as slack, running(home, **slack.environment(), **model):
        await slack.wait_until_connected(seconds=30)
        asked = await slack.mention("C1", "U1", QUESTION)
        shown = await slack.wait_for_message(thread_ts=asked.ts, seconds=30)
        await slack.choose(shown, "U1", 0, copies=2)
        other = await slack.wait_for_message(thread_ts=asked.ts, count=2, seconds=30)
        await slack.click(other, "U1", positive=True)
        await slack.wait_for_ephemeral(user="U1", seconds=30)
        await slack.edit(asked, f"<@{BOT_USER}> How long does a refund take?")
        offer = await slack.wait_for_message(thread_ts=asked.ts, count=3, seconds=30)
        await slack.choose(offer, "U1", 0)
        await slack.wait_for_message(thread_ts=asked.ts, count=4, seconds=30)
        await slack.wait_for_acks()
        first, second, again = await log_of(home)
        for command in (
            ["curate", "collect"],
            ["curate", "approve", "1", "--by", "Ana"],
            ["consent", "slack", TEAM, "--allow-training", "--by", "Ana"],
        ):
            status, _, errors = await supportbot(home, *command)
            assert status == 0, errors
        status, exported, errors = await supportbot(home, "export", "--label", "dpo", "--split", "all")
        assert status == 0, errors
    assert again["question"] == "How long does a refund take?"
    assert (second["sample_of"], second["sample"]) == (first["question_id"], 2)
    assert second["sampling"] == first["sampling"]
    [pair] = [json.loads(line) for line in exported.splitlines()]
    assert first["answer"] != second["answer"]
    assert pair["chosen"] != pair["rejected"]  # as a curator saw them, redacted


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
