"""Connecting to Discord, staying connected, and giving up only where trying again is of no use."""

from __future__ import annotations

import asyncio
import gc
import socket
import time

import aiohttp
import pytest
import yarl
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.discord._network import open_connector
from bot.discord.client import DiscordAdapter, open_discord
from bot.discord.listener import SupportClient
from bot.discord.patience import Patience
from supportbot.config import Settings
from supportbot.db.states import QuestionState
from supportbot.delivery.dispatch import Dispatcher
from supportbot.errors import ConfigError
from tests.discord_adapter.conftest import Core, listening
from tests.discord_server import DiscordServer, Fault
from tests.discord_server.state import ALICE, CHANNEL_ID, DM_CHANNEL_ID
from tests.network.names import HOST, Names
from tests.waiting import beside, until


async def test_a_question_goes_all_the_way(core: Core, adapter: DiscordAdapter, server: DiscordServer) -> None:
    """A mention from before the start, a direct message and a command are answered, and a vote is kept."""
    dispatcher = Dispatcher(core.outbox, adapter.sender)
    mention = await server.mention("where is it?")
    async with listening(adapter, server):
        direct = await server.say("and when?", channel=DM_CHANNEL_ID)
        command = await server.slash("and how?")
        await server.until(lambda: command.acknowledged_after is not None)
        await core.heard("where is it?", "and when?", "and how?")
        await core.answer()
        await dispatcher.deliver_due()

        reply = await server.reply_to(mention)
        assert await server.reply_to(direct)
        assert (await server.response_to(command)).startswith("> and how?\n")
        click = await server.click(reply, up=True)
        assert await server.response_to(click) == "Thanks, good to know that this helped."
        assert click.ephemeral
        exchanges = await core.history.recent(5)
        assert {exchange.state for exchange in exchanges} == {QuestionState.DELIVERED}
        assert sum(exchange.votes_up for exchange in exchanges) == 1
        assert adapter.is_connected
    assert not adapter.is_connected


async def test_line_that_breaks_is_resumed(core: Core, adapter: DiscordAdapter, server: DiscordServer) -> None:
    """After a reset, and after a request to reconnect, the session goes on with what was missed meanwhile."""
    async with listening(adapter, server):
        await server.gateway.cut()
        await server.mention("first")
        await server.until(lambda: server.gateway.resumed == 1)
        await server.gateway.ask_to_reconnect()
        await server.until(lambda: server.gateway.resumed == 2)
        await server.mention("second")
        await core.heard("first", "second")
        assert server.gateway.identified == 1


async def test_server_that_goes_away_and_comes_back(
    core: Core, adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """When Discord is gone for a while and has forgotten the session, missed mentions are read back, once each."""
    async with listening(adapter, server):
        await server.mention("before")
        await core.heard("before")
        server.gateway.sessions, lost = {}, server.gateway.sessions
        await server.mention("missed")
        server.gateway.sessions = lost
        await server.gateway.cut(code=1000, forget=True)
        await server.stop()
        await server.start()
        await core.heard("before", "missed")
        assert server.gateway.identified == 2


async def test_lively_channel_is_read_back_to_its_newest_message(
    core: Core, adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """Where more was written lately than is read back, what was missed is found: it is what is newest."""
    for number in range(1_000):
        server.state.add_message(CHANNEL_ID, ALICE, {"content": f"not to the bot: {number}"})
    await server.mention("first")
    await server.mention("second")
    async with listening(adapter, server):
        await core.heard("first", "second")
    second, first = await core.history.recent(2)
    assert (first.question, second.question) == ("first", "second")


@pytest.mark.parametrize(
    "fault",
    [Fault(503), Fault(200, "<html/>"), Fault(200, "{", {"Content-Type": "application/json"}), Fault(drop=True)],
    ids=["503", "HTML", "half a JSON", "reset"],
)
async def test_first_connection_may_fail(
    core: Core, adapter: DiscordAdapter, server: DiscordServer, fault: Fault
) -> None:
    """Whatever is wrong with Discord at the start, it is tried until it works, and no traceback is logged."""
    server.fail("GET", "/users/@me", fault)
    server.fail("GET", "/gateway/bot", fault)
    with capture_logs() as lines:
        async with listening(adapter, server):
            await server.mention("hello?")
            await core.heard("hello?")
    assert not any("exc_info" in line for line in lines)


async def test_a_rate_limit_of_the_first_connection_is_obeyed(
    adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """A proxy that says for how long it lets nobody in is not knocked at before."""
    server.fail("GET", "/users/@me", Fault(429, "<html>1015</html>", {"Retry-After": "2"}))
    began = time.monotonic()
    async with listening(adapter, server):
        assert time.monotonic() - began >= 2


async def test_name_that_is_not_found_for_a_while(
    core: Core, server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a name server nothing is connected; when names are found again, what was asked is heard."""
    names = Names(monkeypatch)
    server.stand_behind(HOST, server.port)
    names.is_found = False
    settings = core.settings.model_copy(update={"discord_api_url": server.api_url})
    with capture_logs() as lines:
        async with (
            open_discord(core.service, settings, patience=Patience(longest_pause=0.05)) as adapter,
            beside(adapter.run()),
        ):
            await until(lambda: names.asked_in_vain >= 3)
            await server.mention("hello?")
            assert not adapter.is_connected
            names.is_found = True
            await core.heard("hello?")
    assert not any("exc_info" in line for line in lines)


async def test_address_that_is_refused_is_given_up(core: Core) -> None:
    """A gateway address that keeps refusing is not tried for ever: a new client asks for another."""
    async with SupportClient(core.service, core.settings) as client:
        client._launches[0] = 1
        with pytest.raises(ConnectionError, match=r"gateway\.invalid"):
            await client.launch_shard(yarl.URL("ws://gateway.invalid"), 0)


@pytest.mark.filterwarnings("ignore:Unclosed connection:ResourceWarning")  # the library drops that socket
async def test_stopping_while_reconnecting(adapter: DiscordAdapter, server: DiscordServer) -> None:
    """The adapter stops at once even while the library waits to identify again."""
    async with listening(adapter, server):
        await server.gateway.invalidate()
        await server.until(lambda: server.gateway.opened == 2)
    gc.collect()  # while the filter above holds


@pytest.mark.parametrize("code", [4004, 4014])
async def test_refusal_by_the_gateway_is_final(adapter: DiscordAdapter, server: DiscordServer, code: int) -> None:
    """A token or intents that the gateway refuses end the adapter with a sentence that names the key."""
    server.gateway.close_code = code
    async with asyncio.timeout(10):
        with pytest.raises(ConfigError, match="DISCORD_TOKEN"):
            await adapter.run()


async def test_refused_token_is_final(core: Core, server: DiscordServer) -> None:
    """A token that Discord does not know ends the adapter with a sentence that does not show it."""
    token = "X" * 30 + ".abcdef." + "Y" * 30
    settings = Settings(home=core.settings.home, discord_token=token, discord_api_url=server.api_url)
    async with open_discord(core.service, settings) as adapter, asyncio.timeout(10):
        with pytest.raises(ConfigError, match="DISCORD_TOKEN") as caught:
            await adapter.run()
    assert token not in str(caught.value)


async def test_missing_token_is_named(core: Core) -> None:
    """Without a token the adapter cannot be opened, and says which key is missing."""
    with pytest.raises(ConfigError, match="DISCORD_TOKEN is missing"):
        async with open_discord(core.service, core.settings.model_copy(update={"discord_token": None})):
            pass


async def test_slow_database_does_not_let_a_command_time_out(
    core: Core, adapter: DiscordAdapter, server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another process holds the database, the command is deferred in time, and kept afterwards."""
    monkeypatch.setattr("bot.discord._interactions._PATIENCE_SECONDS", 0.05)
    async with listening(adapter, server):
        async with core.database.write() as session:
            await session.execute(text("SELECT 1"))  # a transaction begins with its first statement
            command = await server.slash("in time?")
            await server.until(lambda: command.acknowledged_after is not None)
        await core.heard("in time?")


async def test_events_delivered_many_times(core: Core, adapter: DiscordAdapter, server: DiscordServer) -> None:
    """Events that arrive several times, in any order, lead to one question and one reply each."""
    dispatcher = Dispatcher(core.outbox, adapter.sender)
    async with listening(adapter, server):
        messages = [await server.mention(f"question {number}") for number in range(5)]
        for message in messages[::-1] + messages:
            await server.redeliver(message)
        await core.heard(*(f"question {number}" for number in range(5)))
        await core.answer()
        await dispatcher.deliver_due()
        for message in messages:
            await server.redeliver(message)
            assert len(server.replies_to(message)) == 1


async def test_dead_lines_are_noticed_by_the_system(server: DiscordServer) -> None:
    """The sockets of the client probe a silent other side, so a line that died is not waited for."""
    async with (
        aiohttp.ClientSession(connector=open_connector()) as session,
        session.ws_connect(server.gateway.url) as line,
    ):
        opened = line.get_extra_info("socket")
        assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 5


def test_waiting_time_between_attempts() -> None:
    """The wait grows, is never the same for all, and stays far below the promised 30 seconds."""
    patience = Patience()
    assert patience.pause(1) <= 1
    assert all(4 <= patience.pause(failures) <= 8 for failures in range(5, 5000))


async def test_handler_that_fails_is_logged(core: Core) -> None:
    """What an event handler raises becomes one line of the log that names the handler."""
    client = SupportClient(core.service, core.settings, shard_count=1)
    with capture_logs() as lines:
        try:
            raise ValueError("odd")
        except ValueError:
            await client.on_error("on_raw_message_delete")
    (line,) = lines
    assert (line["event"], line["handler"]) == ("discord.handler_failed", "on_raw_message_delete")
