"""How good a finished starter model is, measured through the same engine and prompt that serve it.

Every held-out wording is asked once under the documented sampling, with a seed of its own, and once greedily;
every out-of-scope question is asked once. The arithmetic is fp32 on any machine, so that the figures of two
machines can be compared. Confidence is ``engine.base.confidence``.

The module knows a directory and the texts; it trains nothing and writes nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from supportbot.engine.base import Engine, SamplingParams, confidence
from supportbot.engine.load import load_engine
from supportbot.prompt import encode_prompt
from training.metrics import matched_topic
from training.starter.data import Faq

FLOOR_KEEPS = 0.97
"""Share of the right answers that the confidence floor lets through; what it costs is 3 in 100 good answers."""

_ANSWER_SECONDS = 600.0
"""An answer takes a fraction of a second; on a machine that is busy beyond reason it may take this long."""

_LEAST_CONFIDENCE = -1000.0
"""Stands for that of an empty answer, which has none; in nats, far below anything a model can reach."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    Attributes:
        held_out_right: share of held-out wordings that got the right answer, one sample each.
        held_out_right_greedy: the same with the most likely token at each step.
        out_of_scope_auroc: how well confidence tells held-out wordings from out-of-scope questions.
        confidence_floor: exceeded by ``FLOOR_KEEPS`` of the right answers, in nats.
        out_of_scope_below_floor: share of out-of-scope questions whose answer the floor stops.
    """

    held_out_right: float
    held_out_right_greedy: float
    out_of_scope_auroc: float
    confidence_floor: float
    out_of_scope_below_floor: float


@dataclass(frozen=True, slots=True)
class _Answer:
    text: str
    confidence: float


def measure(directory: Path, faq: Faq, *, seed: int = 0) -> Figures:
    """Ask the model in ``directory`` everything; question number ``i`` is sampled with ``seed + i``.

    Raises:
        ModelError: the directory holds no usable model.
    """
    return asyncio.run(_measure(directory, faq, seed))


async def _measure(directory: Path, faq: Faq, seed: int) -> Figures:
    engine = await asyncio.to_thread(load_engine, directory, "starter", "fp32")
    held_out = [(text, number) for number, topic in enumerate(faq.topics) for text in topic.held_out]
    questions = [text for text, _ in held_out]
    params = SamplingParams()
    try:
        sampled = await _ask(engine, questions, params, seed)
        greedy = await _ask(engine, questions, replace(params, do_sample=False), seed)
        foreign = await _ask(engine, faq.out_of_scope, params, seed)
    finally:
        await engine.aclose()
    references = [topic.answer for topic in faq.topics]
    topics = [number for _, number in held_out]
    right = [matched_topic(a.text, references) == topic for a, topic in zip(sampled, topics, strict=True)]
    right_greedy = [matched_topic(a.text, references) == topic for a, topic in zip(greedy, topics, strict=True)]
    inside = np.array([answer.confidence for answer in sampled])
    outside = np.array([answer.confidence for answer in foreign])
    # Nothing right gives no floor to choose: then every answer is below it.
    floor = float(np.quantile(inside[right], 1 - FLOOR_KEEPS)) if any(right) else 0.0
    return Figures(
        held_out_right=float(np.mean(right)),
        held_out_right_greedy=float(np.mean(right_greedy)),
        out_of_scope_auroc=float(
            roc_auc_score([1] * len(inside) + [0] * len(outside), np.concatenate([inside, outside]))
        ),
        confidence_floor=floor,
        out_of_scope_below_floor=float(np.mean(outside < floor)),
    )


async def _ask(engine: Engine, questions: Sequence[str], params: SamplingParams, seed: int) -> list[_Answer]:
    """Return an answer to each question, in order; as many are under way at once as the engine likes."""
    slots = asyncio.Semaphore(engine.capacity // 2)

    async def answer(number: int, question: str) -> _Answer:
        prompt = encode_prompt(engine.tokenizer, question)
        text, logprobs = "", list[float]()
        async with slots:
            deadline = time.monotonic() + _ANSWER_SECONDS
            async for chunk in engine.stream(prompt, replace(params, seed=seed + number), deadline):
                text += chunk.text
                logprobs.extend(chunk.logprobs)
        sure = confidence(logprobs)
        return _Answer(text.strip(), _LEAST_CONFIDENCE if sure is None else sure)

    return await asyncio.gather(*(answer(number, question) for number, question in enumerate(questions)))
