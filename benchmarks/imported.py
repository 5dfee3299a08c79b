"""A FAQ after its import: rows in a separate database, encoded and calibrated."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.faq import Row
from supportbot.db.schema import migrate
from supportbot.db.session import Database
from supportbot.feedback.curation.contradictions import Keep
from supportbot.feedback.curation.imports import import_rows
from supportbot.knowledge.features import TextEncoder
from supportbot.knowledge.knowledge import Knowledge


@asynccontextmanager
async def open_knowledge(
    rows: Sequence[Row], home: Path, encoder: TextEncoder, wrong_rate: float
) -> AsyncGenerator[Knowledge]:
    """Import rows as an operator would, and load the knowledge."""
    file = home / "faq.jsonl"
    file.write_text(
        "".join(json.dumps({"question": row.question, "answer": row.answer}) + "\n" for row in rows), "utf-8"
    )
    database = Database(f"sqlite+aiosqlite:///{home / 'supportbot.db'}")
    knowledge = Knowledge(database, lambda: encoder, wrong_rate=wrong_rate)
    try:
        await migrate(database)
        await import_rows(database, file, approved_by="benchmark", prefer=Keep.BOTH)
        await knowledge.load()
        yield knowledge
    finally:
        await knowledge.aclose()
        await database.aclose()
