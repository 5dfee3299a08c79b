"""A model behind the knowledge, calibrated: what it says to questions that knowledge refused, and its floor there.

Refused are held-out wordings of approved answers, wordings whose answer is left out, and foreign questions. The
first and the last are asked as people would ask them, under the documented sampling, with seeds of their own.

This module knows one model and what is known; which floor follows is for ``floors``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from supportbot.answering.beside import hear
from supportbot.answering.explain import Verdict, explain
from supportbot.answering.generator import Generator, LiveModel
from supportbot.db.states import AnswerSource
from training.evaluate.answering import ANSWER_SECONDS
from training.evaluate.floors import Kind, Said, choose_floor, count
from training.evaluate.judging import Judge
from training.evaluate.knowing import Known
from training.evaluate.left_out import confidences, left_out_questions
from training.evaluate.scoring import score_rows


async def calibrate_beside(
    known: Known, judge: Judge, model: LiveModel, location: str | Path, *, candidates: int, wrong_rate: float
) -> dict[str, Any]:
    """Return the floor of a model for what knowledge refused, with its figures and those of its own floor.

    Args:
        known: what is known, and what is asked.
        judge: of the rows.
        model: what generates, with its own floor.
        location: its directory.
        candidates: see ``Generator``.
        wrong_rate: the share of each kind of refused questions that may be answered wrongly.

    Raises:
        ModelError: the model is damaged.
    """
    unfloored = Generator(replace(model, confidence_floor=None, floor_beside=None), candidates=candidates)
    slots = asyncio.Semaphore(max(1, unfloored.capacity // 2))

    async def ask(question: str, row: int | None = None) -> Said | None:
        """Return what is said to a question; None where it is answered without the model, or is none."""
        async with slots:
            found = await explain(known.knowledge, question)
            if found.given or found.decision is None or found.verdict is Verdict.DEGENERATE:
                return None
            reply = await unfloored.answer(found.asked, time.monotonic() + ANSWER_SECONDS)
        if reply.source is not AnswerSource.GENERATED:
            return Said(None, heard=False)
        right = row is not None and judge.is_right(row, reply.text)
        return Said(reply.confidence, hear(reply.text, found.decision).heard, right)

    asked = await asyncio.gather(*(ask(row.question, number) for number, row in enumerate(known.rows)))
    foreign = await asyncio.gather(*(ask(one) for questions in known.foreign.values() for one in questions))
    said = {
        Kind.IN_SCOPE: _refused(asked),
        Kind.LEFT_OUT: await asyncio.to_thread(_left_out, known, location),
        Kind.FOREIGN: _refused(foreign),
    }
    floor = choose_floor(said, model.confidence_floor, wrong_rate)
    own = {"floor": model.confidence_floor} | {
        str(kind): asdict(count(answers, model.confidence_floor)) for kind, answers in said.items()
    }
    return {
        "floor": floor,
        "wrong_rate": wrong_rate,
        **{str(kind): asdict(count(answers, floor)) for kind, answers in said.items()},
        "by_own_floor": own,
    }


def _left_out(known: Known, location: str | Path) -> list[Said]:
    if known.knowledge.index is None:
        return []
    questions = left_out_questions(known.knowledge.index, seed=0)
    sure = confidences(questions, partial(score_rows, location))
    return [Said(one, heard=one is not None) for one in sure]


def _refused(said: Sequence[Said | None]) -> list[Said]:
    return [one for one in said if one is not None]
