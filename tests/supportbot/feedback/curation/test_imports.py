"""Importing a file: all of it or nothing, and never twice."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from supportbot.db import audit
from supportbot.db.models import Example
from supportbot.db.session import Database
from supportbot.db.states import EntrySource, EntryState, ExampleSource, ExampleStatus, Split
from supportbot.feedback.curation import imports
from supportbot.feedback.curation.imports import ImportFileError, Keep, import_rows
from supportbot.feedback.curation.keys import normalise
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.knowledge.store import entries, raise_revision
from tests.locks import begun, on_postgresql
from tests.supportbot.feedback.curation.rows import stored
from training.files import read_rows

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


FILES = Path(__file__).parent / "reading" / "files"


async def known(database: Database) -> dict[str, str]:
    """Return the live answer of each wording that is not small talk."""
    async with database.read() as session:
        return {
            wording.text: entry.answer
            for entry in await entries(session)
            if entry.state == EntryState.LIVE and entry.source != EntrySource.SMALL_TALK
            for wording in entry.wordings
        }


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


@on_postgresql
async def test_approving_waits_for_who_decides(database: Database, tmp_path: Path) -> None:
    """A file whose rows wait already is approved after the decision on one of them, and neither waits for ever."""
    path = write(tmp_path / "faq.jsonl", ROWS)
    await import_rows(database, path)
    async with database.write() as session:  # in the order in which a decision locks
        await raise_revision(session)
        importing = await begun(database, import_rows(database, path, approved_by="ada"))
        await session.execute(select(Example).order_by(Example.id).with_for_update())
    assert (await importing).approved == len(ROWS)


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
        b'{"question": "a", "answer": "b", "conversation": 7}\n' + b"[" * 100_000
    )
    with pytest.raises(ImportFileError) as caught:
        await import_rows(database, path, approved_by="ada")
    assert "fix this first: line 3 is not JSON, line 4 is not a JSON object, line 6 is" in str(caught.value)
    assert await stored(database) == []
    assert await audit.recent(database, 1) == []


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("faq.csv", b"name,age\n1,2\n", "no columns with the names question and answer"),
        ("faq.csv", b"question,answer\n", "has no rows"),
        ("faq.csv", b"question,answer\na,\n,b\n", "has no rows"),
        ("missing.jsonl", None, "No such file"),
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
            try:
                imported = await import_rows(database, path, prefer=Keep.BOTH)
            except ImportFileError:
                assert await stored(database) == []
            else:
                assert imported.rows + imported.skipped == len(rows)
                assert imported.new == len(await stored(database))
                assert (await import_rows(database, path, prefer=Keep.BOTH)).new == 0
        finally:
            await database.aclose()


async def test_empty_rows_are_skipped_and_counted(database: Database) -> None:
    """A table's empty rows are nobody's mistake."""
    imported = await import_rows(database, FILES / "empty_rows.csv", approved_by="ada")
    assert (imported.rows, imported.skipped, imported.new) == (2, 2, 2)


@pytest.mark.parametrize("name", ["wordings_in_columns.csv", "wordings_in_list.jsonl"])
async def test_wordings_of_one_row_share_an_answer(database: Database, name: str) -> None:
    """Each wording is a row for training, and all of them ask for one entry."""
    imported = await import_rows(database, FILES / name, approved_by="ada")
    assert (imported.rows, imported.wordings, imported.answers, imported.new) == (1, 3, 1, 3)
    answers = await known(database)
    assert len(answers) == 3
    assert len(set(answers.values())) == 1
    assert [row.prompt for row in await stored(database)] == list(answers)


async def test_html_is_known_as_text(database: Database) -> None:
    """People read the link of an answer, not its tags."""
    await import_rows(database, FILES / "html_answers.csv", approved_by="ada")
    [answer] = (await known(database)).values()
    assert "<" not in answer
    assert "https://x.example/r" in answer


async def test_chosen_columns(database: Database) -> None:
    """Headings in another language are named by the operator."""
    columns = {"question": "Frage", "answer": "Antwort"}
    imported = await import_rows(database, FILES / "excel.xlsx", columns=columns)
    assert (imported.rows, imported.skipped) == (2, 1)
    with pytest.raises(ImportFileError, match=r"it has Nr\., Frage, Antwort, Stand"):
        await import_rows(database, FILES / "excel.xlsx")


async def test_approved_answers_are_given_word_for_word(database: Database, tmp_path: Path) -> None:
    """What is trained on is redacted, what people are told is not; rows that wait keep the redacted form only."""
    path = write(tmp_path / "faq.csv", [{"question": "Whom do I ask?", "answer": " Ask eve@shop.example! "}])
    imported = await import_rows(database, path)
    assert (imported.contacts, imported.redacted) == (1, {"email": 1})
    assert await known(database) == {}
    await import_rows(database, path, approved_by="ada")
    assert await known(database) == {"Whom do I ask?": "Ask eve@shop.example!"}
    assert [row.completion for row in await stored(database)] == ["Ask [email]!"]


async def test_a_curator_approves_the_redacted_form(database: Database, tmp_path: Path) -> None:
    """Nothing unredacted is kept of a row that waits; the same file again contradicts nothing."""
    path = write(tmp_path / "faq.csv", [{"question": "Whom do I ask?", "answer": "Ask eve@shop.example!"}])
    await import_rows(database, path)
    await ExampleStore(database).decide([(await stored(database))[0].id], Decision.APPROVE, "ada")
    assert await known(database) == {"Whom do I ask?": "Ask [email]!"}
    assert (await import_rows(database, path, approved_by="ada")).contradictions == 0


async def test_a_file_that_contradicts_itself_is_refused(database: Database) -> None:
    """Both lines are named, and nothing is written until somebody says which answer stays."""
    path = FILES / "contradiction.csv"
    with pytest.raises(ImportFileError) as caught:
        await import_rows(database, path, approved_by="ada")
    assert "--keep newest or --keep both" in str(caught.value)
    assert "'How to pay?': line 2 says 'By card.', line 3 says 'By PayPal only.'" in str(caught.value)
    assert await stored(database) == []
    imported = await import_rows(database, path, approved_by="ada", prefer=Keep.NEWEST)
    assert (imported.contradictions, imported.dropped, imported.new) == (1, 1, 1)
    assert await known(database) == {"How to pay?": "By PayPal only."}


async def test_both_answers_may_be_kept(database: Database) -> None:
    """Kept as they are, they are no news when the file comes again."""
    path = FILES / "contradiction.csv"
    imported = await import_rows(database, path, approved_by="ada", prefer=Keep.BOTH)
    assert (imported.contradictions, imported.new, imported.approved) == (1, 2, 2)
    assert (await import_rows(database, path, approved_by="ada")).contradictions == 0


async def test_at_most_ten_contradictions_are_named(database: Database, tmp_path: Path) -> None:
    """A file full of them is still read in one look; greetings, case and end signs make no question another."""
    rows = [
        {"question": question, "answer": f"{number} of {question}"}
        for number in range(2)
        for question in (f"{'Hello, h' if number else 'H'}ow long is tour {n}{'?' * number}" for n in range(12))
    ]
    with pytest.raises(ImportFileError, match="and 2 more") as caught:
        await import_rows(database, write(tmp_path / "faq.jsonl", rows))
    assert str(caught.value).count("line 1 ") == 1
    assert len(str(caught.value).splitlines()) == 12


async def test_the_newest_answer_takes_the_place_of_a_known_one(database: Database, tmp_path: Path) -> None:
    """The older wording leaves its entry, and comes back when its file is imported with the same wish again."""
    old = write(tmp_path / "old.csv", [{"question": "How to pay?", "answer": "By card."}])
    new = write(tmp_path / "new.csv", [{"question": "how to pay", "answer": "By invoice."}])
    await import_rows(database, old, approved_by="ada")
    with pytest.raises(ImportFileError, match=r"line 2 says 'By invoice\.', the approved answer says 'By card\.'"):
        await import_rows(database, new, approved_by="ada")
    with pytest.raises(ImportFileError, match="--approve --by NAME"):
        await import_rows(database, new, prefer=Keep.NEWEST)
    imported = await import_rows(database, new, approved_by="bea", prefer=Keep.NEWEST)
    assert (imported.replaced, await known(database)) == (1, {"how to pay": "By invoice."})
    assert [row.status for row in await stored(database)] == [ExampleStatus.REJECTED, ExampleStatus.APPROVED]
    deeds = [(entry.action, entry.actor) for entry in await audit.recent(database, 2)]
    assert ("example.replace", "bea") in deeds
    await import_rows(database, old, approved_by="ada", prefer=Keep.NEWEST)
    assert await known(database) == {"How to pay?": "By card."}


async def test_decisions_of_curators_stand(database: Database, tmp_path: Path) -> None:
    """A row that a curator edited or rejected is not imported again, so it contradicts nothing."""
    path = write(tmp_path / "faq.csv", [{"question": "How to pay?", "answer": "By card."}])
    await import_rows(database, path, approved_by="ada")
    [row] = await stored(database)
    await ExampleStore(database).decide([row.id], Decision.EDIT, "bea", answer="By card or invoice.")
    imported = await import_rows(database, path, approved_by="ada", prefer=Keep.NEWEST)
    assert (imported.new, imported.contradictions) == (0, 0)
    assert await known(database) == {"How to pay?": "By card or invoice."}


TOPICS = {"A": 4, "B": 5, "C": 14, "D": 15, "E": 40}
"""How many wordings answers have."""

HELD = {"A": 0, "B": 1, "C": 1, "D": 2, "E": 4}


def topic_rows(**counts: int) -> list[dict[str, str]]:
    """Return so many wordings of each answer, all of them unlike."""
    return [
        {"question": hashlib.sha256(f"{topic}{n}".encode()).hexdigest()[:12], "answer": f"Answer {topic}."}
        for topic, count in counts.items()
        for n in range(count)
    ]


async def held_out(database: Database) -> dict[str, set[str]]:
    """Return the held-out wordings of each answer."""
    held: dict[str, set[str]] = {topic: set() for topic in TOPICS}
    for row in await stored(database):
        if row.split is Split.HELD_OUT:
            held[row.completion[-2]].add(row.prompt)
    return held


async def test_a_tenth_of_the_wordings_of_each_answer_is_held_out(database: Database, tmp_path: Path) -> None:
    """Each answer is trained on and, from five wordings on, measured; a longer edition moves no wording."""
    path = write(tmp_path / "faq.csv", topic_rows(**TOPICS))
    imported = await import_rows(database, path)
    first = await held_out(database)
    assert {topic: len(texts) for topic, texts in first.items()} == HELD
    assert imported.held_out == sum(HELD.values())
    longer = write(tmp_path / "longer.csv", topic_rows(**{topic: 2 * count for topic, count in TOPICS.items()}))
    await import_rows(database, longer)
    second = await held_out(database)
    assert {topic: len(texts) for topic, texts in second.items()} == {"A": 1, "B": 1, "C": 3, "D": 3, "E": 8}
    assert all(first[topic] <= second[topic] for topic in TOPICS)
    before = {row["question"] for row in topic_rows(**TOPICS)}
    assert all(not (second[topic] - first[topic]) & before for topic in TOPICS if topic not in "A")


async def test_a_file_is_split_as_an_import_splits_it(migrated_sqlite: Path, tmp_path: Path) -> None:
    """What trains a model from a file never measures it from the database."""
    database = Database(f"sqlite+aiosqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'copy.db')}")
    path = write(tmp_path / "faq.jsonl", [*topic_rows(**TOPICS), *ROWS])
    await import_rows(database, path)
    rows = {normalise(row.prompt): row.split for row in await stored(database)}
    await database.aclose()
    assert {normalise(row.question): row.split for row in read_rows(path)} == rows
