"""Two models, one verdict: the whole result of an evaluation as one record that can be written as JSON.

This module knows both models' outcomes; it asks nothing and writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sklearn.calibration import calibration_curve

from training.asking import Asked
from training.evaluate.figures import Outcome, differences, judge_answers
from training.evaluate.intervals import Difference, auroc
from training.evaluate.judging import Judge, Judges
from training.evaluate.measuring import Measured, Questions
from training.evaluate.past import Voted
from training.evaluate.rows import Row, fingerprint
from training.evaluate.verdict import Learned, judge
from training.metrics import token_f1

_BINS = 8
"""Points of a reliability plot: each stands for an eighth of the answers."""

_Judged = tuple[Sequence[Asked], Sequence[bool]]
"""Answers, each with whether it is right."""


@dataclass(frozen=True, slots=True)
class Setup:
    """How an evaluation was made, for its record."""

    seed: int
    arithmetic: str
    sampling: dict[str, Any]


def compare(
    candidate: Measured,
    against: Measured,
    questions: Questions,
    judges: Judges,
    votes: Sequence[Voted],
    setup: Setup,
    left_out: Mapping[str, int],
) -> dict[str, Any]:
    """Return the record of an evaluation.

    Args:
        candidate: outcomes of the new model.
        against: outcomes of the other model.
        questions: of both, at least two rows.
        judges: decide which answers are right.
        votes: on past answers of ``against``.
        setup: how both were asked.
        left_out: numbers of rows not asked, by reason.
    """
    mine, theirs = (judge_answers(measured, questions, judges) for measured in (candidate, against))
    found = differences(mine, theirs, setup.seed)
    verdict = judge(
        rows=len(questions.rows),
        right_rows=sum(mine.right),
        right=found["right"],
        surprise=found["bits_per_byte"],
        telling=found.get("out_of_scope_auroc"),
        learned=_learned(mine, theirs, found.get("learned_right")),
    )
    return {
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "better": verdict.better,
        "forgot": verdict.forgot,
        "verdict": verdict.sentence,
        "rows": len(questions.rows),
        "learned_rows": len(questions.learned),
        "left_out": dict(left_out),
        "data_fingerprint": fingerprint(questions.rows),
        "setup": asdict(setup),
        "candidate": _model(mine),
        "against": _model(theirs),
        "differences": {name: asdict(difference) for name, difference in found.items()},
        "calibration": {
            "votes": _calibration([vote.liked for vote in votes], [vote.confidence for vote in votes]),
            "candidate": _calibration(mine.right, [answer.confidence for answer in candidate.answers]),
            "against": _calibration(theirs.right, [answer.confidence for answer in against.answers]),
        },
        "answers": _side_by_side(
            questions.rows,
            judges.held_out,
            (candidate.answers, mine.right),
            (against.answers, theirs.right),
        ),
        "learned": _side_by_side(
            questions.learned,
            judges.learned,
            (candidate.learned, mine.learned_right),
            (against.learned, theirs.learned_right),
        ),
        "out_of_scope": _strangers(questions, mine, theirs),
        "replay": _replay(questions, candidate, against),
    }


def _learned(mine: Outcome, theirs: Outcome, difference: Difference | None) -> Learned | None:
    if difference is None:
        return None
    right, before = mine.learned_right, theirs.learned_right
    return Learned(right=sum(right), right_before=sum(before), rows=len(right), difference=difference)


def _model(outcome: Outcome) -> dict[str, Any]:
    return {
        "version": outcome.measured.version,
        "weights_digest": outcome.measured.digest,
        "confidence_floor": outcome.floor,
        **outcome.values(),
    }


def _calibration(good: Sequence[bool], confidences: Sequence[float]) -> dict[str, Any]:
    """Return how often answers are good at each confidence (a probability): points of equal size, and the AUROC.

    ``exp`` of the mean log-probability is the geometric mean of the tokens' probabilities.
    """
    probabilities = np.exp(np.asarray(confidences, dtype=float))
    points: list[list[float]] = []
    if len(good) >= 2 * _BINS:
        shares, means = calibration_curve(
            np.asarray(good, dtype=int), probabilities, n_bins=_BINS, strategy="quantile", pos_label=1
        )
        points = [[float(mean), float(share)] for mean, share in zip(means, shares, strict=True)]
    return {
        "answers": len(good),
        "good": int(sum(good)),
        "auroc": auroc(good, confidences) if len(good) else None,
        "reliability": points,
    }


def _side_by_side(rows: Sequence[Row], rule: Judge, mine: _Judged, theirs: _Judged) -> list[dict[str, Any]]:
    """Return both answers to each row, those that disagree most first."""
    entries = []
    for row, reference, a, a_right, b, b_right in zip(rows, rule.answers, *mine, *theirs, strict=True):
        entries.append(
            {
                "question": row.question,
                "reference": reference,
                "agreement": round(token_f1(a.text, b.text), 4),
                "candidate": {"text": a.text, "right": a_right, "confidence": a.confidence},
                "against": {"text": b.text, "right": b_right, "confidence": b.confidence},
            }
        )
    # A row that only one model has right says more than two wordings of the same mistake.
    return sorted(
        entries, key=lambda entry: (entry["candidate"]["right"] == entry["against"]["right"], entry["agreement"])
    )


def _strangers(questions: Questions, mine: Outcome, theirs: Outcome) -> list[dict[str, Any]]:
    return [
        {
            "question": question,
            "candidate": {"text": a.text, "refused": _is_refused(a.confidence, mine), "confidence": a.confidence},
            "against": {"text": b.text, "refused": _is_refused(b.confidence, theirs), "confidence": b.confidence},
        }
        for question, a, b in zip(
            questions.out_of_scope, mine.measured.out_of_scope, theirs.measured.out_of_scope, strict=True
        )
    ]


def _is_refused(confidence: float, outcome: Outcome) -> bool | None:
    return None if outcome.floor is None else confidence < outcome.floor


def _replay(questions: Questions, candidate: Measured, against: Measured) -> list[dict[str, Any]]:
    return [
        {
            "answer_id": past.answer_id,
            "question": past.question,
            "correction": past.correction,
            "status": past.status,
            "candidate": {"text": a.text, "f1": round(token_f1(a.text, past.correction), 4)},
            "against": {"text": b.text, "f1": round(token_f1(b.text, past.correction), 4)},
        }
        for past, a, b in zip(questions.corrections, candidate.replayed, against.replayed, strict=True)
    ]
