"""Calibrates a model beside the knowledge: its answers to questions that knowledge refused, and its floor there.

Held-out wordings and foreign questions go to the knowledge as people's do. The model answers those that it
refuses, with the documented sampling and random seeds.

An answer to a foreign question counts as shown if it repeats the nearest approved answer, however far that is. For
the threshold, leaving an approved answer out of the knowledge simulates foreign questions. That does not work for
a model, which has learned that answer and gives it. Its probabilities do not show what it would say otherwise
(``docs/decisions.md`` has the figures).

This module knows one model and the knowledge; ``floors`` chooses the floor.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable
from dataclasses import asdict, replace
from itertools import chain
from typing import Any

from supportbot.answering.beside import hear
from supportbot.answering.explain import explain
from supportbot.answering.generator import Generator
from supportbot.answering.live_model import LiveModel
from supportbot.db.states import AnswerSource
from training.evaluate.answering import ANSWER_SECONDS
from training.evaluate.floors import Kind, Said, choose_floor, count
from training.evaluate.judging import Judge
from training.evaluate.knowing import MARKED, OUT_OF_SCOPE, Known

DRAWS = 3
"""Answers drawn for each question: sampled ones differ, and refused questions are few."""


async def calibrate_beside(
    known: Known, judge: Judge, model: LiveModel, *, candidates: int, wrong_rate: float
) -> dict[str, Any]:
    """Return the floor of a model for refused questions, with its figures and those of its own floor.

    Args:
        known: what is known, and what is asked.
        judge: of the rows.
        model: what generates, with its own floor.
        candidates: see ``Generator``.
        wrong_rate: see ``choose_floor``.

    Raises:
        ModelError: the model is damaged.
    """
    generator = Generator(replace(model, confidence_floor=None, floor_beside=None), candidates=candidates)
    slots = asyncio.Semaphore(max(1, generator.capacity // 2))

    async def draw(question: str, row: int | None = None) -> list[Said]:
        """Draw answers to a question, a foreign one without its row; none if it never gets to the model."""
        said: list[Said] = []
        async with slots:
            found = await explain(known.knowledge, question)
            if found.given or found.decision is None:
                return said
            for _ in range(DRAWS):
                reply = await generator.answer(found.asked, time.monotonic() + ANSWER_SECONDS)
                if reply.source is not AnswerSource.GENERATED:  # it is empty
                    said.append(Said(None, heard=False, counts=False))
                    continue
                hearing = hear(reply.text, found.decision)
                counts = hearing.agrees if row is None else hearing.heard
                right = row is not None and judge.is_right(row, reply.text)
                said.append(Said(reply.confidence, hearing.heard, counts, right))
        return said

    said = {
        Kind.IN_SCOPE: await _together(draw(row.question, number) for number, row in enumerate(known.rows)),
        Kind.MARKED: await _together(draw(one) for one in known.foreign[MARKED]),
        Kind.OUT_OF_SCOPE: await _together(draw(one) for one in known.foreign[OUT_OF_SCOPE]),
    }
    own, floor = model.confidence_floor, choose_floor(said, model.confidence_floor, wrong_rate)
    return {
        "wrong_rate": wrong_rate,
        "draws": DRAWS,
        **_figures(said, floor),
        "by_own_floor": _figures(said, own),
    }


def _figures(said: dict[Kind, list[Said]], floor: float | None) -> dict[str, Any]:
    return {"floor": floor, **{str(kind): asdict(count(answers, floor)) for kind, answers in said.items()}}


async def _together(drawing: Iterable[Coroutine[Any, Any, list[Said]]]) -> list[Said]:
    return list(chain.from_iterable(await asyncio.gather(*drawing)))
