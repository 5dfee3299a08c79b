"""Lines of chat, and questions to support: which of them count as questions."""

from __future__ import annotations

from typing import Any

from benchmarks.follow_ups.texts import LINES, read_lines
from supportbot.intake.question_form import is_question


def measure_lines() -> dict[str, Any]:
    """Return the figures of each set, of both together, and of those at the edge."""
    figures = {name: _figures([name]) for name in LINES}
    return figures | {"all": _figures(LINES), "hard": _figures(["hard"])}


def _figures(names: list[str] | tuple[str, ...]) -> dict[str, Any]:
    chat, asked = ([line for name in names for line in read_lines(kind, name)] for kind in ("chat", "asked"))
    return {
        "chat": len(chat),
        "false_alarms": round(sum(map(is_question, chat)) / len(chat), 4),
        "asked": len(asked),
        "recognised": round(sum(map(is_question, asked)) / len(asked), 4),
    }
