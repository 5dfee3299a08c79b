"""Writing a file and reading it back, as an importer does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from supportbot.feedback.curation.reading import ImportFileError, Row, Skipped, read_table


def rows_of(path: Path, columns: Mapping[str, str] | None = None) -> list[Row]:
    """Return the rows of a file, without those passed over."""
    return [row for row in read_table(path, columns=columns).rows() if isinstance(row, Row)]


def skipped_of(path: Path, columns: Mapping[str, str] | None = None) -> list[Skipped]:
    """Return what was passed over."""
    return [row for row in read_table(path, columns=columns).rows() if isinstance(row, Skipped)]


def pairs_of(path: Path, columns: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """Return the questions with their answers."""
    return [(row.question, row.answer) for row in rows_of(path, columns)]


def refusal_of(path: Path, columns: Mapping[str, str] | None = None) -> str:
    """Return the sentence that a file is refused with, which names the file and is one line."""
    with pytest.raises(ImportFileError) as caught:
        rows_of(path, columns)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence.replace(str(path), path.name)
