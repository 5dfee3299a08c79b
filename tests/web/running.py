"""A bot that runs as it does in production, without chat platforms, on the starter model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from bot.web.app import build_web
from bot.web.sender import WebSender
from bot.web.server import WebServer
from bot.web.welcome import STARTER, Welcome
from supportbot.answering.answerer import Answerer
from supportbot.answering.generator import Generator
from supportbot.answering.live_model import LiveModel
from supportbot.answering.worker import Worker
from supportbot.config import Settings
from supportbot.db.schema import migrate
from supportbot.db.session import Database
from supportbot.db.shared_key import page_key
from supportbot.db.states import QuestionState
from supportbot.delivery.dispatch import Dispatcher
from supportbot.delivery.outbox import Outbox
from supportbot.engine.base import CONFIDENCE_TOKENS, Chunk, Engine, SamplingParams, Tokenizer
from supportbot.engine.load import load_engine
from supportbot.engine.prompt import Prompt
from supportbot.feedback.again import Again
from supportbot.feedback.consent import may_be_learned_from
from supportbot.feedback.suggestions import Suggestions
from supportbot.feedback.votes import Votes
from supportbot.handoffs.asking import Handoffs
from supportbot.intake.admission import Crowd
from supportbot.intake.history import History
from supportbot.intake.inbox import Inbox
from supportbot.intake.live import Live
from supportbot.intake.questions import Accepted, IncomingQuestion, Reply
from supportbot.models.registry import starter_directory
from supportbot.service import Service

MODEL_VERSION = "starter-1"


class Gate:
    """A real engine that can be made to pause within an answer, so that a test sees what is in between."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.thinking = asyncio.Event()
        self.writing = asyncio.Event()
        self.open()

    def open(self) -> None:
        """Let answers flow."""
        self.thinking.set()
        self.writing.set()

    def close(self) -> None:
        """Hold answers before their first token, and then again as soon as something can be seen."""
        self.thinking.clear()
        self.writing.clear()

    @property
    def model_version(self) -> str:
        """The engine's."""
        return self._engine.model_version

    @property
    def tokenizer(self) -> Tokenizer:
        """The engine's."""
        return self._engine.tokenizer

    @property
    def capacity(self) -> int:
        """The engine's."""
        return self._engine.capacity

    @property
    def arithmetic(self) -> str:
        """The engine's."""
        return self._engine.arithmetic

    async def stream(self, prompt: Prompt, params: SamplingParams, deadline: float) -> AsyncGenerator[Chunk, None]:
        """Continue a prompt as the engine does, with the pauses."""
        await self.thinking.wait()
        written = 0
        async with aclosing(self._engine.stream(prompt, params, deadline)) as chunks:
            async for chunk in chunks:
                if written >= CONFIDENCE_TOKENS:  # now something can be seen
                    await self.writing.wait()
                yield chunk
                written += len(chunk.token_ids)

    def expect(self, answers: Sequence[str]) -> None:
        """Be told what answers may repeat."""

    async def aclose(self) -> None:
        """Close the engine."""
        await self._engine.aclose()


class Shelf(Inbox):
    """An inbox whose disk can be made to be full, and in which replies can be prepared.

    Attributes:
        is_full: whether nothing more can be kept.
        prepared: what is written as the reply to a question, by its text, whatever the model said.
    """

    def __init__(self, database: Database, owner: str, lease: timedelta) -> None:
        super().__init__(database, owner, lease)
        self.is_full = False
        self.prepared: dict[str, Reply] = {}
        self._texts: dict[int, str] = {}

    async def accept(
        self,
        incoming: IncomingQuestion,
        crowd: Crowd | None = None,
        *,
        then: Callable[[Connection, int], None] | None = None,
    ) -> Accepted:
        """Commit a question, unless the disk is full."""
        if self.is_full:
            raise OSError(28, "No space left on device: /secret/path")
        accepted = await super().accept(incoming, crowd, then=then)
        self._texts[accepted.question_id] = incoming.text
        return accepted

    async def finish(
        self,
        question_id: int,
        reply: Reply,
        *,
        state: QuestionState = QuestionState.ANSWERED,
        reason: str | None = None,
    ) -> int | None:
        """Write the prepared reply, or else the one that is given."""
        prepared = self.prepared.get(self._texts.get(question_id, ""))
        return await super().finish(question_id, prepared or reply, state=state, reason=reason)


@dataclass
class Reception:
    """Who welcomes visitors.

    Attributes:
        welcome: what they find.
        is_closed: whether nobody is there.
    """

    welcome: Welcome = STARTER
    is_closed: bool = False

    async def __call__(self) -> Welcome:
        """Return what a visitor finds."""
        if self.is_closed:
            raise OSError("secret")
        return self.welcome


@dataclass
class Bot:
    """A running bot with its page."""

    url: str
    key: bytes
    database: Database
    answerer: Answerer
    gate: Gate
    inbox: Shelf
    reception: Reception
    problems: dict[str, str] = field(default_factory=dict)

    def doubt(self, confidence_floor: float | None) -> None:
        """Have the same model answer from now on with another confidence floor; None trusts every answer."""
        self.answerer.replace_model(LiveModel(self.gate, confidence_floor))


@asynccontextmanager
async def run_bot(home: Path, *, origins: str = "") -> AsyncGenerator[Bot]:
    """Run everything but the chat platforms, with its data in ``home``; other machines open it at ``origins``."""
    async with AsyncExitStack() as stack:
        database = Database(f"sqlite+aiosqlite:///{home / 'supportbot.db'}")
        stack.push_async_callback(database.aclose)
        await migrate(database)
        gate = Gate(load_engine(starter_directory(), MODEL_VERSION, "auto"))
        stack.push_async_callback(gate.aclose)
        answerer = Answerer(Generator(LiveModel(gate, None)))
        inbox = Shelf(database, owner="test", lease=timedelta(minutes=2))
        dispatcher = Dispatcher(Outbox(database, "test", timedelta(minutes=1)), WebSender())
        live = Live()
        worker = Worker(
            inbox,
            answerer,
            live,
            platforms=["web"],
            answer_seconds=60,
            question_age=timedelta(minutes=30),
            on_answered=lambda platform: dispatcher.wake.set(),
        )
        service = Service(
            inbox,
            Votes(database),
            Suggestions(database),
            History(database),
            live,
            worker.wake,
            handoffs=Handoffs(database, inbox),
            again=Again(database),
        )
        reception = Reception()
        key = await page_key(database)
        problems: dict[str, str] = {}

        async def readiness() -> Mapping[str, str]:
            return problems

        app = build_web(
            service,
            model_version=lambda: gate.model_version,
            readiness=readiness,
            settings=Settings(home=home, web_origins=origins),
            key=key,
            is_learned_from=partial(may_be_learned_from, database, "web"),
            welcome=reception,
        )

        async def echo(request: Request) -> Response:
            return Response(await request.body())

        app.add_api_route("/echo", echo, methods=["POST"])  # as the daemon adds Slack's
        server = await stack.enter_async_context(WebServer(app, "127.0.0.1", 0))
        loops = [asyncio.create_task(worker.run()), asyncio.create_task(dispatcher.run())]
        yield Bot(server.url, key, database, answerer, gate, inbox, reception, problems)
        await worker.drain(1)
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
