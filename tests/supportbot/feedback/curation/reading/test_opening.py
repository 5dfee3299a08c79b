"""Opening a file: packing, encoding, and what cannot be opened."""

from __future__ import annotations

import contextlib
import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supportbot.feedback.curation.reading import ENDINGS, ImportFileError, read_table
from tests.supportbot.feedback.curation.reading.files_of import pairs_of, refusal_of

FILES = Path(__file__).parent / "files"
GERMAN = {"question": "Frage", "answer": "Antwort"}
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 8


@pytest.mark.parametrize(
    "name", ["semicolons.csv", "tabs.tsv", "array.json", "messages.jsonl", "faq.md", "wordings_in_columns.csv"]
)
def test_any_kind_may_be_packed(tmp_path: Path, name: str) -> None:
    """Packing changes nothing, and the content counts, not the name: browsers unpack some files on the way."""
    content = (FILES / name).read_bytes()
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress(content))
    assert pairs_of(packed) == pairs_of(FILES / name)
    packed.write_bytes(content)
    assert pairs_of(packed) == pairs_of(FILES / name)


@pytest.mark.parametrize(
    ("encoding", "text", "name"),
    [
        ("cp1252", "Où est ma commande ?;Elle a été expédiée, même à Noël. L’été, c’est 5 €", "Windows-1252"),
        ("cp1252", "¿Dónde está mi pedido?;Mañana llegará, señor. ¡Gracias!", "Windows-1252"),
        ("cp1252", "Hvor er min ordre?;Åbn Mine ordrer – dér står status på øvrige køb. Æbler", "Windows-1252"),
        ("cp1252", "Kann ich zurückgeben?;Ja", "Windows-1252"),
        ("cp1251", "Где мой заказ?;Откройте раздел «Мои заказы» – там указан статус.", "Windows-1251"),
        ("cp1253", "Πού είναι η παραγγελία μου?;Ανοίξτε τις παραγγελίες μου. Ευχαριστούμε πολύ", "Windows-1253"),
        ("utf-32", "Größe?;Ja – groß", "UTF-32"),
        ("utf-8", "注文はどこですか?;発送済みです。", "UTF-8"),
    ],
)
def test_encodings_are_recognised(tmp_path: Path, encoding: str, text: str, name: str) -> None:
    """Text in the encodings of Excel in other countries is intact, and the encoding is told."""
    path = tmp_path / "faq.csv"
    path.write_text(f"question;answer\n{text}\n", encoding)
    assert read_table(path).kind == f"CSV with semicolons, {name}"
    assert pairs_of(path) == [tuple(text.split(";"))]


def test_a_line_may_be_utf8_by_chance(tmp_path: Path) -> None:
    """A code page is recognised although two of its characters are one of UTF-8 too."""
    path = tmp_path / "faq.csv"
    path.write_text("question,answer\n" + "Größe?,Groß – „so“.\n" * 20 + "Wo?,Im „MENÜ“.\n", "cp1252")
    assert pairs_of(path)[-1] == ("Wo?", "Im „MENÜ“.")


def test_a_late_umlaut_is_found(tmp_path: Path) -> None:
    """The encoding is that of the whole file, not of its beginning."""
    path = tmp_path / "faq.csv"
    path.write_text("question,answer\n" + "Where?,There.\n" * 20_000 + "Größe?,Groß.\n", "cp1252")
    assert pairs_of(path)[-1] == ("Größe?", "Groß.")


def test_mixed_encodings_are_refused(tmp_path: Path) -> None:
    """A file that is UTF-8 but for one line is not spoiled by taking it for something else."""
    path = tmp_path / "faq.csv"
    path.write_bytes("question,answer\nGröße?,Ja\n".encode() + "Größe?,Nein\n".encode("cp1252"))
    assert refusal_of(path) == (
        "'faq.csv' cannot be imported: line 3 is not UTF-8, though other lines are; fix that line, or save the "
        "file again as UTF-8."
    )


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("faq.csv", b"", "'faq.csv' is empty: download or save it again"),
        ("faq.csv", PNG, "has no known text encoding: save it again as UTF-8"),
        ("faq.jsonl", PNG, "has no known text encoding"),
        ("faq.md", PNG, "has no known text encoding"),
        (
            "faq.csv",
            "question,answer\na,b\n".encode("utf-16-le"),
            "is not a text file: save it again as CSV",
        ),
        ("faq.csv", b"\xef\xbb\xbfquestion,answer\na,\xff\n", "mixes several encodings"),
        ("faq.csv", b"\xff\xfeq", "mixes several encodings"),
        ("faq.csv.gz", gzip.compress(b"question,answer\na,b\n" * 99, mtime=0)[:-9], "is damaged or cut off"),
        ("faq.jsonl.gz", b"\x1f\x8bnonsense", "is damaged or cut off"),
        ("faq.parquet.gz", gzip.compress(b"question" * 99, mtime=0)[:-9], "is damaged or cut off"),
        ("faq.xlsx.gz", gzip.compress(b"question" * 99, mtime=0)[:-9], "is damaged or cut off"),
        ("faq.txt", b"a", "has an unknown format: use a file .csv"),
        ("faq", b"a", "has an unknown format"),
        ("faq.gz", b"a", "has an unknown format"),
    ],
)
def test_what_cannot_be_opened_is_a_sentence(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    """Whatever is wrong with a file, the operator reads what it is and what to do."""
    (tmp_path / name).write_bytes(content)
    assert sentence in refusal_of(tmp_path / name)


def test_what_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    """A missing file and a folder are told apart."""
    assert refusal_of(tmp_path / "faq.csv") == "'faq.csv' cannot be read: No such file or directory."
    (tmp_path / "faq.csv").mkdir()
    assert refusal_of(tmp_path / "faq.csv") == "'faq.csv' is a folder: name a file in it."


def test_a_link_in_a_circle_is_a_sentence(tmp_path: Path) -> None:
    """Whatever the system says about a file is in the sentence."""
    path = tmp_path / "faq.csv"
    path.symlink_to(path)
    assert refusal_of(path) == "'faq.csv' cannot be read: Too many levels of symbolic links."


def test_a_file_that_vanishes_is_a_sentence(tmp_path: Path) -> None:
    """Rows are read later than the file was opened, and by then it may be gone."""
    path = tmp_path / "faq.csv"
    path.write_text("question,answer\na,b\n")
    rows = read_table(path).rows()
    path.unlink()
    with pytest.raises(ImportFileError, match="cannot be read: No such file"):
        next(rows)


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=1), st.sampled_from(ENDINGS))
def test_any_bytes_are_rows_or_a_sentence(content: bytes, ending: str) -> None:
    """No file whatever ends in a traceback."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"faq{ending}"
        path.write_bytes(content)
        with contextlib.suppress(ImportFileError):
            list(read_table(path).rows())


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(FILES.iterdir())), st.integers(0), st.integers(1, 255), st.booleans())
def test_any_damage_is_rows_or_a_sentence(whole: Path, place: int, change: int, cut: bool) -> None:
    """A file of which a byte is wrong, or the end is missing, is read or refused."""
    content = bytearray(whole.read_bytes())
    place %= len(content)
    content[place] ^= change
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / whole.name
        path.write_bytes(content[: place + 1] if cut else content)
        with contextlib.suppress(ImportFileError):
            list(read_table(path, columns=GERMAN if path.suffix == ".xlsx" else None).rows())
