"""The files that people really brought: each is read as a person would read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from supportbot.feedback.curation.reading import ENDINGS, Row, Skipped, read_table
from tests.supportbot.feedback.curation.reading.files_of import pairs_of, refusal_of, rows_of, skipped_of

FILES = Path(__file__).parent / "files"
GERMAN = {"question": "Frage", "answer": "Antwort"}
BOTH = [
    ("How do I reset my password?", "Open Settings, choose Security, click Reset."),
    ("Wo ist meine Bestellung?", "Öffnen Sie „Meine Bestellungen“ – dort steht der Status."),
]


@pytest.mark.parametrize(
    ("name", "kind", "columns"),
    [
        ("excel_utf8_bom.csv", "CSV with commas, UTF-8", ("question", "answer")),
        ("excel_unicode.csv", "CSV with commas, UTF-16", ("question", "answer")),
        ("windows_1252.csv", "CSV with commas, Windows-1252", ("question", "answer")),
        ("semicolons.csv", "CSV with semicolons, UTF-8", ("question", "answer")),
        ("tabs.tsv", "CSV with tabs, UTF-8", ("question", "answer")),
        ("prompt_response.csv", "CSV with commas, UTF-8", ("prompt", "response")),
        ("instruction_output.jsonl", "JSON Lines, UTF-8", ("instruction", "output")),
        ("messages.jsonl", "JSON Lines, UTF-8", ("messages", "messages")),
        ("array.json", "JSON, UTF-8", ("question", "answer")),
        ("empty_rows.csv", "CSV with commas, UTF-8", ("question", "answer")),
    ],
)
def test_two_rows_are_read_without_options(name: str, kind: str, columns: tuple[str, str]) -> None:
    """Encoding, delimiter and columns are recognised and told, umlauts and quotation marks are intact."""
    table = read_table(FILES / name)
    assert table.kind == kind
    assert (table.columns["question"], table.columns["answer"]) == columns
    assert pairs_of(FILES / name) == BOTH


def test_packed_lines_are_read() -> None:
    """Lines packed with gzip need no unpacking."""
    assert pairs_of(FILES / "lines.jsonl.gz") == [("Where is x?", "There.")]


def test_empty_rows_are_passed_over() -> None:
    """Empty rows do no harm, and each is reported with its line."""
    assert skipped_of(FILES / "empty_rows.csv") == [
        Skipped(4, "has no question and no answer"),
        Skipped(5, "has no question and no answer"),
    ]


def test_a_workbook_with_german_headings() -> None:
    """The refusal says what to type, and with it two rows are read and the empty one is counted."""
    path = FILES / "excel.xlsx"
    assert refusal_of(path) == (
        "'excel.xlsx' has no columns with the names question and answer; it has Nr., Frage, Antwort, Stand: say "
        "which they are with --columns question=Frage,answer=Antwort."
    )
    table = read_table(path, columns=GERMAN)
    assert (table.kind, table.unit, table.columns) == ("Excel, sheet 'FAQ'", "row", GERMAN)
    assert list(table.rows()) == [
        Row(line=2, question="Wie lange dauert die Lieferung?", answer="3 bis 5 Werktage."),
        Row(line=3, question="Kann ich umtauschen?", answer="Ja, innerhalb von 30 Tagen."),
        Skipped(4, "has no question and no answer"),
    ]


def test_contradictions_are_read() -> None:
    """Two answers to one question are two rows; whether they may stay is the importer's to say."""
    assert pairs_of(FILES / "contradiction.csv") == [
        ("How to pay?", "By card."),
        ("How to pay?", "By PayPal only."),
    ]


def test_html_becomes_text() -> None:
    """Nobody is shown tags, and the link is kept."""
    assert pairs_of(FILES / "html_answers.csv") == [
        ("How to return?", "Open My Orders & click Return (https://x.example/r).")
    ]


def test_headings_are_questions() -> None:
    """A heading with a text beneath is a question; the title of the page has none."""
    assert rows_of(FILES / "faq.md") == [
        Row(line=3, question="How do I pay?", answer="By card."),
        Row(line=7, question="Can I return?", answer="Yes, within 30 days."),
    ]


@pytest.mark.parametrize(
    ("name", "row"),
    [
        (
            "wordings_in_columns.csv",
            Row(
                line=2,
                question="How can I pay?",
                answer="By card, invoice or PayPal.",
                wordings=("Which cards do you take?", "do u accept paypal"),
            ),
        ),
        (
            "wordings_in_list.jsonl",
            Row(
                line=1,
                question="How do I reset my password?",
                answer="Open Settings, choose Security, click Reset.",
                wordings=("forgot my password", "can't log in any more"),
            ),
        ),
    ],
)
def test_wordings_belong_to_one_answer(name: str, row: Row) -> None:
    """Other wordings of a question, in columns or in a list, are one row."""
    assert rows_of(FILES / name) == [row]


def test_rows_can_be_read_again() -> None:
    """A table is read from the beginning as often as its rows are asked for."""
    table = read_table(FILES / "semicolons.csv")
    assert list(table.rows()) == list(table.rows())


def test_every_ending_is_named() -> None:
    """A file of another kind is refused with what could be given instead."""
    sentence = refusal_of(Path("faq.docx"))
    assert all(ending in sentence for ending in ENDINGS)
