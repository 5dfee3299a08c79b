"""What is asked of the table of vectors: a wording to the letter, the nearest wordings, answers, a sample.

Who may see what is part of each query, so what was retired or narrowed counts at once. Nothing is decided here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Text, cast, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.knowledge.entries import KnownEntry, Viewer, Wording
from supportbot.knowledge.features import Floats
from supportbot.knowledge.pgvector import written
from supportbot.knowledge.vector_table import (
    ENTRY,
    ENTRY_TABLE,
    LIVE,
    WORDING,
    WORDING_TABLE,
    VectorTable,
    key_of,
)

EF_SEARCH = 1_000
"""How many rows pgvector keeps in sight while it searches."""

_SHOWN = 12
"""Entries that examples are chosen from."""

# By the index and from its rows to their wordings and entries, whatever the planner thinks: without statistics, as
# after a large import, it compared every row with every wording.
_OTHER_PLANS = ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "material", "sort")
_NEAREST_FIRST = {f"enable_{name}": "off" for name in _OTHER_PLANS} | {"enable_indexscan": "on"}
_EXACTLY = {f"enable_{name}": "on" for name in _OTHER_PLANS} | {"enable_indexscan": "off"}
_PGVECTOR = {"hnsw.ef_search": str(EF_SEARCH), "hnsw.iterative_scan": "relaxed_order", "jit": "off"}

_ENTRY = (
    ENTRY.id,
    ENTRY.answer,
    ENTRY.source,
    ENTRY.approved_by,
    ENTRY.approved_at,
    ENTRY.valid_until,
    ENTRY.workspace_id,
    ENTRY.state,
)


@dataclass(frozen=True, slots=True)
class Near:
    """A wording that is near a question.

    Attributes:
        entry_id: whose it is.
        wording: it, as it was approved.
        question: it, normalised.
        meant: the product of its vector and the question's.
    """

    entry_id: int
    wording: Wording
    question: str
    meant: float


@dataclass(frozen=True, slots=True)
class Sampled:
    """A wording to calibrate on, with its vector ``[d]``, and whether its entry has others."""

    entry_id: int
    wording_id: int
    question: str
    vector: Floats
    has_others: bool


async def known_to_the_letter(
    session: AsyncSession, table: VectorTable, folded: str, viewer: Viewer
) -> list[tuple[KnownEntry, Wording, str]]:
    """Return the wordings whose folded form has the same key, and their normalised questions."""
    asked = table.rows(*_ENTRY, *_WORDING, table.table.c.question)
    found = await session.execute(
        asked.where(table.table.c.question_key == key_of(folded), *_visible(viewer)).order_by(WORDING.id)
    )
    return [(_entry(row, (wording := _wording(row),)), wording, row.question) for row in found]


async def prepare(session: AsyncSession) -> None:
    """Set what ``nearest`` needs, for the rest of a transaction."""
    await _set(session, _PGVECTOR | _NEAREST_FIRST)


async def nearest(
    session: AsyncSession,
    table: VectorTable,
    vector: Floats,
    viewer: Viewer | None,
    most: int,
    *,
    without: int | None = None,
) -> list[Near]:
    """Return the nearest wordings, those of an entry next to one another.

    Args:
        session: reads, after ``prepare``.
        table: where to look.
        vector: of the question, ``[d]``.
        viewer: who asks; None sees everything that is live.
        most: wordings to return.
        without: an entry that is left out.
    """
    # In a query of its own, so that the text is read once and not for each row.
    asked = select(cast(literal(written(vector), Text), table.type)).scalar_subquery()
    distance = table.table.c.vector.op("<#>")(asked)
    query = table.rows(WORDING.entry_id, *_WORDING, table.table.c.question, distance.label("distance"))
    if viewer is not None:
        query = query.where(*_visible(viewer))
    if without is not None:
        query = query.where(ENTRY.id != without)
    query = query.order_by(distance).limit(most)
    rows = (await session.execute(query)).all()
    if len(rows) < most:
        # The index gives up after 20,000 rows: somebody sees so few of them that all of those are compared.
        await _set(session, _EXACTLY)
        rows = (await session.execute(query)).all()
        await _set(session, _NEAREST_FIRST)
    found = [
        Near(entry_id, Wording(number, worded, workspace_id), question, -far)
        for entry_id, number, worded, workspace_id, question, far in rows
    ]
    return sorted(found, key=lambda one: (one.entry_id, one.wording.id))


async def answers(
    session: AsyncSession, ids: Collection[int], digest: str
) -> dict[int, tuple[KnownEntry, bytes | None]]:
    """Return live entries without their wordings, and the vectors that an encoder made of their answers."""
    query = select(*_ENTRY, ENTRY.encoder, ENTRY.vector).where(ENTRY.id.in_(ids), *LIVE)
    return {
        row.id: (_entry(row, ()), row.vector if row.encoder == digest else None)
        for row in await session.execute(query)
    }


async def count(session: AsyncSession) -> tuple[int, int]:
    """Return how many wordings are live, and of how many entries; small talk aside."""
    found = await session.execute(
        select(func.count(), func.count(WORDING.entry_id.distinct()))
        .select_from(WORDING_TABLE)
        .join(ENTRY_TABLE, ENTRY.id == WORDING.entry_id)
        .where(*LIVE)
    )
    wordings, entries = found.one()
    return wordings, entries


async def texts(session: AsyncSession, table: VectorTable, step: int, most: int) -> list[str]:
    """Return every so-manieth question, normalised."""
    place = (func.row_number().over(order_by=(WORDING.entry_id, WORDING.id)) - 1).label("place")
    numbered = table.rows(table.table.c.question, place).subquery()
    query = select(numbered.c.question).where(numbered.c.place % step == 0)
    return list(await session.scalars(query.order_by(numbered.c.place).limit(most)))


async def sample(session: AsyncSession, table: VectorTable, step: int, most: int) -> list[Sampled]:
    """Return every so-manieth wording, in the order of their entries."""
    order = (WORDING.entry_id, WORDING.id)
    numbered = table.rows(
        WORDING.entry_id,
        WORDING.id,
        (func.row_number().over(order_by=order) - 1).label("place"),
        (func.count().over(partition_by=WORDING.entry_id) > 1).label("has_others"),
    ).subquery()
    query = (
        select(numbered, table.table.c.question, cast(table.table.c.vector, Text).label("vector"))
        .join(table.table, table.table.c.wording_id == numbered.c.id)
        .where(numbered.c.place % step == 0)
        .order_by(numbered.c.place)
        .limit(most)
    )
    return [
        Sampled(row.entry_id, row.id, row.question, np.array(json.loads(row.vector), np.float32), row.has_others)
        for row in await session.execute(query)
    ]


async def most_worded(session: AsyncSession) -> Sequence[int]:
    """Return the entries with the most wordings that anybody may ask."""
    query = (
        select(ENTRY.id)
        .join(WORDING_TABLE, WORDING.entry_id == ENTRY.id)
        .where(*LIVE, ENTRY.workspace_id.is_(None), ENTRY.valid_until.is_(None))
        .group_by(ENTRY.id)
        .order_by(func.count().desc(), ENTRY.id)
        .limit(_SHOWN)
    )
    return list(await session.scalars(query))


_WORDING = (
    WORDING.id.label("wording_id"),
    WORDING.text.label("wording_text"),
    WORDING.workspace_id.label("wording_workspace_id"),
)


async def _set(session: AsyncSession, settings: Mapping[str, str]) -> None:
    """Change settings of the server until the transaction ends."""
    await session.execute(select(*(func.set_config(name, value, True) for name, value in settings.items())))


def _visible(viewer: Viewer) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [or_(ENTRY.valid_until.is_(None), ENTRY.valid_until > viewer.now)]
    if (here := viewer.workspace_id) is not None:
        found.append(or_(ENTRY.workspace_id.is_(None), ENTRY.workspace_id == here))
        origins = {here, *viewer.consenting}
        found.append(or_(WORDING.workspace_id.is_(None), WORDING.workspace_id.in_(origins)))
    return found


def _wording(row: Any) -> Wording:
    return Wording(row.wording_id, row.wording_text, row.wording_workspace_id)


def _entry(row: Any, wordings: tuple[Wording, ...]) -> KnownEntry:
    return KnownEntry(
        id=row.id,
        answer=row.answer,
        source=row.source,
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        valid_until=row.valid_until,
        workspace_id=row.workspace_id,
        state=row.state,
        wordings=wordings,
    )
