"""The migration that gives each person's direct messages in Discord a workspace of their own, and the way back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from supportbot.db.schema import alembic_config, check_schema, migrate
from supportbot.db.session import Database
from supportbot.intake.people import digest_of, direct_messages_of
from supportbot.privacy.erasing import Privacy
from supportbot.privacy.exporting import export_person
from supportbot.privacy.person import Person
from tests.conftest import create_postgres_database

NOW = "'2026-01-01 00:00:00+00:00'"
# Numbers that PostgreSQL does not come to by itself.
PLACES = (
    (91, "slack", "T1", f"'Ana', {NOW}"),
    (92, "discord", "77", "NULL, NULL"),
    (93, "discord", "dm", f"'Ana', {NOW}"),
)
ALICE, BOB = direct_messages_of("discord", "111"), direct_messages_of("discord", "222")
ROWS = (
    *(
        f"INSERT INTO workspace VALUES ({number}, '{platform}', '{name}', '', '{{}}', {consent}, {NOW})"
        for number, platform, name, consent in PLACES
    ),
    # Two people in direct messages, one of them in two; the third row is of a guild.
    *(
        f"INSERT INTO conversation VALUES ({number}, {place}, 'C{number}', 'C{number}', {NOW})"
        for number, place in ((1, 93), (2, 93), (3, 92), (4, 93))
    ),
    *(
        f"INSERT INTO channel VALUES ({place}, 'C{number}', NULL, NULL)"
        for number, place in ((1, 93), (2, 93), (3, 92))
    ),
    *(
        "INSERT INTO question (id, conversation_id, platform, identity, asker, text, reply_to, state, attempts, "
        f"received_at, placeholder, lapses) VALUES ({number}, {number}, 'discord', 'i{number}', '{asker}', "
        f"'how?', '{{}}', 'delivered', 0, {NOW}, false, 0)"
        for number, asker in ((1, "111"), (2, "222"), (3, "111"), (4, "111"))
    ),
    *(
        "INSERT INTO answer (id, question_id, text, source, shortened, author, created_at) "
        f"VALUES ({number}, {number}, 'so', '{source}', false, {author}, {NOW})"
        for number, source, author in ((1, "generated", "NULL"), (3, "human", f"'{digest_of('discord:9')}'"))
    ),
    # The fourth is of a conversation that is gone already, the fifth of nobody that can be found.
    *(
        "INSERT INTO example (id, origin, source, prompt, completion, label, votes, origin_answer_id, "
        "workspace_id, conversation, person, split, sort_key, status, created_at) "
        f"VALUES ({number}, 'o{number}', '{source}', 'q', 'a', 'good', 1, {answer}, {place}, 'c', {person}, "
        f"'train', 's', 'approved', {NOW})"
        for number, source, answer, place, person in (
            (1, "votes", 1, 93, "'discord:111'"),
            (2, "votes", "NULL", 93, "'discord:222'"),
            (3, "human", 3, 92, "'discord:111'"),
            (4, "correction", "NULL", 93, "'discord:333'"),
            (5, "votes", "NULL", 93, "NULL"),
        )
    ),
    "INSERT INTO entry (id, answer, answer_key, source, approved_by, approved_at, state, revision, created_at) "
    f"VALUES (1, 'a', 'k', 'votes', 'Ana', {NOW}, 'live', 1, {NOW})",
    "INSERT INTO wording (id, entry_id, example_id, workspace_id, text) VALUES (1, 1, 1, 93, 'q')",
)


async def places_of(database: Database, table: str) -> list[tuple[Any, ...]]:
    """Return the rows of a table by number, each with the name of its workspace."""
    query = f"SELECT {table}.id, external_id FROM {table} JOIN workspace ON workspace.id = workspace_id ORDER BY 1"
    async with database.read() as session:
        return [tuple(row) for row in await session.execute(text(query))]


async def write(database: Database, rows: Sequence[str]) -> None:
    """Write rows as a program of then did."""
    async with database.write() as session:
        for row in rows:
            await session.execute(text(row))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_direct_messages_become_each_persons_own(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Rows go to who asked or gave them, without any consent; erasing finds them, and the way down loses none."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'old.db'}"
    if kind == "postgresql":
        url = create_postgres_database(request.getfixturevalue("postgres_url"), "template0")
    await asyncio.to_thread(command.upgrade, alembic_config(url), "0009")
    database = Database(url)
    await write(database, ROWS)
    before = {table: await places_of(database, table) for table in ("conversation", "example", "wording")}
    await migrate(database)
    await check_schema(database)
    assert await places_of(database, "conversation") == [(1, ALICE), (2, BOB), (3, "77"), (4, ALICE)]
    carol = direct_messages_of("discord", "333")
    assert await places_of(database, "example") == [(1, ALICE), (2, BOB), (3, "77"), (4, carol), (5, "dm")]
    assert await places_of(database, "wording") == [(1, ALICE)]
    async with database.read() as session:
        query = text("SELECT external_id FROM workspace WHERE training_consent_at IS NOT NULL")
        assert list(await session.scalars(query)) == ["T1"]
        authors = await session.scalars(text("SELECT author FROM example WHERE author IS NOT NULL"))
        assert list(authors) == [digest_of("discord:9")]
        channels = await session.execute(
            text("SELECT channel, external_id FROM channel JOIN workspace ON id = workspace_id")
        )
        assert {tuple(row) for row in channels} == {("C1", ALICE), ("C2", BOB), ("C3", "77")}
    await database.aclose()

    await asyncio.to_thread(command.downgrade, alembic_config(url), "0009")
    database = Database(url)
    assert {table: await places_of(database, table) for table in before} == before
    await migrate(database)
    alice = Person(platform="discord", user="111")
    handed = await export_person(database, alice)
    assert {(one["id"], one["workspace"]) for one in handed["questions"]} == {(1, ALICE), (3, "77"), (4, ALICE)}
    erased = await Privacy(database, tmp_path).erase(alice, "ada", wait_seconds=0)
    assert (erased.counts["questions"], erased.counts["training rows"]) == (3, 2)
    assert await places_of(database, "conversation") == [(2, BOB)]
    async with database.read() as session:
        assert ALICE not in set(await session.scalars(text("SELECT external_id FROM workspace")))
    await database.aclose()
