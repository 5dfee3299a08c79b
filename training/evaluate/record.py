"""The names in an evaluation's files, for their readers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RECORD, PAGE = "evaluation.json", "evaluation.html"

ANSWERER = "answerer"
"""The part of a record about the whole answerer, if there is knowledge; then a promotion needs it."""

BESIDE = "beside_knowledge"
"""Of the candidate in that part: its floor for questions that knowledge refused; None if it is not asked there."""

DETAILS = ("answers", "learned", "out_of_scope", "replay")
"""The parts of a record that quote texts; the summary goes without them."""


def summary(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record without the texts."""
    return {name: value for name, value in record.items() if name not in DETAILS}
