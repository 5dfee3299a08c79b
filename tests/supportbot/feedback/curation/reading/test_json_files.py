"""JSON: documents and lines, and where they are broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from supportbot.feedback.curation.reading import read_table
from tests.supportbot.feedback.curation.reading.files_of import pairs_of, refusal_of

ROW = '{"question": "a", "answer": "b"}'


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("faq.json", f"[{ROW}]", "JSON, UTF-8"),
        ("faq.json", f'{{"version": 1, "tags": ["x"], "faq": [{ROW}]}}', "JSON array 'faq', UTF-8"),
        ("faq.json", f'{{"authors": [{{"name": "x"}}], "faq": [{ROW}]}}', "JSON array 'faq', UTF-8"),
        ("faq.json", ROW, "JSON, UTF-8"),
        ("faq.json", f"{ROW}\n", "JSON, UTF-8"),
        ("faq.json", f"\n{ROW}\n\n{{}}\n", "JSON Lines, UTF-8"),
        ("faq.ndjson", f"\n{ROW}\r\n\n", "JSON Lines, UTF-8"),
        ("FAQ.JSONL", f"{{}}\n{ROW}", "JSON Lines, UTF-8"),
    ],
)
def test_rows_are_found_wherever_they_are(tmp_path: Path, name: str, content: str, kind: str) -> None:
    """An array, an object around one, an object alone and lines are all read."""
    path = tmp_path / name
    path.write_text(content, "utf-8")
    assert read_table(path).kind == kind
    assert pairs_of(path) == [("a", "b")]


def test_lines_may_differ_in_their_names(tmp_path: Path) -> None:
    """Files that were put together from several are read line by line."""
    path = tmp_path / "faq.jsonl"
    path.write_text(f'{ROW}\n{{"prompt": "c", "completion": "d"}}\n', "utf-8")
    assert pairs_of(path) == [("a", "b"), ("c", "d")]


def test_all_bad_lines_are_named(tmp_path: Path) -> None:
    """One sentence names each bad line and what is wrong with it."""
    path = tmp_path / "faq.jsonl"
    deep = "[" * 100_000
    path.write_text(f'{ROW}\nnot json\n["a"]\n{ROW}\n{{"question": \n{deep}\n1\n2\n3\n', "utf-8")
    assert refusal_of(path) == (
        "'faq.jsonl' cannot be imported; fix this first: line 2 is not JSON, line 3 is not a JSON object, "
        "line 5 is not JSON, line 6 is not JSON, line 7 is not a JSON object, and 2 more."
    )


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("faq.json", f"[\n{ROW},\n{ROW[:-1]}]", "'faq.json' is not JSON: line 3, column 32 "),
        ("faq.json", "[" * 100_000, "is nested too deeply: use an array of objects"),
        ("faq.json", "[]", "has no objects: use an array of objects"),
        ("faq.json", '[["a", "b"]]', "has no objects"),
        ("faq.json", "7", "has no objects"),
        ("faq.json", f"{ROW} {ROW}", "is not JSON: line 1, column 34"),
        ("faq.json", "[1]\n[2]", "is not JSON: line 2"),
        ("faq.json", f'[{ROW}, "a"]', "fix this first: entry 2 is not a JSON object"),
        ("faq.json", '{"How?": "So."}', "has only one column, How?"),
        ("faq.jsonl", "\n\n", "has no rows: add questions and answers"),
        ("faq.jsonl", "nonsense\n", "fix this first: line 1 is not JSON."),
        ("faq.jsonl", '{"frage": "a", "antwort": "b"}', "--columns question=frage,answer=antwort."),
    ],
)
def test_broken_json_is_a_sentence(tmp_path: Path, name: str, content: str, sentence: str) -> None:
    """The operator reads where it is broken."""
    path = tmp_path / name
    path.write_text(content, "utf-8")
    assert sentence in refusal_of(path)
