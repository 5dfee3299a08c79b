"""Reading the FAQ that somebody has already: any usual file goes in, rows of questions and answers come out.

What a file is follows from its name's ending; everything else (packing, encoding, delimiter, which column is
what) is found out from the file itself and told in ``Table.kind`` and ``Table.columns``, so that a person can
check it. Rows are read one by one, so a long table is never in memory.

This package knows files only: no database, no redaction, no command line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from supportbot.feedback.curation.reading import delimited, faq, json_files, parquet, workbook
from supportbot.feedback.curation.reading.columns import check_chosen, parse_chosen, understand
from supportbot.feedback.curation.reading.errors import ImportFileError, UnknownColumnsError
from supportbot.feedback.curation.reading.opening import File
from supportbot.feedback.curation.reading.refusal import no_columns
from supportbot.feedback.curation.reading.source import Source
from supportbot.feedback.curation.reading.table import Row, Skipped, Table

__all__ = ["ENDINGS", "ImportFileError", "Row", "Skipped", "Table", "UnknownColumnsError", "read_table"]

_READERS: Mapping[str, Callable[[File], list[Source]]] = {
    ".csv": delimited.sources,
    ".tsv": delimited.sources,
    ".xlsx": workbook.sources,
    ".json": json_files.sources,
    ".jsonl": json_files.sources,
    ".ndjson": json_files.sources,
    ".parquet": parquet.sources,
    ".md": faq.markdown_sources,
    ".markdown": faq.markdown_sources,
    ".html": faq.html_sources,
    ".htm": faq.html_sources,
}

ENDINGS = tuple(_READERS)
"""The endings of files that can be read; each may be followed by ``.gz``."""


def read_table(path: Path, *, columns: Mapping[str, str] | None = None) -> Table:
    """Open a file and find out what is in it; its rows are read later, with ``Table.rows()``.

    A workbook may have several sheets, and JSON several arrays: the first that has questions and answers is taken.

    Args:
        path: a file with one of ``ENDINGS``, packed with gzip or not.
        columns: which column is what where its name does not say so, such as
            ``{"question": "Frage|Variante", "answer": "Antwort"}``. The keys are ``question``, ``answer``,
            ``wordings``, ``rejected``, ``label`` and ``conversation``; of several question columns, divided by
            ``|``, the first holds the question and the others hold other wordings of it.

    Raises:
        ImportFileError: the file cannot be read, is of no known kind, or has no question and answer.
    """
    chosen = parse_chosen(columns or {})
    file = File.at(path, ENDINGS)
    sources = _READERS[file.ending](file)
    for source in sources:
        found = understand(source.names, chosen)
        if found is not None and not check_chosen(source.names, chosen):
            return Table(path=path, source=source, layout=found, chosen=chosen)
    raise UnknownColumnsError(no_columns(path, sources[0], chosen), sources[0].names)
