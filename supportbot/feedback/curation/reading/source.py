"""What every kind of file is turned into: named values, each with the number that a person finds it by.

A source knows nothing of questions and answers; which value is which is decided once for all kinds, in
``columns``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

_SAMPLED = 1000
"""Records that are asked for their names where a file has no header."""

_NAMED_LINES = 5
"""How many bad lines are listed at most: in a file of the wrong kind every line is bad."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line, row or entry: what it holds under each name."""

    line: int
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Bad:
    """A line that must be fixed; ``problem`` goes on from "line 7", and ``remedy`` is a sentence, if any."""

    line: int
    problem: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table inside a file.

    Attributes:
        kind: what it is, in words for a person.
        unit: what ``Record.line`` counts: line, row, entry or heading.
        names: its columns, in the order of the file.
        records: reads them from the beginning, as often as it is called.
        markup: whether HTML in its texts is still to be made readable.
    """

    kind: str
    unit: str
    names: tuple[str, ...]
    records: Callable[[], Iterator[Record | Bad]]
    markup: bool = True


def names_of(records: Iterable[Record | Bad]) -> tuple[str, ...]:
    """Return the names in the first records of a kind of file that has no header."""
    names = {
        name: None for record in islice(records, _SAMPLED) if isinstance(record, Record) for name in record.values
    }
    return tuple(names)


def complaint(path: Path, unit: str, bad: Iterable[Bad]) -> str:
    """Return the sentence that names the bad lines of a file."""
    found = list(bad)
    parts = [f"{unit} {each.line} {each.problem}" for each in found[:_NAMED_LINES]]
    if len(found) > _NAMED_LINES:
        parts.append(f"and {len(found) - _NAMED_LINES} more")
    remedies = dict.fromkeys(each.remedy for each in found if each.remedy)
    return " ".join([f"'{path}' cannot be imported; fix this first: {', '.join(parts)}.", *remedies])
