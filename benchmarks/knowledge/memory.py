"""Knowledge in memory: how long it takes to encode, to fit a rule, to look a question up, and to start."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil

from benchmarks.knowledge.invented import (
    ASKED,
    SOME,
    TOKENS_OF_ANSWER,
    TOKENS_OF_WORDING,
    any_tokens,
    any_vectors,
    invent,
    known_entry,
    store,
    unit_vectors,
)
from supportbot.db.schema import migrate
from supportbot.db.session import Database
from supportbot.knowledge.encoder.open import open_encoder
from supportbot.knowledge.entries import Viewer
from supportbot.knowledge.features import Tokens
from supportbot.knowledge.foreign import shipped_foreign
from supportbot.knowledge.index import MOST_FITTED_ANSWERS, Index
from supportbot.knowledge.knowledge import Knowledge


def measure_index(number: int) -> dict[str, Any]:
    """Return how long building, fitting and asking take with so many wordings, and their memory."""
    encoder = open_encoder("")
    process, answers = psutil.Process(), invent(number)
    before = process.memory_info().rss
    vectors = any_vectors(answers)
    tokens: tuple[list[Tokens], list[Tokens]] = ([], [])
    if len(answers) <= MOST_FITTED_ANSWERS:
        width = encoder.token_width
        tokens = (
            any_tokens(number, TOKENS_OF_WORDING, width),
            any_tokens(len(answers), TOKENS_OF_ANSWER, width),
        )
    known = [known_entry(place, answer, wordings) for place, (answer, wordings) in enumerate(answers, start=1)]
    began = time.perf_counter()
    index = Index(known, encoder, vectors, unit_vectors(len(known), 1), tokens=tokens, wrong_rate=0.02)
    build = time.perf_counter() - began
    began = time.perf_counter()
    index = index.fitted(shipped_foreign())
    fitting = time.perf_counter() - began
    viewer = Viewer(workspace_id=None, consenting=(), now=datetime.now(UTC))
    rng = random.Random(1)  # noqa: S311 - no secret
    asked = [" ".join(rng.sample(rng.choice(known).wordings[0].text.split(), 6)) for _ in range(ASKED)]
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
    texts = [text for _, wordings in invent(SOME) for text in wordings]
    encoder.encode(texts[:64])
    began = time.perf_counter()
    encoder.encode(texts)
    return {
        "ready_seconds": round(ready, 3),
        "texts_per_second": round(len(texts) / (time.perf_counter() - began)),
    }


async def measure_start(number: int, home: Path) -> dict[str, Any]:
    """Return how long a start takes to load knowledge from the database, with all vectors stored, and its
    memory."""
    database = Database(f"sqlite+aiosqlite:///{home / f'{number}.db'}")
    await migrate(database)
    encoder = open_encoder("")
    await store(database, invent(number), encoder)
    process = psutil.Process()
    before = process.memory_info().rss
    knowledge = Knowledge(database, lambda: encoder, wrong_rate=0.02)
    began = time.perf_counter()
    await knowledge.refresh()
    seconds = time.perf_counter() - began
    memory = process.memory_info().rss - before
    await knowledge.aclose()
    await database.aclose()
    return {"wordings": number, "seconds": round(seconds, 3), "memory_mb": round(memory / 2**20)}
