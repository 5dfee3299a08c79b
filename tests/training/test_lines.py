"""Progress for programs: lines of JSON that are whole whenever they are read."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from supportbot.errors import ConfigError
from training.lines import Lines


def test_lines_say_how_far_it_is(tmp_path: Path) -> None:
    """Of many at once the first and the end are told, losses always, and never one that is no number."""
    path = tmp_path / "progress"
    lines = Lines(path)
    for done in range(1001):
        lines.done("train", done, 1000, 1000.0 - done)
    lines.logged(7, loss=2.5, eval_loss=math.nan)
    told = [json.loads(line) for line in path.read_text().splitlines()]
    assert told[0] == {"phase": "train", "done": 0, "total": 1000, "seconds_left": 1000.0}
    assert told[-2:] == [
        {"phase": "train", "done": 1000, "total": 1000, "seconds_left": 0.0},
        {"step": 7, "loss": 2.5},
    ]


def test_nobody_needs_to_ask_for_lines(tmp_path: Path) -> None:
    """Without a file nothing is written; a file that can't be is a sentence."""
    Lines(None).done("train", 1, 2)
    Lines(None).logged(1, loss=1.0)
    with pytest.raises(ConfigError, match="--progress"):
        Lines(tmp_path)
