"""`supportbot import`, as somebody with a FAQ types it."""

from __future__ import annotations

import json
import os
import pty
from pathlib import Path

import pytest
from sqlalchemy import delete

from supportbot.cli.import_ import parse_columns
from supportbot.db.models import Example
from supportbot.db.session import Database
from supportbot.db.states import ExampleStatus
from supportbot.errors import SupportBotError
from supportbot.feedback.curation.origins import Origin
from tests.program import Finished
from tests.supportbot.cli.curating import supportbot, supportbot_apart
from tests.supportbot.feedback.curation.rows import add_examples, add_workspace, example, stored

FILES = Path(__file__).parents[1] / "feedback" / "curation" / "reading" / "files"


async def at_a_terminal(database: Database, *arguments: str, typed: str) -> Finished:
    """Run the command with a terminal to type into; what it shows is caught."""
    ours, theirs = pty.openpty()
    os.write(ours, typed.encode())
    finished = await supportbot_apart(database, *arguments, terminal=os.ttyname(theirs))
    os.close(ours)
    os.close(theirs)
    return finished


async def test_nothing_is_written_before_somebody_says_yes(database: Database) -> None:
    """The preview shows how the file was understood; no is exit status 1, and yes imports it."""
    path = str(FILES / "empty_rows.csv")
    finished = await at_a_terminal(database, "import", path, typed="n\n")
    assert (finished.status, await stored(database)) == (1, [])
    for text in (
        "empty_rows.csv: CSV with commas, UTF-8",
        "Columns: question is 'question', answer is 'answer'",
        "How do I reset my password?",
        "2 rows, 2 wordings, 2 answers",
        "2 rows without a question or an answer skipped (line 4, 5)",
    ):
        assert text in finished.output
    assert "Import these? [y/N]" in finished.errors
    finished = await at_a_terminal(database, "import", path, typed="y\n")
    assert finished.status == 0, finished.errors
    assert [row.status for row in await stored(database)] == [ExampleStatus.PENDING] * 2


async def test_nobody_can_say_yes_in_a_script(database: Database) -> None:
    """Without a terminal the command names the option, and with it imports and approves."""
    path = str(FILES / "wordings_in_columns.csv")
    finished = await supportbot(database, "import", path)
    assert (finished.status, finished.errors) == (
        2,
        "supportbot: There is no terminal to confirm the import: add --yes to import without asking.\n",
    )
    finished = await supportbot(database, "import", path, "--approve", "--yes")
    assert (finished.status, "add --by NAME" in finished.errors) == (2, True)
    finished = await supportbot(database, "import", path, "--approve", "--by", "ada", "-y")
    assert finished.status == 0, finished.errors
    assert finished.output.endswith("3 wordings, 3 of them new, 3 approved\n")
    assert {row.curator for row in await stored(database)} == {"ada"}


async def test_json_has_all_counts(database: Database, tmp_path: Path) -> None:
    """A script reads one document and is asked nothing; contacts that are public are no find."""
    path = tmp_path / "faq.jsonl"
    path.write_text(
        '{"question": "How do I reach you?", "answer": "Write to help@shop.example."}\n'
        '{"question": "And the press?", "answer": "press@shop.example or help@shop.example."}\n'
        '{"question": "And?", "answer": ""}\n'
    )
    finished = await supportbot(database, "import", str(path), "--json")
    assert json.loads(finished.output) == {
        "rows": 2,
        "wordings": 2,
        "answers": 2,
        "skipped": 1,
        "here": 0,
        "gone": 0,
        "foreign": 0,
        "contradictions": 0,
        "dropped": 0,
        "replaced": 0,
        "new": 2,
        "approved": 0,
        "held_out": 0,
        "too_long": 0,
        "contacts": 2,
        "redacted": {"email": 3},
    }
    public = {"SUPPORTBOT_PUBLIC_CONTACTS": "help@shop.example"}
    finished = await supportbot(database, "import", str(path), "--json", **public)
    assert json.loads(finished.output)["redacted"] == {"email": 1}


async def test_preview_says_what_people_will_see(database: Database, tmp_path: Path) -> None:
    """Personal data, contacts and long answers are counted, and what a terminal would obey is not shown."""
    path = tmp_path / "faq.jsonl"
    rows = [
        ("I am eve@shop.example\x1b[2J, who helps?", "Write to help@shop.example."),
        ("What are the terms?", "Every term of these terms is a term. " * 60),
    ]
    path.write_text("".join(json.dumps({"question": q, "answer": a}) + "\n" for q, a in rows))
    finished = await supportbot(database, "import", str(path), "-y", "--approve", "--by", "ada")
    assert finished.status == 0, finished.errors
    for text in (
        "Personal data removed from questions: 1 email",
        "1 answer contains an e-mail address or phone number; people see it unchanged",
        "1 answer too long for a model to learn in full (more than 200 tokens with the question)",
    ):
        assert text in finished.output
    assert "\x1b" not in finished.output
    finished = await supportbot(database, "import", str(path), "-y")
    assert "a placeholder goes to review instead" in finished.output


async def test_preview_says_whose_log_rows_came_from(database: Database, tmp_path: Path) -> None:
    """Rows of an export name the workspace whose consent they take, and how many of them are left out."""
    place = await add_workspace(database, "slack", consents=True, name="T1")
    [kept, gone, _] = await add_examples(
        database, *(example(f"Is it {colour}?", "Yes.", workspace_id=place) for colour in ("red", "blue", "green"))
    )
    path = tmp_path / "rows.jsonl"
    finished = await supportbot(database, "export", "--output", str(path), "--split", "all")
    assert finished.status == 0, finished.errors
    lines = path.read_text().splitlines()
    foreign = json.loads(lines[2])
    foreign["origin"] = str(Origin(place=("slack", "T9"), installation="0" * 32, example_id=kept, digest="0" * 16))
    path.write_text("\n".join([*lines[:2], json.dumps(foreign)]))
    async with database.write() as session:
        await session.execute(delete(Example).where(Example.id == gone))
    finished = await supportbot(database, "import", str(path), "-y")
    assert finished.status == 0, finished.errors
    for text in (
        "1 wording skipped: exported from here and still here",
        "1 wording skipped: exported from here and erased since",
        "1 wording from the log of slack T9: used for training and in other workspaces only with its consent",
    ):
        assert text in finished.output


async def test_contradictions_are_refused_until_it_is_said_what_stays(database: Database) -> None:
    """Exit status 2 and both lines; with --keep it is imported, and another word is a usage error."""
    path = str(FILES / "contradiction.csv")
    finished = await supportbot(database, "import", path, "--json")
    assert finished.status == 2
    assert "line 2 says 'By card.', line 3 says 'By PayPal only.'" in finished.errors
    finished = await supportbot(database, "import", path, "--json", "--keep", "oldest")
    assert (finished.status, "--keep takes newest or both" in finished.errors) == (2, True)
    finished = await supportbot(database, "import", path, "--json", "--keep", "newest")
    assert [json.loads(finished.output)[name] for name in ("contradictions", "dropped", "new")] == [1, 1, 1]


async def test_columns_are_named(database: Database) -> None:
    """A file with other headings is refused with their names, and imported with --columns."""
    path = str(FILES / "excel.xlsx")
    finished = await supportbot(database, "import", path, "--yes")
    assert (finished.status, "Nr., Frage, Antwort, Stand" in finished.errors) == (2, True)
    finished = await supportbot(database, "import", path, "--yes", "--columns", "question=Frage,answer=Antwort")
    assert finished.status == 0, finished.errors
    assert "question is 'Frage', answer is 'Antwort'" in finished.output


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("question=Frage,answer=Antwort", {"question": "Frage", "answer": "Antwort"}),
        ("question=Frage|Variante 2 , answer = Antwort", {"question": "Frage|Variante 2", "answer": "Antwort"}),
        (
            """question="Frage, kurz",answer='Die "Antwort"'""",
            {"question": "Frage, kurz", "answer": 'Die "Antwort"'},
        ),
        ("", {}),
    ],
)
def test_columns_are_read(text: str, columns: dict[str, str]) -> None:
    """A name may hold blanks, and in quotation marks commas too."""
    assert parse_columns(text) == columns


@pytest.mark.parametrize("text", ["Frage", 'question="Frage', "question=a,,answer=b"])
def test_columns_that_are_none(text: str) -> None:
    """Anything else is one sentence."""
    with pytest.raises(SupportBotError, match="--columns takes FIELD=NAME"):
        parse_columns(text)
