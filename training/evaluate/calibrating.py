"""A confidence floor without an evaluation: the held-out rows are asked once, and nothing is compared.

This module knows one model and the database; ``answerer`` uses the floor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from supportbot.db.session import Database
from supportbot.engine.base import Engine, SamplingParams
from supportbot.models.registry import ModelSource
from training.asking import ask_all
from training.evaluate.figures import floor_of
from training.evaluate.judging import make_judge
from training.evaluate.rows import held_out_rows

MOST_ROWS = 500
"""Held-out rows to ask, drawn at random; a 3 % quantile of 500 rests on 15 of them."""


async def calibrate(directory: Path, database: Database, load: Callable[[ModelSource], Engine]) -> float | None:
    """Return the confidence floor of a model in nats, or None if it is right too rarely to have one.

    Args:
        directory: of the model.
        database: whose held-out rows are asked.
        load: makes an engine of the model, as the daemon does.

    Raises:
        ModelError: there is no usable model in ``directory``.
    """
    rows = await held_out_rows(database, MOST_ROWS, seed=0)
    engine = await asyncio.to_thread(load, ModelSource(str(directory), directory.name, None))
    try:
        answers = await ask_all(engine, [row.question for row in rows], SamplingParams(), seed=0)
    finally:
        await engine.aclose()
    judge = make_judge(rows)
    return floor_of(answers, [judge.is_right(row, answer.text) for row, answer in enumerate(answers)])
