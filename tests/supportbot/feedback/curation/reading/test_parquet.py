"""Parquet: texts of any type, and files that hold none."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from supportbot.feedback.curation.reading import Row, read_table
from tests.supportbot.feedback.curation.reading.files_of import pairs_of, refusal_of, rows_of


def write(path: Path, **columns: pa.Array) -> Path:
    """Write a table."""
    parquet.write_table(pa.table(columns), path)
    return path


def test_texts_of_any_type(tmp_path: Path) -> None:
    """Text, categories and lists are read, bytes are left out, and packing changes nothing."""
    path = write(
        tmp_path / "faq.parquet",
        question=pa.array([["a", "b"], ["c"], None]),
        answer=pa.array(["d", "e", "f"]).dictionary_encode(),
        label=pa.array([True, False, True]),
        image=pa.array([b"1", b"2", b"3"]),
    )
    table = read_table(path)
    assert (table.kind, table.unit) == ("Parquet", "row")
    assert rows_of(path) == [
        Row(line=1, question="a", answer="d", wordings=("b",)),
        Row(line=2, question="c", answer="e", label_good=False),
    ]
    packed = tmp_path / "packed.parquet.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert rows_of(packed) == rows_of(path)


def test_dialogues(tmp_path: Path) -> None:
    """The messages of a data set are read as those of JSON are."""
    dialogue = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert pairs_of(write(tmp_path / "faq.parquet", messages=pa.array([dialogue]))) == [("a", "b")]


def test_no_text_is_a_sentence(tmp_path: Path) -> None:
    """A table of numbers and bytes has nothing to import."""
    path = write(tmp_path / "faq.parquet", question=pa.array([1]), answer=pa.array([b"x"]))
    assert "has no column with text" in refusal_of(path)


def test_unknown_columns_are_a_sentence(tmp_path: Path) -> None:
    """The columns that are there are named."""
    path = write(tmp_path / "faq.parquet", frage=pa.array(["a"]), antwort=pa.array(["b"]))
    assert "--columns question=frage,answer=antwort." in refusal_of(path)


def test_damage_inside_is_a_sentence(tmp_path: Path) -> None:
    """A file whose end is whole and whose rows are not is refused when the rows are read."""
    path = write(tmp_path / "faq.parquet", question=pa.array(["a"]), answer=pa.array(["b"]))
    content = path.read_bytes()
    path.write_bytes(content[:4] + bytes([255]) * 20 + content[24:])
    assert refusal_of(path) == "'faq.parquet' is damaged: copy it again."


@pytest.mark.parametrize("keep", [20, 300])
def test_a_damaged_file_is_a_sentence(tmp_path: Path, keep: int) -> None:
    """A file that is cut off is no crash."""
    path = write(tmp_path / "faq.parquet", question=pa.array(["a"]), answer=pa.array(["b"]))
    path.write_bytes(path.read_bytes()[:keep])
    assert "is damaged or not a Parquet file" in refusal_of(path)
