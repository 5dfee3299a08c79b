"""`supportbot privacy`, as an operator types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supportbot.db.session import Database
from tests.supportbot.cli.curating import supportbot, supportbot_apart
from tests.supportbot.privacy.planting import ALICE, BOB, MARK, MARKS, columns_with, plant
from tests.supportbot.privacy.test_erasing import held_by

# What a database makes of it is tested with the core.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WHO = ("--platform", "slack", "--user", ALICE)


@on_sqlite
async def test_everything_of_a_person_is_handed_out(database: Database, tmp_path: Path) -> None:
    """Questions, answers, votes, what they wrote for others and rows for training are in a file of one's own."""
    await plant(database)
    path = tmp_path / "alice.json"
    finished = await supportbot(database, "privacy", "export", *WHO, "--output", str(path))
    assert finished.status == 0, finished.errors
    assert "1 questions" in finished.output
    record = json.loads(path.read_text("utf-8"))
    assert path.stat().st_mode & 0o077 == 0
    (asked,) = record["questions"]
    assert asked["text"].startswith(f"{MARK} one")
    assert [answer["text"] for answer in asked["answers"]] == [f"{MARK} two: it is in Rome."]
    assert [vote["correction"] for vote in record["votes"]] == [f"{MARK} five: press the blue button."]
    assert [answer["text"] for answer in record["answers_written_for_others"]] == [f"{MARK} six: ask the office."]
    assert len(record["training_rows"]) == 4
    assert list(record["model_versions"]) == ["v1"]
    assert BOB not in path.read_text("utf-8")
    again = await supportbot(database, "privacy", "export", *WHO, "--output", str(path))
    assert (again.status, again.errors.count("\n")) == (2, 1)


@on_sqlite
async def test_erasing_asks_first_and_says_what_is_left(database: Database) -> None:
    """Without a yes nothing goes; with one, counts are shown, and what is the operator's to see to."""
    await plant(database)
    refused = await supportbot(database, "privacy", "erase", *WHO, "--by", "Ada", typed="n\n")
    assert "1 questions" in refused.errors
    assert refused.output.strip() == "Nothing was erased."
    finished = await supportbot(database, "privacy", "erase", *WHO, "--by", "Ada", typed="y\n")
    assert finished.status == 0, finished.errors
    assert "Erased: " in finished.output
    assert "Messages in Slack itself" in finished.output
    assert "Model version 'v1' learned from 1 of the rows" in finished.output
    assert await columns_with(database, *MARKS) == set()
    assert held_by(Path(str(database.url.database)), *MARKS) == []


@on_sqlite
async def test_scripts_get_json(database: Database) -> None:
    """With --json and --yes the figures are one document; a second time there is nothing to erase."""
    planted = await plant(database)
    unasked = await supportbot_apart(database, "privacy", "erase", *WHO, "--by", "Ada", "--json")
    assert unasked.status == 2
    first, second = [
        json.loads((await supportbot(database, "privacy", "erase", *WHO, "--by", "Ada", "--json", "--yes")).output)
        for _ in range(2)
    ]
    assert first["erased"]["questions"] == 1
    assert first["model_versions"] == {"v1": [planted.examples[0]]}
    assert first["database"] == {"is_whole": True, "problem": ""}
    assert second["erased"] == {}
    status = json.loads((await supportbot(database, "privacy", "status", "--json")).output)
    assert (status["retention_days"], status["questions"], status["compacting_due"]) == (None, 2, False)
    kept = await supportbot(database, "privacy", "status", SUPPORTBOT_RETENTION_DAYS="30")
    assert "for 30 days" in kept.output
    assert "2 questions with 2 answers" in kept.output


@on_sqlite
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--platform", "slak", "--user", "U1"), "There is no platform 'slak'"),
        (("--platform", "slack", "--user", " "), "The person is missing"),
        ((*WHO, "--workspace", "T404"), "There is no question from the workspace 'T404'"),
    ],
)
async def test_bad_input_is_one_sentence(database: Database, arguments: tuple[str, ...], sentence: str) -> None:
    """What names nobody is refused before anything is erased."""
    finished = await supportbot(database, "privacy", "erase", *arguments, "--by", "Ada", "--yes")
    assert finished.status == 2
    assert sentence in finished.errors
    assert finished.errors.count("\n") == 1
