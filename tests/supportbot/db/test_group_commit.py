"""Tests of transactions that are run in threads and committed together."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import Connection, event, func, insert, select, text

from supportbot.db import pinging
from supportbot.db.models import Workspace
from supportbot.db.session import Database
from tests.locks import on_postgresql
from tests.waiting import until


def _add(name: str, connection: Connection) -> int:
    row = {"platform": "slack", "external_id": name, "name": name, "settings": {}, "created_at": datetime.now(UTC)}
    added: int = connection.execute(insert(Workspace).values(row).returning(Workspace.id)).scalar_one()
    return added


async def _names(database: Database) -> set[str]:
    async with database.read() as session:
        return set(await session.scalars(select(Workspace.external_id)))


async def _while_busy(database: Database, *works: Callable[[Connection], int]) -> list[int | BaseException]:
    """Let functions come while one commit is under way, so that they are next together."""
    begun, go = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        connection.execute(text("SELECT 1"))
        begun.set()
        go.wait()

    first = asyncio.create_task(database.commit(hold))
    await until(begun.is_set)
    others = [asyncio.create_task(database.commit(work)) for work in works]
    await asyncio.sleep(0)  # each of them has begun, and waits
    go.set()
    await first
    return await asyncio.gather(*others, return_exceptions=True)


async def test_what_comes_together_is_committed_together(database: Database) -> None:
    """SQLite commits once for all that came meanwhile; PostgreSQL once for each."""
    commits = 0

    def count(*_: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(database.engines[1], "commit", count)
    names = [f"T{number}" for number in range(10)]
    ids = await _while_busy(database, *(partial(_add, name) for name in names))
    assert len(set(ids)) == len(names)
    assert await _names(database) >= set(names)
    assert commits == (2 if database.is_sqlite else 11)


async def test_items_of_one_function_are_done_together(database: Database) -> None:
    """What waits for the same function is one call of it; one that fails takes nobody with it."""
    calls: list[list[str]] = []
    begun, go = threading.Event(), threading.Event()

    def add_all(connection: Connection, names: Sequence[str]) -> list[int]:
        calls.append(list(names))
        begun.set()
        go.wait()
        if "bad" in names:
            _add("half", connection)
            raise LookupError("mine")
        return [_add(name, connection) for name in names]

    first = asyncio.create_task(database.commit_together(add_all, "T0"))
    await until(begun.is_set)
    names = ["T1", "bad", "T2"]
    others = [asyncio.create_task(database.commit_together(add_all, name)) for name in names]
    await asyncio.sleep(0)  # each of them waits now
    go.set()
    outcomes = await asyncio.gather(first, *others, return_exceptions=True)
    assert calls == [["T0"], names, ["T1"], ["bad"], ["T2"]]
    assert isinstance(outcomes[2], LookupError)
    assert len({outcomes[0], outcomes[1], outcomes[3]}) == 3
    found = await _names(database)
    assert found >= {"T0", "T1", "T2"}
    assert "half" not in found


@on_postgresql
async def test_a_connection_that_the_server_has_ended_is_replaced(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a pause a connection is tried before it is used, so a restart of PostgreSQL disturbs nobody."""
    monkeypatch.setattr(pinging, "_PAUSE_SECONDS", 0.0)
    pid = await database.commit(lambda connection: connection.scalar(text("SELECT pg_backend_pid()")))
    async with database.read() as session:
        await session.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    assert await database.commit(lambda connection: connection.scalar(text("SELECT pg_backend_pid()"))) != pid


async def test_one_that_fails_takes_nobody_with_it(database: Database) -> None:
    """Its own caller has the error and nothing of it is kept; the others are committed."""

    def fail(connection: Connection) -> int:
        _add("half", connection)
        raise LookupError("mine")

    outcome = await _while_busy(database, partial(_add, "T1"), fail, partial(_add, "T2"))
    assert isinstance(outcome[1], LookupError)
    assert await _names(database) >= {"T1", "T2"}
    assert "half" not in await _names(database)


async def test_nothing_is_done_for_who_does_not_wait_any_more(database: Database) -> None:
    """A caller that is cancelled before its turn has written nothing."""
    begun, go = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        begun.set()
        go.wait()

    first = [asyncio.create_task(database.commit(hold)) for _ in range(4)]  # all threads of PostgreSQL
    await until(begun.is_set)
    late = asyncio.create_task(database.commit(partial(_add, "late")))
    await asyncio.sleep(0)
    late.cancel()
    go.set()
    await asyncio.gather(*first)
    with pytest.raises(asyncio.CancelledError):
        await late
    assert "late" not in await _names(database)


async def test_a_closed_one_can_be_used_again(database: Database) -> None:
    """Closing ends threads and connections; whoever needs them later has new ones."""
    await database.commit(partial(_add, "T1"))
    await database.aclose()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("commit")]
    await database.commit(partial(_add, "T2"))
    counted = await database.commit(
        lambda connection: connection.scalar(select(func.count()).select_from(Workspace))
    )
    assert counted is not None
    assert counted >= 2


async def test_closing_waits_for_what_has_come(database: Database) -> None:
    """What waits behind a commit is committed before the threads end, and nothing begins after that."""
    begun, go = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        begun.set()
        go.wait()

    first = [asyncio.create_task(database.commit(hold)) for _ in range(4)]  # all threads of PostgreSQL
    await until(begun.is_set)
    late = asyncio.create_task(database.commit(partial(_add, "late")))
    await asyncio.sleep(0)
    closing = asyncio.create_task(database.aclose())
    await asyncio.sleep(0)
    go.set()
    await closing
    assert await asyncio.gather(*first, late)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("commit")]
