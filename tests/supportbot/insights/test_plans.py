"""What the console counts and looks for goes by the indexes that were made for it, on both databases."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, make_url

from benchmarks.console.filling import fill_log, fill_places, settle
from supportbot.db.session import Database, create_blocking_engine
from supportbot.feedback.review.arranging import arrange
from supportbot.insights.gaps import Gaps
from supportbot.insights.period import Days, Period
from supportbot.insights.today import Today
from supportbot.knowledge.knowledge import Knowledge
from supportbot.statistics.unmet import read_unmet
from tests.conftest import create_postgres_database
from tests.supportbot.plans import plans_of

_CONVERSATIONS = 1_500
"""Enough that PostgreSQL does not simply read everything, and written in a second."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled_once(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> URL:
    """A database of each kind with a log of 90 days, to be copied."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("filled") / "log.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        url = f"sqlite+aiosqlite:///{path}"
    else:
        server: str = request.getfixturevalue("postgres_url")
        url = create_postgres_database(server, request.getfixturevalue("migrated_postgres"))
    _fill(create_blocking_engine(make_url(url)))
    return make_url(url)


@pytest.fixture
async def filled(filled_once: URL, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database with a log of 90 days, in the state in which PostgreSQL's own upkeep leaves it."""
    if filled_once.get_backend_name() == "sqlite":
        path = shutil.copyfile(str(filled_once.database), tmp_path / "log.db")
        url = f"sqlite+aiosqlite:///{path}"
    else:
        url = create_postgres_database(request.getfixturevalue("postgres_url"), str(filled_once.database))
    database = Database(url)
    yield database
    await database.aclose()


def _fill(engine: Engine) -> None:
    now = datetime.now(UTC)
    try:
        if engine.dialect.name == "postgresql":
            # The tests' server commits without waiting for its log, and what is not in that yet is not vacuumed:
            # then indexes alone do not do.
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql(f"ALTER DATABASE {engine.url.database} SET synchronous_commit = on")
            engine.dispose()  # it holds for the next connection
        fill_places(engine, now)
        fill_log(engine, _CONVERSATIONS, 50, 1_000, now)
        settle(engine)
    finally:
        engine.dispose()


async def test_a_day_is_read_by_its_questions(filled: Database) -> None:
    """Each question of the day leads to the few rows that belong to it; no table is read for a day."""
    today = Today(filled, Gaps(filled, Knowledge(filled, lambda: None, wrong_rate=0.02), lambda: None), lambda: "")

    plans = await plans_of(filled, lambda: today.glance(Period(days=Days.ONE)))

    [read] = {plan for query, plan in plans.items() if "AS BIGINT" in query}
    assert "ix_question_asked" in read
    assert "Seq Scan on question" not in read
    assert "Seq Scan on answer" not in read
    assert "SCAN answer" not in read
    if filled.is_sqlite:
        assert "COVERING INDEX ix_answer_kind" in read
        assert "ix_entry_source" in read  # of the few entries of a test, PostgreSQL reads all


async def test_gaps_are_looked_for_from_the_newest_question_backwards(filled: Database) -> None:
    """What was not answered well is found by the time of questions, and not among all that were ever delivered."""

    async def look() -> None:
        async with filled.read() as session:
            await read_unmet(session, None, datetime.now(UTC) - timedelta(days=7))

    plans = await plans_of(filled, look)

    plan = next(plan for query, plan in plans.items() if "handoff_id" in query)
    assert "ix_question_asked" in plan
    assert "ix_question_state_lease_until" not in plan


async def test_the_queue_is_weighed_by_looking_up_what_waits(filled: Database) -> None:
    """For each row that waits its answer is looked up; no set of all answers is made for it."""
    await arrange(filled)

    plans = await plans_of(filled, lambda: arrange(filled))

    plan = next(plan for query, plan in plans.items() if "AS kept" in query)
    assert "hashed SubPlan" not in plan
    assert "Seq Scan on answer" not in plan
    assert "SCAN answer" not in plan
    assert "ix_answer_kind" in plan or "uq_answer_question_id_by_bot" in plan
