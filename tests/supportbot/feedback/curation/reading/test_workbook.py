"""Workbooks: sheets, cells, and files that are none."""

from __future__ import annotations

import gzip
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.datavalidation import DataValidation

from supportbot.feedback.curation.reading import read_table
from tests.supportbot.feedback.curation.reading.files_of import pairs_of, refusal_of, rows_of, skipped_of

FILES = Path(__file__).parent / "files"


def write(path: Path, **sheets: list[list[object]]) -> Path:
    """Write a workbook with sheets of rows."""
    book = openpyxl.Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_the_sheet_with_questions_is_found(tmp_path: Path) -> None:
    """Other sheets, and empty rows above the header, are no hindrance; the sheet is told."""
    path = write(
        tmp_path / "faq.xlsx",
        About=[["Version", 3]],
        Empty=[],
        FAQ=[[], ["id", "Question", "Answer"], [1, "a", "b"]],
    )
    assert read_table(path).kind == "Excel, sheet 'FAQ' of 3"
    assert [(row.line, row.question, row.answer) for row in rows_of(path)] == [(3, "a", "b")]


def test_cells_are_text(tmp_path: Path) -> None:
    """Numbers and dates are read as they are shown, cells beyond the header are remarks, gaps are counted."""
    path = write(
        tmp_path / "faq.xlsx",
        FAQ=[
            ["question", "answer", " "],
            ["a", 3.0, "remark"],
            [],
            ["b", 2.5],
            ["c", date(2026, 3, 1)],
        ],
    )
    assert pairs_of(path) == [("a", "3"), ("b", "2.5"), ("c", "2026-03-01 00:00:00")]
    assert [row.line for row in skipped_of(path)] == [3]


def test_drop_down_lists_are_no_warning(tmp_path: Path) -> None:
    """What openpyxl does not keep when it writes is nothing that a reader is told."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["question", "answer"])
    sheet.append(["a", "b"])
    rule = DataValidation(type="list", formula1='"b,c"')
    rule.add("B2")
    sheet.add_data_validation(rule)
    book.save(tmp_path / "faq.xlsx")
    assert pairs_of(tmp_path / "faq.xlsx") == [("a", "b")]


def test_a_packed_workbook(tmp_path: Path) -> None:
    """A workbook may be packed although it is packed already."""
    path = tmp_path / "faq.xlsx.gz"
    path.write_bytes(gzip.compress((FILES / "excel.xlsx").read_bytes()))
    assert len(rows_of(path, {"question": "Frage", "answer": "Antwort"})) == 2


def damaged(path: Path) -> Path:
    """Write a workbook whose sheet is cut off in the middle."""
    with zipfile.ZipFile(FILES / "excel.xlsx") as whole, zipfile.ZipFile(path, "w") as part:
        for name in whole.namelist():
            content = whole.read(name)
            part.writestr(name, content[: len(content) // 2] if "sheet1" in name else content)
    return path


def test_a_damaged_workbook_is_a_sentence(tmp_path: Path) -> None:
    """A sheet that ends too early, and an archive that holds something else, are no crash."""
    sentence = "'faq.xlsx' is damaged: open it in Excel and save it again."
    assert refusal_of(damaged(tmp_path / "faq.xlsx")) == sentence
    with zipfile.ZipFile(tmp_path / "faq.xlsx", "w") as archive:
        archive.writestr("faq.csv", "question,answer")
    assert refusal_of(tmp_path / "faq.xlsx") == sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"question,answer\na,b\n", "is not an Excel workbook: save it again as .xlsx"),
        (b"PK\x03\x04nonsense", "is not an Excel workbook"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "is protected by a password, or from an old Excel"),
    ],
)
def test_what_is_no_workbook_is_a_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    """A file that is only named like a workbook, or locked, is told apart."""
    (tmp_path / "faq.xlsx").write_bytes(content)
    assert sentence in refusal_of(tmp_path / "faq.xlsx")


def test_an_empty_workbook_is_a_sentence(tmp_path: Path) -> None:
    """A workbook without a cell has no columns to name."""
    assert "has no rows in its visible sheets" in refusal_of(write(tmp_path / "faq.xlsx", FAQ=[]))
