"""One real daemon in two Slack workspaces: what belongs to one of them is nowhere in the other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from supportbot.db.session import Database
from supportbot.feedback.consent import allow
from supportbot.installations import installed
from tests.e2e.daemon import Daemon, running, supportbot
from tests.policies import decide
from tests.slack.many import ORIGIN, install
from tests.slack_server import LocalSlack, Message
from tests.slack_server.state import OTHER_TEAM, TEAM
from tests.waiting import until

QUESTION = "How do I open the sauna?"
ANSWER = "With the key from the desk."
OPEN_QUESTION = "What is the capital of Mongolia?"
BY_COLLEAGUE = {"C1": "Ulaanbaatar, says the first.", "C2": "Ulaanbaatar, says the second."}
PLACES = (("C1", "U1", TEAM), ("C2", "U2", OTHER_TEAM))


async def command(home: Path, *arguments: str) -> str:
    """Run the command line beside the daemon."""
    status, output, errors = await supportbot(home, *arguments)
    assert status == 0, errors
    return output


async def ask(slack: LocalSlack, channel: str, user: str, text: str) -> Message:
    """Ask, and return the reply."""
    asked = await slack.mention(channel, user, text, also_message=True)
    return await slack.wait_for_message(channel=channel, thread_ts=asked.ts, seconds=30)


def _known(daemon: Daemon) -> int:
    """Return how many answers the daemon knows."""
    return max(int(line["entries"]) for line in daemon.lines if line["event"] == "knowledge.refreshed")


def _numbers(rows: list[dict[str, Any]], channel: str) -> list[str]:
    return [str(row["example_id"]) for row in rows if row["answer"] == BY_COLLEAGUE[channel]]


async def test_two_workspaces_share_a_daemon_and_nothing_else(home: Path) -> None:
    """Knowledge, threads, votes, figures, policies and what is learned stay in the workspace that they are of."""
    database = Database(f"sqlite+aiosqlite:///{home / 'supportbot.db'}")
    for _, _, team in PLACES:
        await allow(database, "slack", team, "Ana", allow=team == TEAM)
    known = ("--answer", ANSWER, "--question", QUESTION, "--workspace", f"slack:{TEAM}", "--by", "Ana")
    await command(home, "knowledge", "add", *known)
    async with LocalSlack() as slack:
        slack.channel("C2", OTHER_TEAM)
        async with running(home, **slack.many_environment(ORIGIN)) as daemon:
            await slack.wait_until_connected(seconds=30)
            for _, _, team in PLACES:
                await install(slack, daemon.page, team)

            # What one knows, the other does not.
            ours, theirs = [await ask(slack, channel, user, QUESTION) for channel, user, _ in PLACES]
            assert (ANSWER in ours.shown, ANSWER in theirs.shown) == (True, False)
            assert (ours.team, theirs.team) == (TEAM, OTHER_TEAM)

            # A thumb, and a colleague's answer in each thread.
            await slack.wait_for_ack(await slack.click(ours, "U3", positive=True))
            for channel, user, _ in PLACES:
                unsure = await ask(slack, channel, user, OPEN_QUESTION)
                said = await slack.say(channel, f"{user}C", BY_COLLEAGUE[channel], thread_ts=unsure.thread_ts)
                await slack.wait_for_ack(said)

            # What was learned from each is known there, and of the second, which did not consent, nowhere else.
            await command(home, "curate", "collect")
            rows = json.loads(await command(home, "curate", "list", "--json"))
            human = [row for row in rows if row["source"] == "human"]
            assert {row["answer"] for row in human} == set(BY_COLLEAGUE.values())
            before = _known(daemon)
            await command(home, "curate", "approve", *_numbers(human, "C2"), "--by", "Ana")
            await until(lambda: _known(daemon) > before)
            for channel, user, _ in PLACES:
                reply = await ask(slack, channel, user, OPEN_QUESTION)
                assert (BY_COLLEAGUE["C2"] in reply.shown) == (channel == "C2"), reply.shown
            await command(home, "curate", "approve", *_numbers(human, "C1"), "--by", "Ana")
            exported = (await supportbot(home, "export", "--split", "all"))[1]
            assert (BY_COLLEAGUE["C1"] in exported, BY_COLLEAGUE["C2"] in exported) == (True, False)

            # Figures of one, a decision about it, and the end of the other.
            figures = json.loads(await command(home, "stats", "--workspace", f"slack:{OTHER_TEAM}", "--json"))
            assert (figures["questions"], figures["votes_up"]) == (3, 0)
            await decide(database, "slack", TEAM, answer_on="never")
            await slack.wait_for_ack(await slack.mention("C1", "U1", QUESTION))
            assert (await ask(slack, "C2", "U2", QUESTION)).team == OTHER_TEAM
            assert len([one for one in slack.replies if one.channel == "C1"]) == 3
            listed = json.loads(await command(home, "workspaces", "list", "--json"))
            assert [one["workspace"] for one in listed] == [TEAM, OTHER_TEAM]
            await command(home, "workspaces", "remove", OTHER_TEAM, "--by", "Ana")
            async with database.read() as session:
                assert [one.workspace for one in await installed(session)] == [TEAM]
            await slack.wait_for_acks()
    await database.aclose()
    tokens = {call.token for call in slack.calls("chat.postMessage") if call.token}
    assert len(tokens) == 2
    secrets = tokens | {value for key, value in slack.many_environment(ORIGIN).items() if "SECRET" in key}
    assert not any(secret in str(daemon.lines) for secret in secrets)
