"""The sentence for a file whose question and answer are not recognised: what is there, and what to type.

The option in it names two columns of the file: those recognised, or else those with the longest texts.
"""

from __future__ import annotations

import shlex
from itertools import islice
from pathlib import Path

from supportbot.feedback.curation.reading.columns import Chosen, check_chosen, understand
from supportbot.feedback.curation.reading.opening import troubles
from supportbot.feedback.curation.reading.source import Bad, Record, Source, complaint

_SAMPLED = 20
"""Rows whose texts are measured: enough to tell a text from a number or a date."""

_LONG_NAME = 40
"""Characters beyond which the first row of a table is taken for texts, not for names of columns."""


def no_columns(path: Path, source: Source, chosen: Chosen) -> str:
    """Return why a table cannot be imported although the file is fine."""
    with troubles(path):
        records = list(islice(source.records(), _SAMPLED))
    if not source.names:
        bad = [record for record in records if isinstance(record, Bad)]
        return complaint(path, source.unit, bad) if bad else f"'{path}' has no rows: add questions and answers."
    there = ", ".join(source.names)
    if missing := check_chosen(source.names, chosen):
        return f"'{path}' has no column '{missing[0]}': choose one of its columns with --columns ({there})."
    if not chosen and source.unit in {"line", "row"} and _reads_like_texts(source):
        return (
            f"'{path}' has no header, its first row is '{source.names[0]}' and so on: add a first "
            "row with the column names question and answer."
        )
    if len(source.names) == 1:
        return f"'{path}' has only one column, {there}: use two, question and answer."
    question, answer = _guess(source, [record for record in records if isinstance(record, Record)], chosen)
    option = shlex.quote(f"question={question},answer={answer}")
    return (
        f"'{path}' has no columns with the names question and answer; it has {there}: say which they are with "
        f"--columns {option}."
    )


def _reads_like_texts(source: Source) -> bool:
    return any((name.endswith(("?", "!", ".")) and " " in name) or len(name) > _LONG_NAME for name in source.names)


def _guess(source: Source, records: list[Record], chosen: Chosen) -> tuple[str, str]:
    """Return the two columns that a person most likely means."""
    sizes = {name: sum(len(str(record.values.get(name) or "")) for record in records) for name in source.names}
    by_size = sorted(source.names, key=lambda name: -sizes[name])
    question, answer = sorted(by_size[:2], key=source.names.index)
    # A column that is recognised alone keeps its role.
    for name in source.names:
        other = next(each for each in by_size if each != name)
        if understand((name, "answer"), chosen) and name != "answer":
            return name, other
        if understand(("question", name), chosen) and name != "question":
            return other, name
    return question, answer
