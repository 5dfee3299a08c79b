"""The real adapter on a real SQLite file, connected to the local Slack; only the model is left out."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import update

from bot.slack.app import SlackAdapter, open_slack
from bot.slack.patience import Patience
from bot.web.server import WebServer
from supportbot.config import Settings
from supportbot.db.models import Channel
from supportbot.db.models import Outbox as OutboxRow
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.delivery.dispatch import Dispatcher
from supportbot.delivery.outbox import Outbox
from supportbot.delivery.pace import Pace
from supportbot.delivery.stream_notes import StreamNotes
from supportbot.delivery.streaming import Streams
from supportbot.feedback.again import Again
from supportbot.feedback.suggestions import Suggestions
from supportbot.feedback.votes import Votes
from supportbot.handoffs.asking import Handoffs
from supportbot.intake.history import Exchange, History
from supportbot.intake.inbox import Inbox
from supportbot.intake.live import Live
from supportbot.intake.questions import Reply
from supportbot.knowledge.knowledge import Knowledge
from supportbot.privacy.erasing import Privacy
from supportbot.service import Service
from supportbot.statistics.overview import Overview
from tests.slack_server import LocalSlack

AT_ONCE = Pace(after=0.0, each=0.01)
"""Whatever is written is shown at once."""

IMPATIENT = Patience(ping_seconds=1.0, connect_seconds=1.0, longest_pause=0.02, look_seconds=0.02)


@dataclass(frozen=True, slots=True)
class Core:
    """The core without a model: a test says what the answers are."""

    database: Database
    inbox: Inbox
    outbox: Outbox
    service: Service
    live: Live
    streams: Streams

    async def questions(self) -> list[Exchange]:
        """Return all questions, the oldest first."""
        return (await self.service.recent(1000))[::-1]

    async def answer_all(self, text: str = "Press the reset button.", *, reply: Reply | None = None) -> list[int]:
        """Give all questions that wait the same answer; return the answers' ids."""
        claims = await self.inbox.claim(["slack"], 1000)
        reply = reply or Reply(text=text, source=AnswerSource.GENERATED)
        answers = [await self.inbox.finish(claim.question_id, reply) for claim in claims]
        return [answer for answer in answers if answer is not None]


@dataclass(frozen=True, slots=True)
class Bot:
    """A running adapter with what is behind it."""

    core: Core
    adapter: SlackAdapter
    dispatcher: Dispatcher

    async def answer(self, text: str = "Press the reset button.", *, reply: Reply | None = None) -> list[int]:
        """Answer what waits and try to deliver it once."""
        answers = await self.core.answer_all(text, reply=reply)
        await self.dispatcher.deliver_due()
        return answers

    async def deliver_all(self) -> None:
        """Deliver whatever is due."""
        while await self.dispatcher.deliver_due():
            pass

    async def try_again(self) -> None:
        """Make every reply that isn't delivered due, as time would, and try once more."""
        async with self.core.database.write() as session:
            await session.execute(update(OutboxRow).values(due_at=datetime.now(UTC)))
            await session.execute(update(Channel).values(free_at=None))
        await self.dispatcher.deliver_due()


def slack_settings(slack: LocalSlack, *, http: bool = False) -> Settings:
    """Return the settings that point to the local Slack."""
    environment = slack.environment()
    return Settings(
        slack_api_url=environment["SLACK_API_URL"],
        slack_bot_token=SecretStr(environment["SLACK_BOT_TOKEN"]),
        slack_app_token=SecretStr(environment["SLACK_APP_TOKEN"]),
        slack_signing_secret=SecretStr(environment["SLACK_SIGNING_SECRET"]),
        slack_http=http,
    )


@asynccontextmanager
async def running(adapter: SlackAdapter) -> AsyncIterator[None]:
    """Let an adapter run meanwhile."""
    task = asyncio.create_task(adapter.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def connected(
    slack: LocalSlack, service: Service, patience: Patience = IMPATIENT
) -> AsyncIterator[SlackAdapter]:
    """Let an adapter run in Socket Mode, with both its connections up."""
    async with (
        open_slack(service, slack_settings(slack), patience=patience, post_seconds=0.0, pace=AT_ONCE) as adapter,
        running(adapter),
    ):
        await slack.wait_until_connected(2)
        yield adapter


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    """A Slack on this machine."""
    async with LocalSlack() as slack:
        yield slack


@pytest.fixture
async def core(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Core]:
    """An empty database and a service on it."""
    shutil.copyfile(migrated_sqlite, tmp_path / "slack.db")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'slack.db'}")
    inbox = Inbox(database, owner="test", lease=timedelta(minutes=1))
    live = Live()
    streams = Streams(StreamNotes(database, "test"), live)
    service = Service(
        inbox,
        Votes(database),
        Suggestions(database),
        History(database),
        live,
        asyncio.Event(),
        Privacy(database, tmp_path / "home"),
        take_back=streams.take_back,
        overview=Overview(database, Knowledge(database, lambda: None, wrong_rate=0.02)),
        handoffs=Handoffs(database, inbox),
        again=Again(database),
    )
    yield Core(database, inbox, Outbox(database, "test", timedelta(minutes=1)), service, live, streams)
    await streams.aclose()
    await database.aclose()


@pytest.fixture
async def bot(slack: LocalSlack, core: Core) -> AsyncIterator[Bot]:
    """The adapter, connected in Socket Mode."""
    async with connected(slack, core.service) as adapter:
        core.streams.add(adapter.stage)
        yield Bot(core, adapter, Dispatcher(core.outbox, adapter.sender))


@dataclass(frozen=True, slots=True)
class HttpBot:
    """An adapter in HTTP mode behind a real web server."""

    core: Core
    adapter: SlackAdapter
    dispatcher: Dispatcher
    url: str


@pytest.fixture
async def http_bot(slack: LocalSlack, core: Core) -> AsyncIterator[HttpBot]:
    """The adapter in HTTP mode; the local Slack delivers to it."""
    settings = slack_settings(slack, http=True)
    async with open_slack(core.service, settings, patience=IMPATIENT, post_seconds=0.0) as adapter:
        app = FastAPI()
        for path, endpoint in adapter.http_routes.items():
            app.add_api_route(path, endpoint, methods=["POST"])
        async with WebServer(app, "127.0.0.1", 0) as server, running(adapter):
            url = f"{server.url}/slack/events"
            slack.use_http(url)
            yield HttpBot(core, adapter, Dispatcher(core.outbox, adapter.sender), url)
