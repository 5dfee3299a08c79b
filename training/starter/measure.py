"""How good a finished starter model is, measured with the engine and prompt that serve it.

Every held-out wording is asked once with the documented sampling and its own seed, and once greedily; every
out-of-scope question is asked once. The arithmetic is fp32 on every machine, so that figures can be compared.
Confidence is ``engine.base.confidence``.

The module knows a directory and the texts; it trains nothing and writes nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from supportbot.engine.base import SamplingParams
from supportbot.engine.load import load_engine
from training.asking import ask_all
from training.metrics import confidence_floor, matched_topic
from training.starter.data import Faq


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a starter model.

    Attributes:
        held_out_right: share of held-out wordings that got the right answer, one sample each.
        held_out_right_greedy: the same with the most likely token at each step.
        out_of_scope_auroc: how well confidence separates held-out wordings from out-of-scope questions.
        confidence_floor: exceeded by ``training.metrics.FLOOR_KEEPS`` of the right answers, in nats.
        out_of_scope_below_floor: share of out-of-scope questions whose answer the floor stops.
    """

    held_out_right: float
    held_out_right_greedy: float
    out_of_scope_auroc: float
    confidence_floor: float
    out_of_scope_below_floor: float


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
        sampled = await ask_all(engine, questions, params, seed)
        greedy = await ask_all(engine, questions, replace(params, do_sample=False), seed)
        foreign = await ask_all(engine, faq.out_of_scope, params, seed)
    finally:
        await engine.aclose()
    references = [topic.answer for topic in faq.topics]
    topics = [number for _, number in held_out]
    right = [matched_topic(a.text, references) == topic for a, topic in zip(sampled, topics, strict=True)]
    right_greedy = [matched_topic(a.text, references) == topic for a, topic in zip(greedy, topics, strict=True)]
    inside = np.array([answer.confidence for answer in sampled])
    outside = np.array([answer.confidence for answer in foreign])
    # Without right answers there is no floor to choose; then every answer counts as below it.
    floor = confidence_floor(inside[right]) if any(right) else 0.0
    return Figures(
        held_out_right=float(np.mean(right)),
        held_out_right_greedy=float(np.mean(right_greedy)),
        out_of_scope_auroc=float(
            roc_auc_score([1] * len(inside) + [0] * len(outside), np.concatenate([inside, outside]))
        ),
        confidence_floor=floor,
        out_of_scope_below_floor=float(np.mean(outside < floor)),
    )
