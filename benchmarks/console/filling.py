"""A database with an invented log and invented knowledge in it, filled in minutes.

Rows are written by the thousand, in the product's own way: the triggers of SQLite and the generated columns of
PostgreSQL make the full-text index, and the queue arranges itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Engine, delete, func, insert, select, text, update

from benchmarks.console.invented import VERSIONS, WORKSPACES, ask
from benchmarks.console.rows import Writing
from benchmarks.console.shapes import CURATORS
from benchmarks.knowledge.invented import WORDINGS, invent, vectors_like_encoded
from supportbot.db.base import Base, table_of
from supportbot.db.models import (
    Audit,
    ChannelPolicy,
    Entry,
    KnowledgeState,
    LateChange,
    ModelVersion,
    OperatorAccount,
    Wording,
    Workspace,
)
from supportbot.db.session import Database, create_blocking_engine
from supportbot.db.states import EntrySource, EntryState
from supportbot.feedback.review.arranging import arrange
from supportbot.knowledge.features import TextEncoder
from supportbot.knowledge.store import answer_key

T = TypeVar("T")

WORDED = 2
"""Wordings of each entry."""

_AT_ONCE = 2_000
_ENCODED_AT_ONCE = 500
_DEEDS = 20_000
_PEOPLE = 30


async def fill(
    database: Database,
    encoder: TextEncoder,
    *,
    conversations: int,
    entries: int,
    now: datetime,
    told: Callable[[int], None] = lambda done: None,
) -> None:
    """Fill a migrated database.

    Args:
        database: where to.
        encoder: whose vectors the entries have.
        conversations: how many.
        entries: how many approved answers.
        now: when the last question was asked.
        told: gets the number of new questions.
    """
    # Small talk was installed before and has the first numbers.
    async with database.read() as session:
        first_entry = (await session.scalar(select(func.max(Entry.id))) or 0) + 1
    engine = create_blocking_engine(database.url)
    try:
        await asyncio.to_thread(fill_places, engine, now)
        await asyncio.to_thread(_fill_knowledge, engine, encoder, entries, first_entry, now)
        await asyncio.to_thread(fill_log, engine, conversations, entries, first_entry, now, told)
        await asyncio.to_thread(_fill_deeds, engine, now)
        await asyncio.to_thread(settle, engine)
    finally:
        engine.dispose()
    await arrange(database)


def fill_log(
    engine: Engine,
    conversations: int,
    entries: int,
    first_entry: int,
    now: datetime,
    told: Callable[[int], None] = lambda done: None,
) -> None:
    """Write a log into existing places; blocks.

    Args:
        engine: of the database.
        conversations: how many.
        entries: how many approved answers there are to give.
        first_entry: the number of the first of them.
        now: when the last question was asked.
        told: gets the number of new questions.
    """
    writing = Writing(first_entry, now)
    for questions in _batches(ask(conversations, entries, now), _AT_ONCE):
        _write(engine, writing.rows_of(questions))
        told(len(questions))


def fill_places(engine: Engine, now: datetime) -> None:
    """Write the workspaces and the policies of channels; blocks."""
    workspaces = [
        {
            "id": number,
            "platform": platform,
            "external_id": external_id,
            "name": name,
            "settings": {},
            "training_consent_by": CURATORS[0],
            "training_consent_at": now,
            "created_at": now,
        }
        for number, ((platform, external_id), name) in enumerate(WORKSPACES, start=1)
    ]
    policies = [
        {
            "workspace_id": number % len(WORKSPACES) + 1,
            "channel": f"C{number % len(WORKSPACES)}-{number}",
            "settings": {"answer_on": "questions"},
            "changed_by": CURATORS[0],
            "changed_at": now,
        }
        for number in range(80)
    ]
    with engine.begin() as connection:
        connection.execute(delete(Workspace))
    _write(engine, {Workspace: workspaces, ChannelPolicy: policies})


def _fill_knowledge(engine: Engine, encoder: TextEncoder, entries: int, first_entry: int, now: datetime) -> None:
    answers = invent(WORDINGS * entries)
    vectors, _ = vectors_like_encoded(encoder, answers, 1)
    halves = vectors.astype(np.float16).reshape(entries, WORDINGS, -1)
    with engine.begin() as connection:
        revision = connection.execute(
            update(KnowledgeState).values(revision=KnowledgeState.revision + 1).returning(KnowledgeState.revision)
        ).scalar_one()
    numbered = enumerate(zip(answers, halves, strict=True))
    for some in _batches(numbered, _ENCODED_AT_ONCE):
        found: dict[type[Base], list[dict[str, Any]]] = {Entry: [], Wording: []}
        for number, ((answer, wordings), rows) in some:
            is_retired = number % 50 == 49
            found[Entry].append(
                {
                    "id": first_entry + number,
                    "answer": answer,
                    "answer_key": answer_key(answer),
                    "source": (EntrySource.IMPORT, EntrySource.HUMAN, EntrySource.CORRECTION)[number % 3],
                    "approved_by": CURATORS[number % len(CURATORS)],
                    "approved_at": now - timedelta(minutes=entries - number),
                    "valid_until": now + timedelta(days=number % 400 - 4) if number % 40 == 0 else None,
                    "workspace_id": number % len(WORKSPACES) + 1 if number % 20 == 0 else None,
                    "state": EntryState.RETIRED if is_retired else EntryState.LIVE,
                    "revision": revision,
                    "encoder": encoder.digest,
                    "vector": rows[0].tobytes(),
                    "created_at": now - timedelta(minutes=entries - number),
                }
            )
            found[Wording] += [
                {
                    "entry_id": first_entry + number,
                    "example_id": None,
                    "workspace_id": None,
                    "text": wording,
                    "encoder": encoder.digest,
                    "vector": vector.tobytes(),
                }
                for wording, vector in zip(wordings[:WORDED], rows[:WORDED], strict=True)
            ]
        _write(engine, found)


def _fill_deeds(engine: Engine, now: datetime) -> None:
    actions = ("example.approve", "example.reject", "log.read", "entry.edit", "operator.sign_in", "model.promote")
    deeds: Iterator[dict[str, Any]] = (
        {
            "id": number,
            "actor": CURATORS[number % len(CURATORS)],
            "action": actions[number % 97 % (len(actions) - (number % 97 != 5))],
            "subject": f"example:{number}" if number % 97 != 5 else f"model:{VERSIONS[number % len(VERSIONS)]}",
            "details": {"questions": number % 50},
            "at": now - timedelta(minutes=5 * (_DEEDS - number)),
        }
        for number in range(1, _DEEDS + 1)
    )
    for some in _batches(deeds, _AT_ONCE):
        _write(engine, {Audit: some})
    people = [
        {"name": f"Person {number:02}", "role": "curator", "identity": None, "created_at": now, "seen_at": now}
        | {"ended_at": now if number % 5 == 0 else None}
        for number in range(_PEOPLE)
    ]
    versions = [
        {
            "name": name,
            "base": "faq-starter",
            "digest": f"{number:064x}",
            "metrics": {"loss": 1.0},
            "status": "retired",
            "created_at": now - timedelta(days=90 - 10 * number),
        }
        for number, name in enumerate(VERSIONS)
    ]
    _write(engine, {OperatorAccount: people, ModelVersion: versions})


def settle(engine: Engine) -> None:
    """Forget which days changed late, continue PostgreSQL's numbering, and do the work of its autovacuum."""
    with engine.begin() as connection:
        connection.execute(delete(LateChange))
    if engine.dialect.name != "postgresql":
        return
    numbered = [table for table in Base.metadata.sorted_tables if "id" in table.c and table.c.id.primary_key]
    with engine.begin() as connection:
        for table in numbered:
            sequence = connection.scalar(select(func.pg_get_serial_sequence(table.name, "id")))
            highest = connection.scalar(select(func.max(table.c.id)))
            if sequence and highest:
                connection.execute(select(func.setval(sequence, highest)))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _write(
    engine: Engine, rows: Mapping[type[Base], Sequence[Mapping[str, Any]] | Iterable[Mapping[str, Any]]]
) -> None:
    with engine.begin() as connection:
        for kind, some in rows.items():
            if some:
                connection.execute(insert(table_of(kind)), list(some))


def _batches(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(rows)
    while some := list(islice(rest, size)):
        yield some
