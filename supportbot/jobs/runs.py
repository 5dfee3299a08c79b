"""A training run as its folder tells it: what it learned, how its loss went, and what an evaluation found.

The files are those that ``training`` writes; they are read, and nothing of what wrote them is needed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supportbot.models.measured import Figure, LossPoint, figures_of, losses_of
from supportbot.models.publishing.verdicts import read_verdict

UNFINISHED = "UNFINISHED"
_RUN, _EVALUATION = Path("report") / "run.json", Path("report") / "evaluation.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What an evaluation of a run found.

    Attributes:
        against: what it was compared with.
        is_better: whether the run is.
        verdict: why, in a sentence.
        rows: held-out rows that were asked; None where it does not say.
        figures: side by side.
    """

    against: str
    is_better: bool
    verdict: str
    rows: int | None
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFolder:
    """What a folder tells of a run.

    Attributes:
        is_finished: whether there is a model.
        can_resume: whether it was begun and left a checkpoint.
        rows: that trained it; None where it does not say.
        held_out: likewise, to measure on.
        seconds: that the training took.
        final_loss: the last one in training, in nats a token.
        eval_loss: on the rows that were held out, likewise.
        losses: by step.
        found: the evaluation; None for none.
    """

    is_finished: bool
    can_resume: bool
    rows: int | None = None
    held_out: int | None = None
    seconds: float | None = None
    final_loss: float | None = None
    eval_loss: float | None = None
    losses: tuple[LossPoint, ...] = ()
    found: Found | None = None


def read_run(folder: Path) -> RunFolder:
    """Read the folder of a run, which need not be there; blocks."""
    is_begun = (folder / UNFINISHED).exists()
    record = _read(folder / _RUN)
    if record is None or is_begun:
        return RunFolder(is_finished=False, can_resume=is_begun and any(folder.glob("checkpoint-*")))
    data = record.get("data")
    data = data if isinstance(data, Mapping) else {}
    return RunFolder(
        is_finished=True,
        can_resume=False,
        rows=_whole(data.get("train_rows")),
        held_out=_whole(data.get("held_out_rows")),
        seconds=_number(record.get("train_seconds")),
        final_loss=_number(record.get("final_loss")),
        eval_loss=_number(record.get("eval_loss")),
        losses=losses_of(record.get("loss_history") or ()),
        found=_found(_read(folder / _EVALUATION)),
    )


def is_evaluated(folder: Path) -> bool:
    """Return whether there is an evaluation of a run; blocks."""
    return (folder / _EVALUATION).is_file()


def _found(record: Mapping[str, Any] | None) -> Found | None:
    if record is None:
        return None
    against = record.get("against")
    return Found(
        against=str(against.get("version", "")) if isinstance(against, Mapping) else "",
        is_better=record.get("better") is True,
        verdict=read_verdict(record),
        rows=_whole(record.get("rows")),
        figures=figures_of(record),
    )


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
