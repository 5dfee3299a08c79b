"""A Discord that looks connected and is not heard: it is noticed, said, and fixed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from bot.discord.client import DiscordAdapter, open_discord
from bot.discord.patience import Patience
from tests.discord_adapter.conftest import Core
from tests.discord_server import DiscordServer
from tests.discord_server.state import DM_CHANNEL_ID
from tests.network.proxy import Fault, Proxy
from tests.outage import hang, refusing
from tests.waiting import beside, until

IMPATIENT = Patience(
    quiet_seconds=0.5,
    answer_seconds=1.0,
    connect_seconds=2.0,
    call_seconds=2.0,
    close_seconds=0.5,
    longest_pause=0.1,
    look_seconds=0.02,
    hear_seconds=0.5,
)


@asynccontextmanager
async def _listening(core: Core, server: DiscordServer) -> AsyncIterator[DiscordAdapter]:
    settings = core.settings.model_copy(update={"discord_api_url": server.api_url})
    async with (
        open_discord(core.service, settings, patience=IMPATIENT) as adapter,
        beside(adapter.run()),
    ):
        await until(lambda: adapter.is_connected)
        yield adapter


@pytest.fixture
async def proxy(server: DiscordServer) -> AsyncIterator[Proxy]:
    """A line to the local Discord that can be broken."""
    async with Proxy(server.port) as proxy:
        server.stand_behind("127.0.0.1", proxy.port)
        yield proxy


def _reconnects(reason: str) -> float:
    labels = {"platform": "discord", "reason": reason}
    return REGISTRY.get_sample_value("supportbot_reconnects_total", labels) or 0.0


async def test_a_quiet_line_is_left_alone(core: Core, server: DiscordServer) -> None:
    """Where nobody says anything, Discord is asked for a sign of life, and its answer is enough."""
    async with _listening(core, server):
        await server.until(lambda: server.gateway.heartbeats >= 4)  # one is the library's own
        assert server.gateway.opened == 1


async def test_a_dead_line_is_dropped_and_its_session_resumed(
    core: Core, server: DiscordServer, proxy: Proxy
) -> None:
    """A line that died without a word is replaced within seconds, and what was said meanwhile is told again."""
    before = _reconnects("silent")
    with capture_logs() as lines:
        async with _listening(core, server):
            async with proxy.broken(Fault.SILENCE):
                pass  # new lines work at once, the old one never again
            await server.say("where is it?", channel=DM_CHANNEL_ID)
            await core.heard("where is it?")
    assert server.gateway.resumed >= 1
    assert _reconnects("silent") > before
    assert "discord.deaf" in [line["event"] for line in lines if line["log_level"] == "warning"]


async def test_a_network_that_stays_silent_is_said(core: Core, server: DiscordServer, proxy: Proxy) -> None:
    """As long as nothing is heard the adapter is not connected; afterwards a new client hears what was missed."""
    async with _listening(core, server) as adapter:
        await server.say("first?", channel=DM_CHANNEL_ID)
        await core.heard("first?")
        client = adapter._client
        async with proxy.broken(Fault.SILENCE):
            await until(lambda: adapter._client is not client)
            assert not adapter.is_connected
            await server.mention("second?")
            await server.say("third?", channel=DM_CHANNEL_ID)
        await core.heard("first?", "second?", "third?")


async def test_a_reader_that_ended_is_found(core: Core, server: DiscordServer) -> None:
    """When the library reads no more and does not notice, its client is replaced."""
    before = _reconnects("silent")
    async with _listening(core, server) as adapter:
        assert adapter._client is not None
        (shard,) = adapter._client.shards.values()
        shard._parent._cancel_task()
        await server.until(lambda: server.gateway.identified == 2)
        await server.mention("hello?")
        await core.heard("hello?")
    assert _reconnects("silent") > before


async def test_a_message_that_hangs_is_read_back(
    core: Core, server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question whose keeping hangs is given up after a while, and found in its channel."""
    with capture_logs() as lines:
        async with _listening(core, server):
            with monkeypatch.context() as patch:
                patch.setattr(core.service, "ask", hang)
                await server.mention("hello?")
                await until(lambda: any(line["event"] == "discord.question_not_kept" for line in lines))
            await core.heard("hello?")


async def test_a_message_that_is_never_kept_is_given_up(core: Core, server: DiscordServer) -> None:
    """What fails each time it is read back is left, with one line in the log, and hides nothing else."""
    with capture_logs() as lines, refusing(core.database, "poison"):
        async with _listening(core, server):
            await server.mention("poison?")
            await server.mention("hello?")
            await until(lambda: any(line["event"] == "discord.message_given_up" for line in lines))
            await core.heard("hello?")
            requests = len(server.state.requests)
            await server.mention("and now?")
            await core.heard("hello?", "and now?")
        read_back = [path for method, path, _ in server.state.requests[requests:] if method == "GET"]
    assert read_back == []
    assert sum(line["event"] == "discord.message_given_up" for line in lines) == 1


async def test_an_invalid_session_that_may_be_resumed(core: Core, server: DiscordServer) -> None:
    """After op 9 the session goes on where Discord says that it can."""
    async with _listening(core, server):
        await server.gateway.invalidate(resumable=True)
        await server.until(lambda: server.gateway.resumed == 1)
        await server.mention("hello?")
        await core.heard("hello?")
