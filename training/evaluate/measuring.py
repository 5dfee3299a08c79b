"""The raw outcomes of one model, row by row, for all figures.

Answers use the engine, prompt and precision that serve, with the documented sampling and a seed for each question;
the loss is computed separately. One model is in memory at a time.

This module knows one model; ``comparison`` compares.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from supportbot.engine.base import Engine, SamplingParams
from supportbot.errors import ModelError
from supportbot.models.registry import ModelSource, Registry
from training.asking import Asked, ask_all
from training.evaluate.past import Correction
from training.evaluate.rows import Row
from training.evaluate.scoring import Score, score_rows
from training.evaluate.weights import weights_digest

ACTIVE = "active"
"""The name of the model that the daemon would load."""


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions for every model, in order; ``learned`` are rows that the other model was trained on."""

    rows: Sequence[Row]
    out_of_scope: Sequence[str]
    corrections: Sequence[Correction]
    learned: Sequence[Row]

    def steps(self, *, greedy: bool) -> int:
        """Return how often ``on_step`` is called while one model is measured."""
        others = len(self.out_of_scope) + len(self.corrections) + len(self.learned)
        return len(self.rows) * (3 if greedy else 2) + others


@dataclass(frozen=True, slots=True)
class Measured:
    """One model's answers and losses, in the order of the questions; ``greedy`` may be empty."""

    version: str
    digest: str
    scores: Sequence[Score]
    answers: Sequence[Asked]
    greedy: Sequence[Asked]
    arithmetic: str
    out_of_scope: Sequence[Asked]
    replayed: Sequence[Asked]
    learned: Sequence[Asked]


def find_model(name: str, registry: Registry, active: str | None, *, hub: bool = False) -> ModelSource:
    """Return the model that a name stands for: a directory, a version, or ``active``.

    Args:
        name: as given on the command line.
        registry: whose versions count.
        active: the setting ``SUPPORTBOT_MODEL``, which takes precedence over the registry's live version.
        hub: whether any other name may be a hub id.

    Raises:
        ModelError: there is no such model, or it is damaged.
    """
    if name == ACTIVE:
        return registry.resolve(active)
    if not hub and name not in registry.versions() and not Path(name).is_dir():
        raise ModelError(
            f"'{name}' is neither a folder nor a version of the registry: name the output folder of a fine-tuning "
            "run, or one of `supportbot models list`."
        )
    return registry.resolve(name)


async def measure(
    source: ModelSource,
    questions: Questions,
    *,
    load: Callable[[ModelSource], Engine],
    seed: int,
    greedy: bool = False,
    on_step: Callable[[], None] = lambda: None,
) -> Measured:
    """Ask a model everything.

    Args:
        source: which model.
        questions: what to ask.
        load: makes an engine of it, as the daemon does.
        seed: of the first question of each kind.
        greedy: ask each held-out row once more, with the most likely token at each step.
        on_step: called after each answer and each score.

    Raises:
        ModelError: there is no usable model.
    """
    scores = await asyncio.to_thread(score_rows, source.location, questions.rows, on_step)
    engine = await asyncio.to_thread(load, source)
    try:
        return await _ask(engine, source, questions, scores, seed, greedy, on_step)
    finally:
        await engine.aclose()


async def _ask(
    engine: Engine,
    source: ModelSource,
    questions: Questions,
    scores: Sequence[Score],
    seed: int,
    greedy: bool,
    on_step: Callable[[], None],
) -> Measured:
    params = SamplingParams()
    asked = [row.question for row in questions.rows]
    await ask_all(engine, asked[:1], params, seed)  # the first answer of a process is slow, and times are compared
    return Measured(
        version=source.version,
        digest=await asyncio.to_thread(weights_digest, source.location),
        scores=scores,
        answers=await ask_all(engine, asked, params, seed, on_step),
        greedy=await ask_all(engine, asked, replace(params, do_sample=False), seed, on_step) if greedy else (),
        arithmetic=engine.arithmetic,
        out_of_scope=await ask_all(engine, questions.out_of_scope, params, seed, on_step),
        replayed=await ask_all(engine, [past.question for past in questions.corrections], params, seed, on_step),
        learned=await ask_all(engine, [row.question for row in questions.learned], params, seed, on_step),
    )
