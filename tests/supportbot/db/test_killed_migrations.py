"""Migrations of databases with rows in them, killed before statements that write: each one, or each thirteenth.

No row is lost or doubled: each migration is all or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from supportbot.db.schema import alembic_config, check_schema, current_revision, migrate
from supportbot.db.session import Database
from tests.conftest import create_postgres_database
from tests.e2e.daemon import environment
from tests.program import run_module
from tests.supportbot.db.dying import Rows, rows_of

NOW = "'2026-01-01 00:00:00+00:00'"

FIRST = (
    f"INSERT INTO workspace VALUES (1, 'slack', 'T1', 'Shop', '{{}}', 'Ana', {NOW}, {NOW})",
    f"INSERT INTO conversation VALUES (1, 1, 'C1', '1.0', {NOW})",
    *(
        "INSERT INTO question (id, conversation_id, platform, identity, asker, text, reply_to, state, attempts, "
        f"received_at) VALUES ({number}, 1, 'slack', 'i{number}', 'U1', 'how?', '{{}}', 'answered', 1, {NOW})"
        for number in range(1, 6)
    ),
    *(
        "INSERT INTO answer (id, question_id, text, source, seed, shortened, created_at) "
        f"VALUES ({number}, {number}, 'so', '{source}', {2**62 + number}, FALSE, {NOW})"
        for number, source in enumerate(("generated", "approved", "not_sure", "human"), 1)
    ),
    f"INSERT INTO feedback VALUES (1, 1, 'slack:T1:U1', -1, 'wrong', 'no, so', {NOW}, {NOW})",
    "INSERT INTO outbox (id, question_id, answer_id, platform, mark, text, state, attempts, due_at, created_at) "
    f"VALUES (1, 1, 1, 'slack', 'm1', 'so', 'pending', 0, {NOW}, {NOW})",
    f"INSERT INTO model_version VALUES (1, 'v1', NULL, 'd', '{{}}', 'live', {NOW})",
    f"INSERT INTO training_run VALUES (1, 1, '{{}}', 'f', '[]', {NOW}, NULL)",
    f"INSERT INTO audit VALUES (1, 'Ana', 'model.promote', 'model:v1', '{{}}', {NOW})",
)
"""Rows of the first schema, in every table but those that no program of then wrote."""

THIRD = (
    *(
        "INSERT INTO example (id, origin, source, prompt, completion, label, votes, origin_answer_id, "
        "workspace_id, conversation, split, sort_key, status, curator, created_at, decided_at) "
        f"VALUES ({number}, 'o{number}', 'votes', 'q{number}', 'a{number % 2}', 'good', 1, 1, 1, 'c', 'train', "
        f"'s', 'approved', 'Ana', {NOW}, {NOW})"
        for number in range(1, 4)
    ),
    "INSERT INTO run_example VALUES (1, 1)",
)
"""Rows of the third: three approved ones, with two different answers."""

HEAD = (
    "INSERT INTO answer (id, question_id, text, source, shortened, created_at) "
    f"VALUES (5, 5, 'quoted', 'quoted', FALSE, {NOW})",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind with the first schema and rows in it."""
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'rows.db'}"
    else:
        url = create_postgres_database(request.getfixturevalue("postgres_url"), "template0")
    command.upgrade(alembic_config(url), "0001")
    execute(url, FIRST)
    return url


def execute(url: str, statements: Sequence[str]) -> None:
    """Write in one transaction, as no program of ours does."""
    engine = create_engine(url.replace("+aiosqlite", ""))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def lost(before: Rows, after: Rows) -> list[str]:
    """Return the tables in which a row is missing, doubled, or reads otherwise in a column that both have."""
    return [
        name
        for name in before.keys() & after.keys() - {"alembic_version"}
        if len(before[name]) != len(after[name])
        or any(
            old[column] != new[column]
            for old, new in zip(before[name], after[name], strict=True)
            for column in old.keys() & new.keys()
        )
    ]


async def migrate_dying(url: str, way: str, to: str, stride: int) -> int:
    """Migrate in processes that are killed; return how many were."""
    ended = await run_module(
        "tests.supportbot.db.dying", [url, way, to, str(stride)], environment(Path("/nonexistent"), {})
    )
    assert ended.status == 0, ended.errors
    return int(ended.output)


@pytest.mark.parametrize(("stride", "fewest"), [(13, 8), pytest.param(1, 120, marks=pytest.mark.long)])
async def test_no_kill_loses_a_row(url: str, stride: int, fewest: int) -> None:
    """Up from the oldest schema, down to it and up again, killed at each step, the rows are what they were."""
    first = rows_of(url)
    deaths = await migrate_dying(url, "up", "0003", stride)
    assert lost(first, rows_of(url)) == []

    execute(url, THIRD)
    third = rows_of(url)
    deaths += await migrate_dying(url, "up", "head", stride)
    head = rows_of(url)
    assert lost(third, head) == []
    assert [row["answer"] for row in head["entry"]] == ["a1", "a0"]
    assert [(row["text"], row["entry_id"]) for row in head["wording"]] == [("q1", 1), ("q2", 2), ("q3", 1)]

    execute(url, HEAD)
    deaths += await migrate_dying(url, "down", "0003", stride)
    back = rows_of(url)
    assert back["answer"].pop()["source"] == "not_sure"  # type: ignore[attr-defined]  # the older has no word for it
    assert lost(third, back) == []

    deaths += await migrate_dying(url, "down", "0001", stride)
    execute(url, ["DELETE FROM answer WHERE id = 5"])
    assert rows_of(url) == first

    database = Database(url)
    await migrate(database)
    await check_schema(database)
    assert await current_revision(database) != "0001"
    await database.aclose()
    assert lost(first, rows_of(url)) == []
    assert deaths > fewest
