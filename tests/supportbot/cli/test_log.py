"""`supportbot log` and `supportbot ask` on a terminal: what a stranger typed is text there, and nothing else."""

from __future__ import annotations

import json

import pytest

from supportbot.db.audit import current_user, recent
from supportbot.db.session import Database
from tests.supportbot.cli.curating import supportbot, supportbot_apart
from tests.supportbot.feedback.curation.rows import add_answer

# What a database makes of it is tested with the core.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

HOSTILE = "\x1b]0;owned\x07\x1b[31mred\x9b2J \u202ebackwards [bold]plain[/bold]"
HARMLESS = "]0;owned[31mred2J backwards [bold]plain[/bold]"


@on_sqlite
async def test_log_obeys_no_question_and_no_answer(database: Database) -> None:
    """Escape sequences lose what makes a terminal obey, square brackets stay, and JSON is exact."""
    await add_answer(database, question=f"Q {HOSTILE}", answer=f"A {HOSTILE}")
    finished = await supportbot(database, "log")
    assert finished.status == 0, finished.errors
    assert_harmless(finished.output)
    shown = " ".join(finished.output.replace("│", " ").split())
    for word in HARMLESS.split():
        assert shown.count(word) == 2
    finished = await supportbot_apart(database, "log", "--json")
    assert_harmless(finished.output)
    [entry] = json.loads(finished.output)
    assert (entry["question"], entry["answer"]) == (f"Q {HOSTILE}", f"A {HOSTILE}")


@on_sqlite
async def test_reading_the_log_is_audited(database: Database) -> None:
    """The audit says who read the log and how many questions of it, and none of their texts."""
    await add_answer(database, question="Where is my secret parcel?", answer="Here.")
    assert (await supportbot(database, "log", "--json")).status == 0
    (entry,) = await recent(database, 10)
    assert (entry.actor, entry.action, entry.details) == (current_user(), "log.read", {"questions": 1})


@on_sqlite
async def test_words_narrow_the_log(database: Database) -> None:
    """Only what has all the words is shown, in the question or in an answer; and nothing is said to be nothing."""
    await add_answer(database, question="Where is my parcel?", answer="It is in Rome.")
    await add_answer(database, question="Can I pay later?", answer="Yes.")
    for words in ("parcel", "rome in"):
        found = json.loads((await supportbot(database, "log", "--json", "--search", words)).output)
        assert [one["question"] for one in found] == ["Where is my parcel?"]
    assert "Nothing was found" in (await supportbot(database, "log", "--search", "parcel later")).output


@on_sqlite
async def test_consent_obeys_no_name_of_a_workspace(database: Database) -> None:
    """The names of workspaces and of their admins are typed by strangers too."""
    finished = await supportbot(database, "consent", "slack", "T1", "--allow-training", "--by", f"Ada {HOSTILE}")
    assert finished.status == 0, finished.errors
    assert_harmless(finished.output)


def assert_harmless(output: str) -> None:
    """Nothing that a terminal obeys is in an output."""
    assert not set(output) & set("\x1b\x07\x9b\u202e")
