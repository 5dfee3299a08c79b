"""Questions that hardly any FAQ answers, as they ship with the program: what "none of these" looks like."""

from __future__ import annotations

from importlib import resources


def shipped_foreign() -> list[str]:
    """Return the questions."""
    text = resources.files("supportbot.knowledge").joinpath("foreign.txt").read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
