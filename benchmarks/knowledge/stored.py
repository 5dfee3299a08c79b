"""Knowledge that stays in PostgreSQL (started here) and is searched with pgvector.

How many of the nearest wordings are found depends on the distribution of vectors. So these are drawn with the mean
and the covariances, within and between answers, of really encoded wordings.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

import numpy as np
import psutil
from sqlalchemy import func, select

from benchmarks.knowledge.alone import measure_alone
from benchmarks.knowledge.invented import ASKED, Answers, Vectors, invent, store, vectors_like_encoded
from benchmarks.postgres import durable_server
from supportbot.db.models import Entry, KnowledgeState, Wording
from supportbot.db.schema import migrate
from supportbot.db.session import Database
from supportbot.errors import SupportBotError
from supportbot.knowledge import vector_search
from supportbot.knowledge.encoder.open import open_encoder
from supportbot.knowledge.features import TextEncoder
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.nearest import SHORTLIST
from supportbot.knowledge.stored_index import StoredIndex
from supportbot.knowledge.vector_table import VectorTable

_NEAREST = 10
"""Nearest wordings that should be found."""

_RECALLED = 200
"""Questions for which that is counted."""


async def measure_stored(number: int) -> dict[str, Any]:
    """Return the cost of storing so many wordings in PostgreSQL, of a start, and of questions."""
    with durable_server() as address:
        return await _measure_stored(Database(address), number)


async def _measure_stored(database: Database, number: int) -> dict[str, Any]:
    try:
        await migrate(database)
        encoder = open_encoder("")
        answers = invent(number)
        vectors, asked = vectors_like_encoded(encoder, answers, _RECALLED)
        await store(database, answers, encoder, vectors)
        moved = await _measure_moving(database, encoder)
        table = await VectorTable.open(database, encoder)
        recall = await _recall(database, table, vectors, asked)
        async with database.read() as session:
            size = await session.scalar(select(func.pg_total_relation_size(table.table.name)))
        url = database.url.render_as_string(hide_password=False)
        asking = await asyncio.to_thread(measure_alone, f"asking:{number}:{url}")
    finally:
        await database.aclose()
    return {
        "wordings": number,
        "entries": len(answers),
        **moved,
        "table_mb": round((size or 0) / 2**20),
        "recall_at_10": recall,
        **asking,
    }


async def measure_stored_start(number: int, url: str) -> dict[str, Any]:
    """Return the cost of a start that finds everything in PostgreSQL, and of questions."""
    database, encoder = Database(url), open_encoder("")
    process = psutil.Process()
    before = process.memory_info().rss
    knowledge = Knowledge(database, lambda: encoder, wrong_rate=0.02, most_in_memory=number // 2)
    began = time.perf_counter()
    await knowledge.refresh()
    started = time.perf_counter() - began
    memory = process.memory_info().rss - before
    await knowledge.load()
    lookups = await _measure_asking(knowledge, encoder, invent(number))
    followed = await _measure_following(database, knowledge)
    await knowledge.aclose()
    await database.aclose()
    return {
        "start_seconds": round(started, 3),
        "memory_mb": round(memory / 2**20),
        **lookups,
        "follow_seconds": round(followed, 3),
    }


async def _measure_moving(database: Database, encoder: TextEncoder) -> dict[str, float]:
    table = await VectorTable.open(database, encoder)
    stored = StoredIndex(table, wrong_rate=0.02)
    began = time.perf_counter()
    while not await stored.follow(0):
        pass
    filled = time.perf_counter()
    await table.build_index()
    return {
        "fill_seconds": round(filled - began, 1),
        "index_seconds": round(time.perf_counter() - filled, 1),
    }


async def _measure_asking(knowledge: Knowledge, encoder: TextEncoder, answers: Answers) -> dict[str, float]:
    rng = random.Random(1)  # noqa: S311 - no secret
    ms, looked_up, exact = [], [], []
    for _ in range(ASKED):
        wording = rng.choice(answers)[1][0]
        question = " ".join(rng.sample(wording.split(), 6))
        began = time.perf_counter()
        encoder.encode([question])
        encoded = 1000 * (time.perf_counter() - began)
        began = time.perf_counter()
        await knowledge.decide(question, None)
        ms.append(1000 * (time.perf_counter() - began))
        looked_up.append(ms[-1] - encoded)
        began = time.perf_counter()
        await knowledge.decide(wording, None)
        exact.append(1000 * (time.perf_counter() - began))
    return {
        f"{name}_ms_{label}": round(float(np.quantile(values, share)), 2)
        for name, values in (("question", ms), ("lookup", looked_up), ("to_the_letter", exact))
        for label, share in (("p50", 0.5), ("p99", 0.99))
    }


async def _measure_following(database: Database, knowledge: Knowledge) -> float:
    """Return how long the daemon takes to follow one changed entry."""
    async with database.write() as session:
        state = await session.get_one(KnowledgeState, 1)
        state.revision += 1
        entry = await session.get_one(Entry, 7)
        entry.revision = state.revision
        session.add(Wording(entry_id=7, text="may I bring my own llama"))
    began = time.perf_counter()
    await knowledge.refresh()
    took = time.perf_counter() - began
    decision = await knowledge.decide("may I bring my own llama", None)
    if decision is None or not decision.exact:
        raise SupportBotError("What was added was not taken over.")
    return took


async def _recall(database: Database, table: VectorTable, vectors: Vectors, asked: Vectors) -> float:
    """Return the share of the nearest wordings, by all products, that is found."""
    found = 0
    kept = vectors.astype(np.float16).astype(np.float32)
    for question in asked:
        best = np.argsort(-(kept @ question))[:_NEAREST]
        async with database.read() as session:
            await vector_search.prepare(session)
            near = await vector_search.nearest(session, table, question, None, SHORTLIST)
        first = sorted(near, key=lambda one: -one.meant)[:_NEAREST]
        # By number: wordings are stored in the order of their vectors, from 1 on.
        found += len({one.wording.id - 1 for one in first} & {int(row) for row in best})
    return round(found / (_NEAREST * len(asked)), 4)
