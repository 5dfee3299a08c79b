"""A whole support bot on a real SQLite file with a real, tiny model, and a simulated Discord around its client."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
import torch
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.discord.client import DiscordAdapter, open_discord
from bot.discord.listener import SupportClient
from bot.discord.sender import DiscordSender
from supportbot.answering.answerer import Answerer
from supportbot.answering.generator import Generator
from supportbot.answering.live_model import LiveModel
from supportbot.answering.worker import Worker
from supportbot.config import Settings
from supportbot.db.schema import migrate
from supportbot.db.session import Database
from supportbot.delivery.dispatch import Dispatcher
from supportbot.delivery.outbox import Outbox
from supportbot.delivery.pace import Pace
from supportbot.delivery.stream_notes import StreamNotes
from supportbot.delivery.streaming import Streams
from supportbot.engine.base import Engine, SamplingParams
from supportbot.engine.load import load_engine
from supportbot.feedback.again import Again
from supportbot.feedback.suggestions import Suggestions
from supportbot.feedback.votes import Votes
from supportbot.handoffs.asking import Handoffs
from supportbot.intake.history import Exchange, History
from supportbot.intake.inbox import Inbox
from supportbot.intake.live import Live
from supportbot.knowledge.knowledge import Knowledge
from supportbot.privacy.erasing import Privacy
from supportbot.service import Service
from supportbot.statistics.overview import Overview
from tests.discord_server.server import TOKEN, DiscordServer

AT_ONCE = Pace(after=0.0, each=0.01)
"""Whatever is written is shown at once."""


@dataclass
class Core:
    """The support bot without any platform."""

    database: Database
    settings: Settings
    service: Service
    inbox: Inbox
    outbox: Outbox
    history: History
    worker: Worker
    bell: asyncio.Event
    live: Live
    streams: Streams
    knowledge: Knowledge

    async def answer(self) -> None:
        """Answer every question that waits."""
        for exchange in await self.history.recent(100):
            if exchange.answer is None:
                await self.worker.answer_one(exchange.question_id)

    async def heard(self, *questions: str) -> None:
        """Wait until exactly these questions are in the inbox."""
        async with asyncio.timeout(20):
            while True:
                self.bell.clear()
                if {exchange.question for exchange in await self.history.recent(100)} == set(questions):
                    return
                await self.bell.wait()

    async def only(self) -> Exchange:
        """Return the one exchange that there is."""
        (exchange,) = await self.history.recent(10)
        return exchange


@dataclass
class World:
    """The bot in a simulated Discord, with one channel and one person."""

    env: Any
    core: Core
    channel: Any
    alice: Any

    @property
    def client(self) -> SupportClient:
        """The client that runs now; another one after a restart."""
        client: SupportClient = self.env.bot
        return client

    def dispatcher(self) -> Dispatcher:
        """Return a dispatcher that delivers through the client that runs now."""

        async def rest() -> discord.Client:
            return self.client

        return Dispatcher(self.core.outbox, DiscordSender(rest))

    async def answer(self) -> None:
        """Answer what waits and deliver it."""
        await self.core.answer()
        await self.dispatcher().deliver_due()
        await self.env.settle()

    async def mention(self, text: str) -> discord.Message:
        """Have Alice mention the bot in the channel."""
        assert self.client.user is not None
        message: discord.Message = await self.alice.send(self.channel, f"{self.client.user.mention} {text}")
        return message

    async def restart(self) -> None:
        """Replace the client by a new one, as a restarted process would."""
        await self.env.restart_bot(build_client(self.core))

    def requests(self, method: str, ending: str) -> list[Any]:
        """Return the REST calls of the bot whose path has this ending."""
        return [
            entry for entry in self.env.http_requests if entry.method == method and entry.path.endswith(ending)
        ]


async def _migrate(path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{path}")
    await migrate(database)
    await database.aclose()


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("discord") / "template.db"
    asyncio.run(_migrate(path))
    return path


@pytest.fixture(scope="session")
def _engine(tiny_model: Path) -> Iterator[Engine]:
    """A real engine on a tiny model, on one thread: it has no work for more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    engine = load_engine(tiny_model, "tiny", "fp32")
    yield engine
    asyncio.run(engine.aclose())
    torch.set_num_threads(threads)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a made-up token and a home of their own."""
    return Settings(home=tmp_path / "home", discord_token=TOKEN)


@pytest.fixture
async def core(_template: Path, _engine: Engine, tmp_path: Path, settings: Settings) -> AsyncIterator[Core]:
    """The support bot on a real SQLite file and a real engine."""
    shutil.copyfile(_template, tmp_path / "discord.db")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'discord.db'}")
    inbox, history, live = Inbox(database, "test", timedelta(minutes=1)), History(database), Live()
    bell = asyncio.Event()
    streams = Streams(StreamNotes(database, "test"), live)
    worker = Worker(
        inbox,
        Answerer(Generator(LiveModel(_engine, None), sampling=SamplingParams(max_length=120))),  # short, so fast
        live,
        platforms=["discord"],
        answer_seconds=20,
        question_age=timedelta(minutes=30),
    )
    knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
    service = Service(
        inbox,
        Votes(database),
        Suggestions(database),
        history,
        live,
        bell,
        Privacy(database, settings.home),
        take_back=streams.take_back,
        overview=Overview(database, knowledge),
        handoffs=Handoffs(database, inbox),
        again=Again(database),
    )
    outbox = Outbox(database, "test", timedelta(minutes=1))
    yield Core(database, settings, service, inbox, outbox, history, worker, bell, live, streams, knowledge)
    await streams.aclose()
    await database.aclose()


@asynccontextmanager
async def listening(adapter: DiscordAdapter, server: DiscordServer) -> AsyncIterator[asyncio.Task[None]]:
    """Let an adapter run meanwhile, connected to the local Discord."""
    task = asyncio.create_task(adapter.run())
    await server.connected()
    yield task
    task.cancel()
    async with asyncio.timeout(5):
        with suppress(asyncio.CancelledError):
            await task


def build_client(core: Core) -> SupportClient:
    """Return a client for the simulated Discord, which must be told the number of shards."""
    return SupportClient(core.service, core.settings, shard_count=1)


@pytest.fixture
def simcord_bot(core: Core) -> SupportClient:
    """What simcord's own fixture logs in."""
    return build_client(core)


@pytest.fixture
async def world(core: Core, simcord_env: simcord.Env) -> World:
    """The bot, logged in to a simulated Discord."""
    guild = simcord_env.create_guild("Shop")
    channel = guild.create_text_channel("help")
    alice = guild.add_member(simcord_env.create_user("alice"))
    await simcord_env.settle()
    return World(simcord_env, core, channel, alice)


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    """A Discord on this machine, reached over real sockets."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY  # the adapter points the library elsewhere
    async with DiscordServer() as server:
        yield server
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@pytest.fixture
async def adapter(core: Core, server: DiscordServer) -> AsyncIterator[DiscordAdapter]:
    """The adapter, pointed at the local Discord; it does not listen yet."""
    settings = core.settings.model_copy(update={"discord_api_url": server.api_url})
    async with open_discord(core.service, settings, pace=AT_ONCE) as adapter:
        core.streams.add(adapter.stage)
        yield adapter
        await core.streams.aclose()
