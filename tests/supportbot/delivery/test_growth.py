"""What a question costs must not grow with what was ever asked, counted in steps of SQLite's own machine."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import event

from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.delivery.outbox import Outbox
from supportbot.intake.admission import Limit, Limits, Refusal
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import Reply
from tests.supportbot.conftest import MakeQuestion

LIMITS = Limits(person=Limit(50, 120), channel=Limit(100, 120), workspace=Limit(1000, 1200))
REPLY = Reply(text="Tomorrow.", source=AnswerSource.APPROVED)
LEASE = timedelta(minutes=1)

_numbers = count()
EVERY = 10
"""Steps between two looks."""


@pytest.fixture
async def database(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """An open SQLite database of its own."""
    shutil.copyfile(migrated_sqlite, tmp_path / "test.db")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    yield database
    await database.aclose()


def _remember(path: Path, questions: int, start: int) -> None:
    """Add questions of a day ago, each of another person in another channel of one workspace, all answered."""
    asked = (datetime.now(UTC) - timedelta(days=1)).isoformat(sep=" ")
    with sqlite3.connect(path) as connection:
        connection.execute(
            "INSERT OR IGNORE INTO workspace (id, platform, external_id, name, settings, created_at)"
            " VALUES (1, 'slack', 'T1', 'T1', '{}', ?)",
            [asked],
        )
        for number in range(start, start + questions):
            connection.execute("INSERT INTO channel (workspace_id, channel) VALUES (1, ?)", [f"D{number}"])
            connection.execute(
                "INSERT INTO conversation (id, workspace_id, channel, thread, created_at)"
                " VALUES (?, 1, ?, '1', ?)",
                [number, f"D{number}", asked],
            )
            connection.execute(
                "INSERT INTO question (id, conversation_id, platform, identity, asker, text, reply_to,"
                " placeholder, state, attempts, lapses, received_at, claimed_at, answered_at, delivered_at)"
                " VALUES (?, ?, 'slack', ?, ?, 'Where?', ?, 0, 'delivered', 1, 0, ?, ?, ?, ?)",
                [number, number, f"I{number}", f"P{number}", json.dumps({}), asked, asked, asked, asked],
            )
            connection.execute(
                "INSERT INTO answer (id, question_id, text, source, shortened, created_at)"
                " VALUES (?, ?, 'There.', 'approved', 0, ?)",
                [number, number, asked],
            )
            connection.execute(
                "INSERT INTO outbox (question_id, answer_id, platform, mark, text, state, attempts, lapses,"
                " due_at, created_at, delivered_at)"
                " VALUES (?, ?, 'slack', ?, 'There.', 'delivered', 1, 0, ?, ?, ?)",
                [number, number, f"sb-{number}", asked, asked, asked],
            )


async def _steps(database: Database, make: MakeQuestion) -> dict[str, int]:
    """Return how many steps each stage of a question takes."""
    steps = 0

    def look() -> int:
        nonlocal steps
        steps += EVERY
        return 0

    def on_connect(connection: sqlite3.Connection, record: object) -> None:
        connection.set_progress_handler(look, EVERY)

    await database.aclose()
    event.listen(database.engines[1], "connect", on_connect)
    inbox, outbox = Inbox(database, "one", LEASE, LIMITS), Outbox(database, "one", LEASE)

    async def ask() -> int:
        number = next(_numbers)
        question = make(channel=f"C{number}", asker=f"U{number}", thread=f"{number}.0")
        return (await inbox.accept(question)).question_id

    taken: dict[str, int] = {}

    def note(stage: str) -> None:
        nonlocal steps
        taken[stage], steps = steps, 0

    await ask()  # connects
    steps = 0
    await ask()
    note("accept")
    [claim, _] = await inbox.claim(["slack"], 2)
    note("claim")
    await inbox.finish(claim.question_id, REPLY)
    note("finish")
    await ask()
    steps = 0
    await inbox.refuse_waiting(["slack"], Refusal("busy", 9), longer_than=timedelta(), shorter_than=LEASE)
    note("refuse")
    [delivery, _] = await outbox.claim("slack", 2)
    note("claim reply")
    await outbox.delivered(delivery.outbox_id, "1.0", pause=1.0)
    note("delivered")
    event.remove(database.engines[1], "connect", on_connect)
    return taken


async def test_a_long_history_costs_nothing(database: Database, question: MakeQuestion, tmp_path: Path) -> None:
    """With twenty times the history each stage takes about the same steps: a search goes a level deeper."""
    _remember(tmp_path / "test.db", 100, start=1)
    short = await _steps(database, question)
    assert min(short.values()) >= EVERY
    _remember(tmp_path / "test.db", 2_000, start=1_001)
    long = await _steps(database, question)
    grown = {stage: (short[stage], steps) for stage, steps in long.items() if steps > 1.5 * short[stage] + 200}
    assert grown == {}
