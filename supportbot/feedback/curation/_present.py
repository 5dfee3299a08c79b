"""What the database has of a file's rows already: decisions that stand, and sides that were taken.

Only rows of imports are looked at; what came from chat has conversations of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from supportbot.db.models import Example
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleSource, ExampleStatus
from supportbot.feedback.curation.held_out import Wordings
from supportbot.feedback.curation.keys import normalise, split_of
from supportbot.feedback.curation.staging import Stage
from supportbot.knowledge.store import answer_key

_PAGE = 5_000


async def meet_present(database: Database, stage: Stage, wordings: Wordings) -> None:
    """Mark the stage's rows that a curator decided on, and add to the wordings what the database has of them."""
    last = 0
    while True:
        query = (
            select(Example.id, Example.origin, Example.prompt, Example.completion)
            .add_columns(Example.split, Example.status, Example.label)
            .where(Example.id > last, Example.source == ExampleSource.IMPORT)
            .order_by(Example.id)
            .limit(_PAGE)
        )
        async with database.read() as session:
            rows = (await session.execute(query)).all()
        if not rows:
            return
        last = rows[-1].id
        await asyncio.to_thread(_meet, stage, wordings, rows)


def add_staged(stage: Stage, wordings: Wordings) -> None:
    """Add what the file has; rows that it gives a conversation go where that one goes."""
    rows = stage.db.execute(
        "SELECT answer_key, asked, conversation, good FROM wording JOIN answer ON answer.id = answer_id"
        " WHERE NOT dropped"
    )
    for key, asked, conversation, good in rows:
        if good:
            wordings.add(key, asked)
        if conversation is not None:
            wordings.settle(asked, split_of(conversation))


def _meet(stage: Stage, wordings: Wordings, rows: Sequence[Row[*tuple[Any, ...]]]) -> None:
    decided = [(row.origin,) for row in rows if row.status != ExampleStatus.PENDING]
    stage.db.executemany("UPDATE wording SET settled = 1 WHERE origin = ?", decided)
    for row in rows:
        asked = normalise(row.prompt)
        wordings.settle(asked, row.split)
        if row.label == ExampleLabel.GOOD:
            # The database has redacted answers only; in the file several may look the same so.
            keys = stage.db.execute(
                "SELECT DISTINCT answer_key FROM answer WHERE redacted_key = ?", (answer_key(row.completion),)
            )
            for (key,) in keys.fetchall():
                wordings.add(key, asked)
