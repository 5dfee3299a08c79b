"""`supportbot curate`, as a curator types them."""

from __future__ import annotations

import json

import pytest

from supportbot.cli._accounts import build_accounts
from supportbot.db import audit
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleSource, ExampleStatus
from supportbot.feedback.curation.alike import Alike
from tests.supportbot.cli.curating import supportbot, supportbot_apart
from tests.supportbot.feedback.curation.rows import add_answer, add_examples, add_feedback, example, stored

# What a database makes of it is tested with the core.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PENDING = {"status": ExampleStatus.PENDING}


async def test_from_the_log_to_an_approved_row(database: Database) -> None:
    """Collect, list, approve: the JSON of each has what scripts rely on."""
    answer_id = await add_answer(database, answer="Never.")
    await add_feedback(database, answer_id, -1, correction="On Monday.")
    finished = await supportbot(database, "curate", "collect", "--json")
    assert finished.status == 0, finished.errors
    assert json.loads(finished.output) == {
        "new": {"votes": 0, "correction": 1, "human": 0},
        "refreshed": 0,
        "withdrawn": 0,
    }
    finished = await supportbot(database, "curate", "list", "--json")
    [row] = json.loads(finished.output)
    assert (row["question"], row["answer"], row["rejected"]) == ("Where is my order?", "On Monday.", "Never.")
    finished = await supportbot(database, "curate", "approve", str(row["example_id"]), "--by", "ada")
    assert finished.output == f"example {row['example_id']} is approved\n"
    [entry] = await audit.recent(database, 1)
    assert (entry.actor, entry.action) == ("ada", "example.approve")
    finished = await supportbot(database, "curate", "list", "--status", "approved")
    assert "On Monday." in finished.output
    assert "0 pending, 1 approved, 0 rejected" in finished.output


async def test_review_of_all_keys(database: Database) -> None:
    """Approve, edit and approve, reject, skip, a wrong key, quit: each does what it says, at once."""
    await add_examples(
        database,
        *(example(f"Question {n}?", "Old.", votes=10 - n, **PENDING) for n in range(6)),
    )
    typed = "a\ne\n\nNew.\na\nr\nx\ns\nq\n"
    finished = await supportbot(database, "curate", "review", "--by", "ada", typed=typed)
    assert finished.status == 0, finished.errors
    assert "Question 1?" in finished.output
    assert "3 decided" in finished.output
    assert "'x' is not one of the keys." in finished.errors
    assert [(row.status, row.completion) for row in await stored(database)] == [
        (ExampleStatus.APPROVED, "Old."),
        (ExampleStatus.APPROVED, "New."),
        (ExampleStatus.REJECTED, "Old."),
        *[(ExampleStatus.PENDING, "Old.")] * 3,
    ]
    deeds = [(entry.action, entry.actor) for entry in await audit.recent(database, 10)]
    assert deeds[::-1] == [(f"example.{deed}", "ada") for deed in ("approve", "edit", "approve", "reject")]


async def test_review_shows_what_is_bad_and_what_it_replaces(database: Database) -> None:
    """A curator sees an answer to avoid, and what a correction was given instead of; markup is only text."""
    await add_examples(
        database,
        example("Q1?", "A [bold]new[/bold] one.", votes=-3, rejected="An old one.", **PENDING),
        example("Q2?", "A bad one.", label=ExampleLabel.BAD, votes=-2, **PENDING),
    )
    finished = await supportbot(database, "curate", "review", typed="s\n")  # the end of the input quits
    assert finished.status == 0, finished.errors
    for text in ("A [bold]new[/bold] one.", "An old one.", "A bad one.", "Avoid", "votes -2", "0 decided"):
        assert text in finished.output


async def test_review_points_at_what_may_be_personal(database: Database) -> None:
    """Streets and names that redaction left are named to the curator, each once; without any, nothing is."""
    await add_examples(
        database,
        example("Did Odette Marsh take it?", "Odette Marsh has it, at 12 Mill Lane.", votes=2, **PENDING),
        example("Where is my order?", "On its way.", votes=1, **PENDING),
    )
    finished = await supportbot(database, "curate", "review", typed="s\ns\n")
    assert finished.status == 0, finished.errors
    assert "Personal?  Odette Marsh (name), 12 Mill Lane (address)" in finished.output
    assert finished.output.count("Personal?") == 1


async def test_edit_and_reject(database: Database) -> None:
    """Both name the curator; an unknown id is a sentence and exit status 2."""
    [number] = await add_examples(database, example("Where?", **PENDING))
    finished = await supportbot(
        database, "curate", "edit", str(number), "--question", "Where is it?", "--by", "ada", "--json"
    )
    assert json.loads(finished.output)[0]["question"] == "Where is it?"
    finished = await supportbot(database, "curate", "reject", str(number), "--by", "eve", "--reason", "unclear")
    assert finished.output == f"example {number} is rejected\n"
    [entry] = await audit.recent(database, 1)
    assert (entry.actor, entry.details) == ("eve", {"reason": "unclear"})
    finished = await supportbot_apart(database, "curate", "approve", "4711", "--by", "ada")
    assert finished.status == 2
    assert finished.errors == ("supportbot: There is no example 4711: `supportbot curate list` shows them all.\n")


async def test_nobody_curates_nothing(database: Database) -> None:
    """A blank name is a usage error, and the example stays as it is."""
    [number] = await add_examples(database, example("Where?", **PENDING))
    for command in (["approve", str(number)], ["edit", str(number), "--answer", "There."], ["review"]):
        finished = await supportbot(database, "curate", *command, "--by", " ", typed="a\n")
        assert (finished.status, "needs a name" in finished.errors) == (2, True)
    assert [row.status for row in await stored(database)] == [ExampleStatus.PENDING]


async def test_many_accounts_are_one_item(database: Database) -> None:
    """The list, its JSON and the review show them once, with how many and how fast; one key decides them all."""
    answer_id = await add_answer(database)
    for number in range(50):
        await add_feedback(database, answer_id, -1, f"slack:T1:U{number}", "It is in Leeds.")
    finished = await supportbot(database, "curate", "collect")
    assert finished.status == 0, finished.errors
    [row] = json.loads((await supportbot(database, "curate", "list", "--json")).output)
    assert (row["alike"]["accounts"], len(row["alike"]["others"])) == (50, 49)
    assert row["alike"]["within_seconds"] >= 0
    assert "50 accounts within" in (await supportbot(database, "curate", "list")).output
    finished = await supportbot(database, "curate", "review", "--by", "ada", typed="r\n")
    assert "50 corrections: one decision applies to all of them" in finished.output
    assert "1 of 1" in finished.output
    assert {row.status for row in await stored(database)} == {ExampleStatus.REJECTED}


async def test_a_decision_by_number_is_for_all_that_are_alike(database: Database) -> None:
    """Approving one of them approves the others, and says so for each."""
    pending = {**PENDING, "source": ExampleSource.CORRECTION}
    ids = await add_examples(database, *(example("Where?", "In Leeds.", **pending) for _ in range(3)))
    finished = await supportbot(database, "curate", "approve", str(ids[1]), "--by", "ada")
    assert finished.output == "".join(f"example {number} is approved\n" for number in ids)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "1,200 accounts"),
        (0.0, "1,200 accounts within 1 second"),
        (147.0, "1,200 accounts within 3 minutes"),
        (7_200.0, "1,200 accounts within 2 hours"),
        (200_000.0, "1,200 accounts within 3 days"),
    ],
)
async def test_accounts_in_words(database: Database, seconds: float | None, words: str) -> None:
    """How fast they came is said in the greatest unit that is full, rounded up."""
    assert build_accounts(Alike(others=(2,), accounts=1_200, within_seconds=seconds)) == words
