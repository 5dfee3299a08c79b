"""The real daemon, with Slack and Discord behind lines that break: back within 30 seconds, and nothing lost or doubled."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.discord_server import DiscordServer
from tests.e2e.daemon import Daemon, running
from tests.network.proxy import Fault, Proxy
from tests.slack_server import LocalSlack
from tests.slack_server.state import BOT_USER

QUESTION = "How do I return an item?"
PROMISED_SECONDS = 30.0
PATIENCE_SECONDS = 90.0
"""On a busy machine everything takes longer; what is promised is measured and told, see ``_report``."""


class World:
    """A daemon between two platforms, and the lines to them."""

    def __init__(self, daemon: Daemon, slack: LocalSlack, discord: DiscordServer, lines: tuple[Proxy, Proxy]) -> None:
        self.daemon = daemon
        self.slack = slack
        self.discord = discord
        self.lines = lines

    async def problems(self) -> dict[str, str]:
        """Return what the probe names."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.daemon.page}readyz") as response:
            problems: dict[str, str] = (await response.json())["problems"]
            return problems
