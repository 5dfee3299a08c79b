"""The real daemon, with lines to Slack and Discord that break: back within 30 seconds, nothing lost or doubled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.discord_server import DiscordServer
from tests.e2e.daemon import Daemon, running
from tests.network.proxy import Fault, Proxy
from tests.slack_server import Envelope, LocalSlack
from tests.slack_server.state import BOT_USER

QUESTION = "How do I return an item?"
PROMISED_SECONDS = 30.0
"""From the end of a fault until what was asked during it is answered."""

BOTH = {"slack": "not connected", "discord": "not connected"}


@dataclass
class Asked:
    """What people asked at one time: in Slack, in Slack without its telling us, and in Discord."""

    told: Envelope
    unheard: str
    discord: dict[str, Any]


@dataclass
class World:
    """A daemon and two platforms, with a line to each."""

    daemon: Daemon
    slack: LocalSlack
    discord: DiscordServer
    lines: tuple[Proxy, Proxy]

    async def ask(self) -> Asked:
        """Have people ask."""
        return Asked(
            await self.slack.mention("C1", "U1", QUESTION),
            self.slack.say_unheard("C2", "U2", f"<@{BOT_USER}> {QUESTION}"),
            await self.discord.mention(QUESTION),
        )

    async def answered(self, asked: Asked) -> None:
        """Wait until all is answered that Slack and Discord would not forget to tell."""
        async with asyncio.TaskGroup() as waiting:
            for ts in (asked.told.ts, asked.unheard):
                waiting.create_task(self.slack.wait_for_message(thread_ts=ts, seconds=PROMISED_SECONDS))
            waiting.create_task(self.discord.reply_to(asked.discord, PROMISED_SECONDS))

    def answers(self, asked: Asked) -> list[int]:
        """Return how many answers each of them has."""
        in_slack = [reply.thread_ts for reply in self.slack.replies]
        return [
            in_slack.count(asked.told.ts),
            in_slack.count(asked.unheard),
            len(self.discord.replies_to(asked.discord)),
        ]

    async def get(self, path: str) -> str:
        """Return what a probe says."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.daemon.page}/{path}") as response:
            return await response.text()

    async def until_ready(self, problems: dict[str, str], seconds: float = PROMISED_SECONDS) -> None:
        """Wait until the probe names these problems and no other."""
        named = {}
        try:
            async with aiohttp.ClientSession() as session, asyncio.timeout(seconds):
                while True:
                    async with session.get(f"{self.daemon.page}/readyz") as response:
                        if (named := (await response.json())["problems"]) == problems:
                            return
                    await asyncio.sleep(0.05)  # nobody announces it
        except TimeoutError as error:
            events = [line["event"] for line in self.daemon.lines][-30:]
            raise AssertionError(f"after {seconds} s it names {named}, not {problems}: {events}") from error

    @asynccontextmanager
    async def broken(self, fault: Fault) -> AsyncIterator[None]:
        """Break both lines meanwhile."""
        async with self.lines[0].broken(fault), self.lines[1].broken(fault):
            yield


@asynccontextmanager
async def _world(home: Path) -> AsyncIterator[World]:
    async with (
        LocalSlack() as slack,
        DiscordServer() as discord,
        Proxy(slack.port) as to_slack,
        Proxy(discord.port) as to_discord,
    ):
        slack.stand_behind("127.0.0.1", to_slack.port)
        discord.stand_behind("127.0.0.1", to_discord.port)
        settings = {
            **slack.environment(),
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "SUPPORTBOT_MODEL": "starter",
        }
        async with running(home, **settings) as daemon:
            world = World(daemon, slack, discord, (to_slack, to_discord))
            await world.until_ready({})
            yield world


async def _ask_over_slow_lines(world: World) -> None:
    """Over 2,000 bytes a second questions are answered all the same."""
    async with world.broken(Fault.SLOW):
        told = await world.slack.mention("C1", "U1", QUESTION)
        asked = await world.discord.mention(QUESTION)
        await world.slack.wait_for_message(thread_ts=told.ts, seconds=PROMISED_SECONDS)
        await world.discord.reply_to(asked, PROMISED_SECONDS)
        await world.until_ready({})
    assert len(world.slack.replies) == len(world.discord.bot_messages) == 1


async def test_every_fault_ends_well(home: Path) -> None:
    """After resets, closed ports and silence, what was asked is answered once, within 30 s; slowness only delays.

    The probe names the platforms meanwhile, and the log holds neither a traceback nor a token.
    """
    async with _world(home) as world:
        await _ask_over_slow_lines(world)
        all_asked = []
        for fault in (Fault.RESET, Fault.REFUSAL, Fault.SILENCE):
            async with world.broken(fault):
                asked = await world.ask()
                await world.until_ready(BOTH, 2 * PROMISED_SECONDS)  # nobody promised how soon a fault is seen
            await world.answered(asked)
            await world.until_ready({})
            all_asked.append(asked)
        figures = await world.get("metrics")
        assert [world.answers(asked) for asked in all_asked] == [[1, 1, 1]] * 3
        secrets = [world.discord.token, *(value for value in world.slack.environment().values() if "xo" in value)]
    assert [line for line in world.daemon.lines if "exception" in line or "Traceback" in line["event"]] == []
    assert not any(secret in str(world.daemon.lines) for secret in (*secrets, "ticket="))
    assert {'supportbot_connected{platform="slack"} 1.0', 'supportbot_connected{platform="discord"} 1.0'} <= {
        *figures.splitlines()
    }
    assert 'supportbot_reconnects_total{platform="slack",reason="silent"}' in figures
    assert "discord.deaf" in [line["event"] for line in world.daemon.lines]
