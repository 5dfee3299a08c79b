"""CSV, whatever divides its cells: the header tells the delimiter.

Python's ``csv.Sniffer`` is shown the header alone. Names of columns have no commas in them, answers have many:
shown whole files it takes commas in quoted answers for the delimiter. A first line ``sep=;``, which Excel
understands, is believed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from supportbot.feedback.curation.reading.columns import unique
from supportbot.feedback.curation.reading.errors import ImportFileError
from supportbot.feedback.curation.reading.opening import Encoding, File, troubles
from supportbot.feedback.curation.reading.source import Bad, Record, Source

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SAID = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_LONGEST_HEADER = 10_000
"""Characters of a header that are looked at; a file that is no table may be one endless line."""


@dataclass(frozen=True, slots=True)
class _Dialect:
    encoding: Encoding
    delimiter: str
    said: bool
    """Whether the first line says the delimiter, and is no header."""


def sources(file: File) -> list[Source]:
    """Return the one table of a file.

    Raises:
        ImportFileError: it cannot be read, or is no text.
    """
    dialect = _dialect(file)
    with troubles(file.path):
        header = next((cells for _, cells in _lines(file, dialect) if isinstance(cells, list)), [])
    names = tuple(unique(header))

    def records() -> Iterator[Record | Bad]:
        header_seen = False
        for line, cells in _lines(file, dialect):
            if isinstance(cells, Bad):
                yield cells
            elif not header_seen:
                header_seen = True
            elif any(cell.strip() for cell in cells[len(names) :]):
                yield Bad(line, "has more cells than the header", _remedy(dialect))
            else:
                yield Record(line, dict(zip_longest(names, cells[: len(names)], fillvalue="")))

    divided = _DELIMITERS.get(dialect.delimiter, f"'{dialect.delimiter}'")
    return [Source(kind=f"CSV with {divided}, {dialect.encoding.name}", unit="line", names=names, records=records)]


def _remedy(dialect: _Dialect) -> str:
    divides = "tab" if dialect.delimiter == "\t" else f"'{dialect.delimiter}'"
    return f"Put a text that contains a {divides} in quotation marks."


def _dialect(file: File) -> _Dialect:
    encoding = file.encoding()
    with troubles(file.path), file.open_text(encoding) as text:
        first = ""
        while not first.strip(" \t\r\n,;|") and (line := text.readline(_LONGEST_HEADER)):
            first = line
    if "\0" in first:
        raise ImportFileError(f"'{file.path}' is not a text file: save it again as CSV in UTF-8.")
    if said := _SAID.fullmatch(first):
        return _Dialect(encoding, said[1], said=True)
    try:
        delimiter = csv.Sniffer().sniff(first, delimiters="".join(_DELIMITERS)).delimiter
    except csv.Error:  # one column only: there is nothing to divide
        delimiter = "\t" if file.ending == ".tsv" else ","
    return _Dialect(encoding, delimiter, said=False)


def _lines(file: File, dialect: _Dialect) -> Iterator[tuple[int, list[str] | Bad]]:
    """Yield the header and all after it, each with the number of the line that it begins in."""
    started = False
    line = 1
    with file.open_text(dialect.encoding) as text:
        if dialect.said:
            text.readline()
            line += 1
        skipped = line - 1
        reader = csv.reader(text, delimiter=dialect.delimiter, strict=True)
        try:
            for cells in reader:
                started = started or any(cell.strip() for cell in cells)
                if started:
                    yield line, cells
                line = skipped + reader.line_num + 1
        except csv.Error as error:
            yield (
                line,
                Bad(line, f"is not CSV ({error}): check for a quotation mark that is not closed or not doubled"),
            )
