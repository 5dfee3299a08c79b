"""Importing a file: all of it or nothing, and never twice."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supportbot.db import audit
from supportbot.db.session import Database
from supportbot.db.states import ExampleSource, ExampleStatus
from supportbot.feedback.curation import imports
from supportbot.feedback.curation.imports import ImportFileError, import_rows
from supportbot.feedback.curation.store import Decision, ExampleStore
from tests.supportbot.feedback.curation.rows import stored

ANY_TEXT = st.text(st.characters(exclude_categories=()))
ROWS = [
    {"question": "Where is my order?", "answer": "In Leeds."},
    {"question": "May I return it?", "answer": "Within 30 days,\nunused.", "conversation": "returns"},
    {"question": "Do you ship abroad?", "answer": "Yes.", "conversation": "returns"},
]


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    """Write rows in the format of the file's name."""
    if path.suffix == ".jsonl":
        path.write_text("\n\n".join(json.dumps(row) for row in rows), "utf-8")
        return path
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, ["question", "answer", "conversation"])
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
async def test_rows_wait_for_a_curator(
    database: Database, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Imported rows are pending, belong to nobody, and are there once however often they are imported."""
    monkeypatch.setattr(imports, "_BATCH", 2)
    path = write(tmp_path / f"faq.{suffix}", ROWS)
    imported = await import_rows(database, path)
    assert (imported.rows, imported.new, imported.approved) == (3, 3, 0)
    rows = await stored(database)
    assert [(row.prompt, row.completion) for row in rows] == [(row["question"], row["answer"]) for row in ROWS]
    assert {(row.status, row.source, row.person, row.workspace_id) for row in rows} == {
        (ExampleStatus.PENDING, ExampleSource.IMPORT, None, None)
    }
    assert rows[0].conversation == "where is my order"
    assert rows[1].conversation == rows[2].conversation
    assert rows[1].split is rows[2].split
    again = await import_rows(database, path)
    assert (again.rows, again.new) == (3, 0)
    assert len(await stored(database)) == 3


async def test_both_formats_name_the_same_row(database: Database, tmp_path: Path) -> None:
    """A row is known by its texts, wherever they come from."""
    await import_rows(database, write(tmp_path / "faq.jsonl", ROWS))
    assert (await import_rows(database, write(tmp_path / "faq.csv", ROWS))).new == 0


async def test_approving_at_once_is_audited(database: Database, tmp_path: Path) -> None:
    """Approved rows carry the curator's name; rows that waited are approved too, rejected ones stay rejected."""
    path = write(tmp_path / "faq.jsonl", ROWS[:2])
    await import_rows(database, path)
    await ExampleStore(database).decide([(await stored(database))[0].id], Decision.REJECT, "eve")
    imported = await import_rows(database, write(path, ROWS), approved_by="ada")
    assert (imported.rows, imported.new, imported.approved) == (3, 1, 2)
    assert [(row.status, row.curator) for row in await stored(database)] == [
        (ExampleStatus.REJECTED, "eve"),
        (ExampleStatus.APPROVED, "ada"),
        (ExampleStatus.APPROVED, "ada"),
    ]
    [entry] = await audit.recent(database, 1)
    assert (entry.actor, entry.action, entry.subject) == ("ada", "example.import", "file:faq.jsonl")
    assert entry.details == {"new": 1, "approved": 2}


async def test_imports_are_redacted(database: Database, tmp_path: Path) -> None:
    """Personal data in a file does not get into the training data, the conversation's name included."""
    row = {"question": "Is eve@example.org right?", "answer": "Yes, eve@example.org."}
    named = {"question": "And now?", "answer": "Yes.", "conversation": "eve@example.org"}
    await import_rows(database, write(tmp_path / "faq.jsonl", [row, named]))
    for stored_row in await stored(database):
        for text in (stored_row.prompt, stored_row.completion, stored_row.sort_key, stored_row.conversation):
            assert "eve" not in text


async def test_all_bad_lines_are_named_and_nothing_is_imported(database: Database, tmp_path: Path) -> None:
    """One sentence names each bad line and what is wrong with it."""
    path = tmp_path / "faq.jsonl"
    path.write_bytes(
        b'{"question": "a", "answer": "b"}\n{"question": "a"}\nnot json\n["a"]\n'
        b'{"question": " ", "answer": "b"}\n{"question": "\xff", "answer": "b"}\n'
        b'{"question": "a", "answer": "b", "conversation": 7}\n' + b"[" * 100_000
    )
    with pytest.raises(ImportFileError) as caught:
        await import_rows(database, path, approved_by="ada")
    assert str(caught.value) == (
        f"Nothing of '{path}' was imported; mend this first: line 2 has no answer, line 3 is not JSON, "
        "line 4 is no JSON object, line 5 has no question, line 6 is not UTF-8, and 2 more."
    )
    assert await stored(database) == []
    assert await audit.recent(database, 1) == []


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("faq.csv", b"q,a\n1,2\n", "line 1 is not a header with the columns question and answer"),
        ("faq.csv", b"question,answer\na,b\nc\n", "line 3 has no answer"),
        ("faq.csv", b'question,answer\n"a\nb",c\nd,e,f\n', "line 4 has more cells than the header"),
        ("faq.csv", b'question,answer\n"a"b,c\n', "line 2 is not CSV"),
        ("faq.csv", b"question,answer\na,b\n\xff,b\n", "line 3 is not UTF-8"),
        ("faq.csv", b"question,answer\n", "has no rows"),
        ("faq.csv", b"", "line 1 is not a header"),
        ("faq.jsonl", b"\n", "has no rows"),
        ("faq.txt", b"a", "give a file .jsonl or .csv"),
        ("missing.jsonl", None, "cannot be read: No such file"),
    ],
)
async def test_what_is_no_such_file_is_a_sentence(
    database: Database, tmp_path: Path, name: str, content: bytes | None, sentence: str
) -> None:
    """Whatever is wrong with a file, the operator reads where and what."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ImportFileError, match=sentence):
        await import_rows(database, tmp_path / name)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.fixed_dictionaries({"question": ANY_TEXT, "answer": ANY_TEXT}), max_size=3))
async def test_any_text_can_be_imported(migrated_sqlite: Path, rows: list[dict[str, str]]) -> None:
    """Text of any kind, half characters and NUL included, is either a row or a sentence."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(migrated_sqlite, Path(folder) / "test.db")
        database = Database(f"sqlite+aiosqlite:///{folder}/test.db")
        path = write(Path(folder) / "faq.jsonl", rows)
        try:
            if not rows or any(not text.strip() for row in rows for text in row.values()):
                with pytest.raises(ImportFileError):
                    await import_rows(database, path)
            else:
                imported = await import_rows(database, path)
                assert imported.new == len(await stored(database))
                assert (await import_rows(database, path)).new == 0
        finally:
            await database.aclose()
