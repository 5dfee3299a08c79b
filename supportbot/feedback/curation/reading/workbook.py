"""Workbooks of Excel: every visible sheet is a table, its first row that is not empty is the header.

openpyxl reads a sheet row by row, empty ones too, so that they are counted. (python-calamine is faster, but its
range ends at the last cell with a value.)
"""

from __future__ import annotations

import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, BinaryIO

from supportbot.feedback.curation.reading.columns import unique
from supportbot.feedback.curation.reading.errors import ImportFileError
from supportbot.feedback.curation.reading.opening import File, troubles
from supportbot.feedback.curation.reading.source import Record, Source

if TYPE_CHECKING:
    from openpyxl import Workbook

_COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
"""How the files of old Excel begin, and those that a password protects."""

_DAMAGE = (
    # What openpyxl and the archive below it raise for bytes that are wrong; flipping each in turn found these.
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    AttributeError,
    TypeError,
    ValueError,
    RuntimeError,  # a part claims a password or a packing that zipfile does not know
    SyntaxError,  # XML that is cut off, whichever parser openpyxl found
)


def sources(file: File) -> list[Source]:
    """Return the visible sheets that are not empty.

    Raises:
        ImportFileError: it cannot be read, is no workbook, is protected, or is empty.
    """
    with _workbook(file) as book:
        titles = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
        found = [source for title in titles if (source := _sheet(file, title, book, len(titles)))]
    if not found:
        raise ImportFileError(f"'{file.path}' has no rows in its visible sheets: add questions and answers.")
    return found


def _sheet(file: File, title: str, book: Workbook, sheets: int) -> Source | None:
    number, names = next(
        ((number, tuple(unique(cells))) for number, cells in _rows(book, title) if any(cells)), (0, ())
    )
    if not names:
        return None

    def records() -> Iterator[Record]:
        with _workbook(file) as again:
            for row, cells in islice(_rows(again, title), number, None):
                yield Record(row, dict(zip_longest(names, cells[: len(names)], fillvalue="")))

    kind = f"Excel, sheet '{title}'" + (f" of {sheets}" if sheets > 1 else "")
    return Source(kind=kind, unit="row", names=names, records=records)


def _rows(book: Workbook, title: str) -> Iterator[tuple[int, list[str]]]:
    """Yield all rows of a sheet by number."""
    sheet = book[title]
    sheet.reset_dimensions()  # some programs write a size that is wrong, and rows beyond it would be left out
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        cells = ["" if value is None else _shown(value) for value in row]
        while cells and not cells[-1].strip():
            cells.pop()
        yield number, cells


def _shown(value: object) -> str:
    """Return a cell as a person sees it: whole numbers have no point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


@contextmanager
def _workbook(file: File) -> Iterator[Workbook]:
    import openpyxl  # heavy, and wanted for workbooks only

    # What it can't keep when it writes (drop-down lists, styles) is of no interest to who only reads.
    warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
    with troubles(file.path), file.open_seekable() as content:
        _check_zip(file, content)
        try:
            book = openpyxl.load_workbook(content, read_only=True, data_only=True)
            try:
                yield book
            finally:
                book.close()
        except _DAMAGE as error:
            raise ImportFileError(f"'{file.path}' is damaged: open it in Excel and save it again.") from error


def _check_zip(file: File, content: BinaryIO) -> None:
    compound = content.read(len(_COMPOUND)) == _COMPOUND
    content.seek(0)
    if compound:
        raise ImportFileError(
            f"'{file.path}' is protected by a password, or from an old Excel version: save it as "
            ".xlsx without a password."
        )
    if not zipfile.is_zipfile(content):
        raise ImportFileError(
            f"'{file.path}' is not an Excel workbook: save it again as .xlsx, or correct the ending of its name."
        )
    content.seek(0)
