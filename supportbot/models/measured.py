"""What was measured of a version, read from its manifest and the record of its run: files and JSON of any origin.

What is not of the form that is expected is left out: a page shows figures, and never fails for one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_MOST_POINTS = 100
"""Of one curve: more are no easier to see, and a table of them nobody reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure of a version beside that of the one it was compared with.

    Attributes:
        name: as the evaluation calls it, such as ``right``.
        mine: of the version; None if it has none.
        theirs: of the other, likewise.
        difference: mine minus theirs, and the ends of its 95 % interval; None where nobody computed it.
    """

    name: str
    mine: float | None
    theirs: float | None
    difference: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LossPoint:
    """The loss at a step, in nats a token, of rows that train and of rows held out; None where not measured."""

    step: int
    training: float | None
    held_out: float | None


def figures_of(evaluation: Mapping[str, object] | None) -> tuple[Figure, ...]:
    """Return the figures of an evaluation, side by side."""
    found = evaluation or {}
    mine, theirs, differences = (_mapping(found.get(name)) for name in ("candidate", "against", "differences"))
    return tuple(
        Figure(
            name=name,
            mine=_number(mine.get(name)),
            theirs=_number(theirs.get(name)),
            difference=_interval(differences.get(name)),
        )
        for name in dict.fromkeys((*mine, *differences))
        if _number(mine.get(name)) is not None or _interval(differences.get(name)) is not None
    )


def losses_of(history: Iterable[object]) -> tuple[LossPoint, ...]:
    """Return the loss of a run by step: at most a hundred points of each curve, the last ones among them."""
    entries = list(history)
    training, held_out = (dict(_curve(entries, name)) for name in ("loss", "eval_loss"))
    return tuple(
        LossPoint(step=step, training=training.get(step), held_out=held_out.get(step))
        for step in sorted({*training, *held_out})
    )


def _curve(history: Iterable[object], name: str) -> list[tuple[int, float]]:
    points = []
    for entry in map(_mapping, history):
        step, value = entry.get("step"), _number(entry.get(name))
        if isinstance(step, int) and value is not None:
            points.append((step, value))
    stride = max(1, math.ceil(len(points) / _MOST_POINTS))
    return points[::-stride][::-1]


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None  # type: ignore[arg-type]


def _interval(value: object) -> tuple[float, float, float] | None:
    ends = [_number(_mapping(value).get(key)) for key in ("value", "low", "high")]
    known = [end for end in ends if end is not None]
    return (known[0], known[1], known[2]) if len(known) == len(ends) else None
