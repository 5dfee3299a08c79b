"""Raw outcomes turned into named figures, of one model or as the difference of two.

A figure is a ratio over rows (see ``intervals.Ratio``) or an AUROC. Its name, format and good direction are
defined once, here. A missing figure, such as the refusals of a model that was right too rarely to have a
confidence floor, is left out.

This module knows outcomes and texts; it asks nothing and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any, Literal

import numpy as np
from rouge_score.rouge_scorer import RougeScorer

from training.asking import Asked
from training.evaluate.intervals import (
    Difference,
    Ratio,
    auroc,
    auroc_difference,
    paired_difference,
    ratio_difference,
)
from training.evaluate.judging import Judges
from training.evaluate.measuring import Measured, Questions
from training.metrics import confidence_floor, distinct_share, repeated_share, token_f1, words

LEAST_RIGHT = 10
"""Right answers needed to calibrate a confidence floor; of fewer, a 3 % quantile is the worst one itself."""

Good = Literal["up", "down", "either"]


@dataclass(frozen=True, slots=True)
class Label:
    """How a figure is shown: its name, its format, and its good direction."""

    text: str
    format: str
    good: Good

    def trend(self, difference: Mapping[str, float]) -> Literal["better", "worse", ""]:
        """Return whether a difference is a gain or a loss beyond chance, or neither."""
        if self.good == "either" or difference["low"] <= 0 <= difference["high"]:
            return ""
        return "better" if (difference["low"] > 0) == (self.good == "up") else "worse"


LABELS: Mapping[str, Label] = {
    "right": Label("right answers", ".1%", "up"),
    "right_greedy": Label("right answers, greedy", ".1%", "up"),
    "learned_right": Label("right answers, rows that the other learned", ".1%", "up"),
    "rouge_l": Label("ROUGE-L", ".3f", "up"),
    "loss": Label("loss, nats a token", ".3f", "down"),
    "perplexity": Label("perplexity", ".3g", "down"),
    "bits_per_byte": Label("loss, bits a byte", ".4f", "down"),
    "out_of_scope_refused": Label("out-of-scope questions refused", ".1%", "up"),
    "out_of_scope_auroc": Label("AUROC, in scope against out of scope", ".3f", "up"),
    "confidence_auroc": Label("AUROC, right against wrong", ".3f", "up"),
    "replay_f1": Label("token-F1 with past corrections", ".3f", "up"),
    "answer_tokens": Label("tokens an answer", ".1f", "either"),
    "repetition": Label("repeated 4-grams", ".1%", "down"),
    "distinct_2": Label("distinct 2-grams", ".1%", "up"),
    # The models take turns on a machine that may be busy with other things: no gain is read into their times.
    "tokens_per_second": Label("tokens a second, one answer of a batch", ".1f", "either"),
    "seconds_per_answer": Label("seconds an answer, one of a batch", ".3f", "either"),
}


class _Words:
    """Splits into words of any script; the scorer's own tokenizer knows a-z and digits only."""

    def tokenize(self, text: str) -> list[str]:
        return words(text)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One model's answers, judged.

    Attributes:
        measured: its outcomes.
        right: for each held-out row.
        learned_right: for each row that the other model was trained on.
        floor: calibrated on its own right answers (nats), None with fewer than ``LEAST_RIGHT`` of them.
        ratios: its figures that are ratios over rows.
    """

    measured: Measured
    right: tuple[bool, ...]
    learned_right: tuple[bool, ...]
    floor: float | None
    ratios: Mapping[str, Ratio]

    def values(self) -> dict[str, float]:
        """Return all figures that exist."""
        found = {name: ratio.value for name, ratio in self.ratios.items()}
        found["perplexity"] = float(np.exp(found["loss"]))
        for name, (labels, scores) in _ranked(self).items():
            if (area := auroc(labels, scores)) is not None:
                found[name] = area
        return {name: found[name] for name in LABELS if name in found}


def judge_answers(measured: Measured, questions: Questions, judges: Judges) -> Outcome:
    """Return the figures of one model."""
    judge = judges.held_out
    right = tuple(judge.is_right(row, answer.text) for row, answer in enumerate(measured.answers))
    learned = tuple(judges.learned.is_right(row, answer.text) for row, answer in enumerate(measured.learned))
    floor = floor_of(measured.answers, right)
    ratios = {
        "right": Ratio.of(right),
        "rouge_l": Ratio.of(_rouge_l(measured.answers, judge.answers)),
        "loss": Ratio.of([s.nats for s in measured.scores], [s.tokens for s in measured.scores]),
        "bits_per_byte": Ratio.of([s.nats / log(2) for s in measured.scores], [s.size for s in measured.scores]),
        "answer_tokens": Ratio.of([a.tokens for a in measured.answers]),
        "repetition": Ratio.of([repeated_share(a.text) for a in measured.answers]),
        "distinct_2": Ratio.of([distinct_share(a.text) for a in measured.answers]),
        "tokens_per_second": Ratio.of([a.tokens for a in measured.answers], [a.seconds for a in measured.answers]),
        "seconds_per_answer": Ratio.of([a.seconds for a in measured.answers]),
    }
    if measured.greedy:
        ratios["right_greedy"] = Ratio.of(
            [judge.is_right(row, answer.text) for row, answer in enumerate(measured.greedy)]
        )
    if learned:
        ratios["learned_right"] = Ratio.of(learned)
    if floor is not None and measured.out_of_scope:
        ratios["out_of_scope_refused"] = Ratio.of([a.confidence < floor for a in measured.out_of_scope])
    if measured.replayed:
        ratios["replay_f1"] = Ratio.of(
            [token_f1(a.text, c.correction) for a, c in zip(measured.replayed, questions.corrections, strict=True)]
        )
    return Outcome(measured, right, learned, floor, ratios)


def floor_of(answers: Sequence[Asked], right: Sequence[bool]) -> float | None:
    """Return the confidence floor (nats) of a model with these answers, None if too few of them are right."""
    sure = [answer.confidence for answer, is_right in zip(answers, right, strict=True) if is_right]
    return confidence_floor(sure) if len(sure) >= LEAST_RIGHT else None


def differences(candidate: Outcome, against: Outcome, seed: int) -> dict[str, Difference]:
    """Return every figure's difference with its interval, for figures that both models have."""
    found: dict[str, Difference | None] = {
        name: ratio_difference(ratio, against.ratios[name], seed)
        for name, ratio in candidate.ratios.items()
        if name in against.ratios
    }
    if candidate.learned_right:
        found["learned_right"] = paired_difference(candidate.learned_right, against.learned_right)
    exp: Callable[[Any], Any] = np.exp
    found["perplexity"] = ratio_difference(candidate.ratios["loss"], against.ratios["loss"], seed, exp)
    mine, theirs = _ranked(candidate), _ranked(against)
    inside, outside = len(candidate.measured.answers), len(candidate.measured.out_of_scope)
    found["out_of_scope_auroc"] = auroc_difference(
        mine["out_of_scope_auroc"],
        theirs["out_of_scope_auroc"],
        seed,
        strata=[1] * inside + [0] * outside,
    )
    found["confidence_auroc"] = auroc_difference(mine["confidence_auroc"], theirs["confidence_auroc"], seed)
    return {name: found[name] for name in LABELS if found.get(name) is not None}  # type: ignore[misc]


def _ranked(outcome: Outcome) -> dict[str, tuple[list[bool], list[float]]]:
    """Return labels and confidences of the figures that are AUROCs."""
    inside = [answer.confidence for answer in outcome.measured.answers]
    outside = [answer.confidence for answer in outcome.measured.out_of_scope]
    return {
        "out_of_scope_auroc": ([True] * len(inside) + [False] * len(outside), inside + outside),
        "confidence_auroc": (list(outcome.right), inside),
    }


def _rouge_l(answers: Sequence[Asked], references: Sequence[str]) -> list[float]:
    scorer = RougeScorer(["rougeL"], tokenizer=_Words())
    return [
        float(scorer.score(reference, answer.text)["rougeL"].fmeasure)
        for answer, reference in zip(answers, references, strict=True)
    ]
