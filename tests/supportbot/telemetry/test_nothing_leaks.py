"""What people wrote never reaches a log, whatever fails: each statement, the connection, the file itself.

Each field holds a word of its own. Everything that the core does is done while its first statement fails, then its
second, and so on until it succeeds; what fails carries the words, as drivers' errors do.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest
import structlog
from sqlalchemy import Engine, event, select, text
from sqlalchemy import create_engine as create_sync_engine

from supportbot.bootstrap import initialise, open_core
from supportbot.config import Settings
from supportbot.core import Core
from supportbot.db.models import Answer, Example
from supportbot.db.states import FeedbackReason
from supportbot.delivery.claiming import Delivery
from supportbot.feedback.curation.collect import collect
from supportbot.feedback.curation.documents.learning import prepare
from supportbot.feedback.curation.imports import import_rows
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.feedback.entries import Entries
from supportbot.feedback.votes import Vote
from supportbot.intake.handoff import Remark
from supportbot.intake.questions import IncomingQuestion
from supportbot.telemetry.logs import configure_logging
from tests.waiting import until

log = structlog.get_logger("bot.adapter")

FIELDS = (
    *("question", "asker", "channel", "thread", "workspace", "identity", "token", "answer", "voter", "correction"),
    *("remark", "author", "wording", "document", "imported", "importedanswer", "edited", "url"),
)
MARK = {field: f"zq{field}qz" for field in FIELDS}
"""A word for each field, which stands nowhere else."""

TOKEN = f"aW50ZXJhY3Rpb246{MARK['token']}"
"""As Discord makes them: base64 of "interaction:" and more."""

QUESTION = f"Where is my {MARK['question']} order?"

Deed = Callable[[Core, int], Awaitable[object]]

_numbers = itertools.count(1)


class Sender:
    """A platform that never takes a reply: its HTTP client says so with the address, which holds a token."""

    platform = "slack"
    pause = 0.0

    async def send(self, delivery: Delivery) -> str:
        """Fail as an HTTP client does."""
        raise aiohttp.ClientConnectionError(
            f"https://x.example/webhooks/1/{TOKEN}?u={MARK['url']} {delivery.text}"
        )


def question() -> IncomingQuestion:
    """Return a question that nobody has asked yet, with a word in each field."""
    return IncomingQuestion(
        platform="slack",
        workspace=MARK["workspace"],
        channel=MARK["channel"],
        thread=MARK["thread"],
        identity=f"{MARK['identity']}:{next(_numbers)}",
        asker=MARK["asker"],
        text=QUESTION,
        reply_to={"channel": MARK["channel"], "token": TOKEN},
    )


async def asked(core: Core, number: int) -> int:
    """Ask; return the question's number."""
    return (await core.service.ask(question())).question_id


async def answered(core: Core, number: int) -> None:
    """Ask and answer."""
    await core.worker.answer_one(await asked(core, number))


async def delivered(core: Core, number: int) -> None:
    """Ask, answer, and try to show it."""
    await answered(core, number)
    await core.dispatchers["slack"].deliver_due()


async def an_answer(core: Core) -> int:
    """Return the number of some answer."""
    async with core.database.read() as session:
        found = await session.scalar(select(Answer.id).limit(1))
    assert found is not None
    return found


async def voted(core: Core, number: int) -> None:
    """Vote, and explain it."""
    answer_id, voter = await an_answer(core), f"{MARK['voter']}:{number}"
    await core.service.vote(answer_id, voter, Vote.DOWN)
    await core.service.explain(answer_id, voter, FeedbackReason.WRONG, f"Say {MARK['correction']} instead.")


async def overheard(core: Core, number: int) -> None:
    """Hear what a person writes."""
    remark = Remark(
        platform="slack",
        workspace=MARK["workspace"],
        channel=MARK["channel"],
        thread=MARK["thread"],
        replied_to=None,
        identity=f"{MARK['remark']}:{number}",
        author=MARK["author"],
        text=f"It is {MARK['remark']}.",
    )
    await core.service.hearing.overhear(remark)


async def taught(core: Core, number: int) -> None:
    """Add an approved answer."""
    await Entries(core.database).add([f"What is {MARK['wording']} {number}?"], f"{MARK['answer']}.", "curator")


async def imported(core: Core, number: int) -> None:
    """Import a file."""
    row = {
        "question": f"What is {MARK['imported']} {number}?",
        "answer": f"It is {MARK['importedanswer']} {number}.",
    }
    path = Path(f"rows-{number}.jsonl")
    path.write_text(json.dumps(row) + "\n", "utf-8")  # noqa: ASYNC240 - nothing else runs
    await import_rows(core.database, path)


async def learned(core: Core, number: int) -> None:
    """Propose the passages of a document."""
    path = Path(f"document-{number}.md")
    path.write_text(  # noqa: ASYNC240 - nothing else runs
        f"# Parcels {number}\n\nThe {MARK['document']} of number {number} is sent on the next working day.\n",
        "utf-8",
    )
    await (await prepare(core.database, [str(path)])).write()


async def curated(core: Core, number: int) -> None:
    """Collect what may be learned, and edit and approve some of it."""
    await collect(core.database)
    async with core.database.read() as session:
        example = await session.scalar(select(Example.id).where(Example.status == "pending").limit(1))
    if example is not None:
        await ExampleStore(core.database).decide(
            [example], Decision.APPROVE, "curator", answer=f"{MARK['edited']} {number}."
        )


async def looked_back(core: Core, number: int) -> None:
    """Read a conversation, and what the knowledge has to read anew."""
    await core.service.conversation("slack", MARK["channel"], MARK["thread"])
    await core.knowledge.refresh()


DEEDS: tuple[Deed, ...] = (
    *(asked, answered, delivered, voted, overheard, taught, imported, learned, curated, looked_back),
)


class Faults:
    """Lets one statement fail, with all that it was given in the words of the error, as a driver's own."""

    def __init__(self, engines: Sequence[Engine]) -> None:
        self._driver = sqlite3 if engines[0].name == "sqlite" else psycopg
        self._left = 0
        self.struck = False
        for engine in engines:
            event.listen(engine, "do_execute", self._on_execute)
            event.listen(engine, "do_executemany", self._on_execute)
            event.listen(engine, "before_cursor_execute", self._before)
        self._inside = True

    def at(self, number: int, *, inside: bool) -> None:
        """Fail the statement of this number from now on: in the driver, or before it."""
        self._left, self._inside, self.struck = number, inside, False

    def _on_execute(self, cursor: object, statement: str, parameters: object, context: object) -> None:
        if self._inside:
            self._strike(statement, parameters)

    def _before(
        self, connection: object, cursor: object, statement: str, parameters: object, context: object, many: bool
    ) -> None:
        if not self._inside:
            self._strike(statement, parameters)

    def _strike(self, statement: str, parameters: object) -> None:
        if not statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            return
        self._left -= 1
        if self._left == 0:
            self.struck = True
            words = f"{statement} DETAIL: Key ({parameters!r}) already exists."
            raise self._driver.OperationalError(words)


@pytest.fixture
async def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of a bot that logs everything, with an empty database of each kind."""
    settings = Settings(
        home=tmp_path / "home",
        database_url=database_url,
        log_level="debug",
        log_format="json",
        encoder="none",
    )
    await initialise(settings)
    return settings


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Core]:
    """Open the core as a daemon does, with one answered question in it."""
    configure_logging(settings)
    async with open_core(settings, platforms={"slack"}, daemon=True) as core:
        core.add_sender(Sender())
        await Entries(core.database).add([QUESTION], f"It is {MARK['answer']}.", "curator")
        await core.knowledge.refresh()
        await answered(core, 0)
        yield core


@contextmanager
def logged() -> Iterator[None]:
    """Log an exception as adapters do."""
    try:
        yield
    except Exception:
        log.exception("adapter.failed", deed_id=next(_numbers))  # or equal ones would be held back


def leaks(output: str) -> list[str]:
    """Return the fields whose word is in a log."""
    return [field for field, word in MARK.items() if word in output]


@pytest.mark.usefixtures("restored_logging")
async def test_no_failing_statement_tells_what_people_wrote(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each statement of everything that the core does fails twice: at debug in the driver, at info before it."""
    number, strikes = itertools.count(1), 0
    async with opened(settings) as core:
        faults = Faults(core.database.engines)
        for deed, inside in itertools.product(DEEDS, (True, False)):
            configure_logging(settings.model_copy(update={"log_level": "debug" if inside else "info"}))
            for which in itertools.count(1):
                faults.at(which, inside=inside)
                with logged():
                    await deed(core, next(number))
                if not faults.struck:
                    break
                strikes += 1
        faults.at(0, inside=True)
    output = capfd.readouterr().err
    assert strikes > 100
    assert output.count('"event": "adapter.failed"') > 20
    assert '"event": "worker.failed"' in output
    assert '"event": "reply.attempt_failed"' in output
    assert leaks(output) == []


@pytest.mark.usefixtures("restored_logging")
async def test_a_lost_connection_tells_nothing(
    settings: Settings, database_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """PostgreSQL ends the connection, or SQLite's file is damaged, in the middle of keeping a question."""
    async with opened(settings) as core:
        damage = _end_backends if database_url.startswith("postgresql") else _damage_pages
        await damage(core, settings)
        working = asyncio.create_task(core.worker.run())
        said = ""

        def heard(*events: str) -> bool:
            nonlocal said
            said += capfd.readouterr().err
            return all(f'"event": "{event}"' in said for event in events)

        with logged():
            await asked(core, 1)
        await until(lambda: heard("adapter.failed"))
        await core.worker.drain(1)
        await working
    heard()
    assert leaks(said) == []


async def _end_backends(core: Core, settings: Settings) -> None:
    """Have PostgreSQL end the connection that is about to insert a question."""
    other = create_sync_engine(settings.sqlalchemy_url, isolation_level="AUTOCOMMIT")

    def end(cursor: Any, statement: str, parameters: object, context: Any) -> None:
        if statement.startswith("INSERT INTO question"):
            pid = context.root_connection.connection.driver_connection.info.backend_pid
            with other.connect() as connection:
                connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
                gone = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
                while connection.scalar(gone, {"pid": pid}):
                    pass
            other.dispose()

    for engine in core.database.engines:
        event.listen(engine, "do_execute", end)


async def _damage_pages(core: Core, settings: Settings) -> None:
    """Overwrite the pages of the questions in SQLite's file, and have it read anew."""
    async with core.database.read() as session:
        size = await session.scalar(text("PRAGMA page_size"))
        pages = list(
            await session.scalars(
                text("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'question' AND rootpage > 0")
            )
        )
    assert isinstance(size, int)
    await core.database.aclose()  # the last connection also empties the write-ahead log into the file
    with Path(str(core.database.url.database)).open("r+b") as file:  # noqa: ASYNC230 - nothing else runs
        for page in pages:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)
