"""CSV: delimiters, ragged rows, and any text in a cell."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from supportbot.feedback.curation.reading import ImportFileError, Row, read_table
from tests.supportbot.feedback.curation.reading.files_of import pairs_of, refusal_of, rows_of, skipped_of

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp1252"]
# Neither tags, which become text, nor halves of characters, which no encoding can hold; NUL is replaced.
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<&\0"), min_size=1)
WESTERN = st.text(st.sampled_from("abc äöüßÄÖÜéèçñ„“’–€,;|\t\"'\n"), min_size=1)


def write(path: Path, content: str) -> Path:
    """Write a file as it stands."""
    path.write_text(content, "utf-8", newline="")
    return path


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from(",;\t|"), st.sampled_from(ENCODINGS), st.booleans())
def test_any_text_survives(data: st.DataObject, delimiter: str, encoding: str, quoted: bool) -> None:
    """A cell is what was written, with any delimiter and in any encoding that is recognised."""
    texts = WESTERN if encoding == "cp1252" else ANY_TEXT
    cells = data.draw(st.lists(st.tuples(texts, texts), min_size=1, max_size=4))
    assume(all(cell.strip() for pair in cells for cell in pair))
    if encoding == "cp1252":
        # As much of a language as a FAQ has; a few symbols alone could be of any encoding, UTF-8 included.
        cells[:0] = 60 * [("Wo ist die Bestellung für Österreich?", "Öffnen Sie „Konto“ – größer geht’s nicht.")]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "faq.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
            writer.writerow(["question", "answer"])
            writer.writerows(cells)
        assert pairs_of(path) == cells


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("question;answer\nHow, when, where?;By card, or cash, now.\n", "semicolons"),
        ("question|answer\nHow, when?|By card; or cash\n", "bars"),
        ('answer;id;question\n"He said ""hi"", ok";1;"it\'s, \'quoted\', text"\n', "semicolons"),
        ("sep=;\r\nquestion;answer\r\na;b\r\n", "semicolons"),
        ("\n\nquestion\tanswer\na\tb\n", "tabs"),
        ("question,answer\r\ra,b\r", "commas"),
        ('question,answer\n"a\nb\nc;d;e;f","c;d;e;f"\n', "commas"),
    ],
)
def test_the_header_tells_the_delimiter(tmp_path: Path, content: str, kind: str) -> None:
    """Whatever is in the answers, the cells are divided where the header is."""
    path = write(tmp_path / "faq.csv", content)
    assert read_table(path).kind == f"CSV with {kind}, UTF-8"
    assert len(rows_of(path)) == 1


def test_lines_are_those_of_an_editor(tmp_path: Path) -> None:
    """A row is found by the line that it begins in, cells with several lines and the delimiter's line counted."""
    path = write(tmp_path / "faq.csv", 'sep=,\nquestion,answer\n"a\nb",c\n\nd,e\n')
    assert [row.line for row in rows_of(path)] == [3, 6]
    assert [row.line for row in skipped_of(path)] == [5]


def test_short_rows_and_empty_cells_at_the_end_do_no_harm(tmp_path: Path) -> None:
    """A row without an answer is passed over, delimiters at the end of a line are not cells."""
    path = write(tmp_path / "faq.csv", "question,answer\na,b,,\nc\n,d\n")
    assert pairs_of(path) == [("a", "b")]
    assert [(row.line, row.reason) for row in skipped_of(path)] == [(3, "has no answer"), (4, "has no question")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('question,answer\n"a\nb",c\nd,e,f\n', "line 4 has more cells than the header"),
        ('question,answer\na,b\n"a"b,c\n', "line 3 is not CSV (',' expected after '\"')"),
        (
            'question,answer\na,b\n"a,c\nd,e\n',
            "line 3 is not CSV (unexpected end of data): check for a quotation mark",
        ),
        ('"question,answer\na,b\n', "line 1 is not CSV"),
        (
            "question,answer\n" + "a,b,c\n" * 7,
            "header, and 2 more. Put a text that contains a ',' in quotation marks.",
        ),
        ("question\tanswer\na\tb\tc\n", "Put a text that contains a tab in quotation marks."),
        ("question\nHow?\n", "has only one column, question: use two"),
        ("\n\n", "has no rows: add questions and answers"),
        ("How do I pay?,By card.\nMay I return it?,Yes.\n", "has no header, its first row is 'How do I pay?'"),
        ("Frage,Antwort\nWie?,So.\n", "--columns question=Frage,answer=Antwort."),
        ("Nr,Meine Frage,Answer\n1,Wie?,So.\n", "--columns 'question=Meine Frage,answer=Answer'."),
        ("id,question,reply\n1,How do I pay?,So.\n", "--columns question=question,answer=reply."),
        ('"Meine\nFrage",Antwort\nWie?,So.\n', "--columns 'question=Meine Frage,answer=Antwort'."),
        ("question,,question\nWie?,So.,x\n", "it has question, column 2, question 3"),
    ],
)
def test_what_is_no_table_is_a_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    """The operator reads which line is wrong, or what to type."""
    assert sentence in refusal_of(write(tmp_path / "faq.csv", content))


def test_a_bad_line_ends_the_rows(tmp_path: Path) -> None:
    """Rows before a bad line may be used; after it there are none, so nothing is half imported unnoticed."""
    path = write(tmp_path / "faq.csv", "question,answer\na,b\nc,d,e\nf,g\n")
    rows = read_table(path).rows()
    assert next(rows) == Row(line=2, question="a", answer="b")
    with pytest.raises(ImportFileError, match="line 3 has more cells"):
        next(rows)
