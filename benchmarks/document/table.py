"""A table in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]
"""What a benchmark has written."""


def build_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table, each line of which ends with a line break."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
