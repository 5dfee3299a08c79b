"""`supportbot knowledge`, as an operator types it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from alembic import command

from supportbot.cli._knowledge import parse_date
from supportbot.db import audit
from supportbot.db.models import Workspace
from supportbot.db.schema import alembic_config
from supportbot.db.session import Database
from supportbot.errors import SupportBotError
from supportbot.knowledge.knowledge import Knowledge
from tests.program import Finished
from tests.supportbot.cli.curating import supportbot, supportbot_apart
from tests.supportbot.feedback.curation.rows import add_workspace
from tests.supportbot.knowledge.handbook import ASKED, FOREIGN, SECTIONS, learn, written

# What a database makes of it is tested with the core.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

LETTERS = {"SUPPORTBOT_ENCODER": "none"}
ANSWER = "Delivery takes three days."


async def run(database: Database, *arguments: str, **settings: str) -> Finished:
    """Run a command of the group, without an encoder unless one is set."""
    return await supportbot(database, "knowledge", *arguments, **{**LETTERS, **settings})


async def read(database: Database, *arguments: str, **settings: str) -> Any:
    """Return what a command that succeeds says in JSON."""
    finished = await run(database, *arguments, "--json", **settings)
    assert finished.status == 0, finished.errors
    return json.loads(finished.output)


async def add(database: Database, answer: str, *questions: str, by: str = "ada") -> int:
    """Add an answer; return its number."""
    options = [part for question in questions for part in ("--question", question)]
    [changed] = await read(database, "add", *options, "--answer", answer, "--by", by)
    number: int = changed["entry_id"]
    return number


async def test_an_answer_from_its_first_day_to_its_last(database: Database) -> None:
    """Add, list, show, edit, retire, restore: each says what it did, and is audited with the name."""
    finished = await run(
        database,
        *("add", "--question", "How long does delivery take?", "--question", "Is it fast?"),
        *("--answer", ANSWER, "--valid-until", "2099-12-31", "--by", "ada"),
    )
    assert (finished.status, finished.output) == (0, "entry 1 is new and live, 2 wordings added\n")
    finished = await run(database, "list")
    for text in ("How long does delivery take?", ANSWER, "ada", "31 Dec 2099", "live"):
        assert text in finished.output
    [row] = await read(database, "list", "--state", "live", "--search", "FAST", "--source", "import")
    assert (row["entry_id"], row["wordings"], row["workspace"], row["expired"]) == (1, 2, None, False)
    shown = await read(database, "show", "1")
    assert [(one["text"], one["example_id"], one["example_status"]) for one in shown["wordings"]] == [
        ("How long does delivery take?", 1, "approved"),
        ("Is it fast?", 2, "approved"),
    ]
    number = str(shown["wordings"][1]["wording_id"])
    finished = await run(
        database,
        *("edit", "1", "--answer", "Four days.", "--add-wording", "When?", "--remove-wording", number),
        *("--valid-until", "never", "--by", "eve"),
    )
    assert finished.output == "entry 1 is live, 1 wording added, 1 wording removed\n"
    finished = await run(database, "show", "1")
    for text in ("Four days.", "eve", "for ever", "3 (approved)", "When?", "all workspaces"):
        assert text in finished.output
    finished = await run(database, "retire", "1", "--by", "eve", "--reason", "old")
    assert finished.output == "entry 1 is retired\n"
    assert (await read(database, "list", "--state", "live")) == []
    finished = await run(database, "restore", "1", "--by", "ada")
    assert finished.output == "entry 1 is live\n"
    deeds = [(deed.actor, deed.action, deed.subject) for deed in await audit.recent(database, 9)]
    assert deeds[::-1] == [
        ("ada", "entry.add", "entry:1"),
        ("eve", "entry.edit", "entry:1"),
        ("eve", "entry.retire", "entry:1"),
        ("ada", "entry.restore", "entry:1"),
    ]


async def test_a_daemon_takes_a_command_over(database: Database) -> None:
    """What is added, edited and retired in another process is known at the next look, twice a second."""
    knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)

    async def told() -> str | None:
        await knowledge.refresh()
        found = await knowledge.decide("how long?", None)
        return found.candidates[0].entry.answer if found else None

    number = str(await add(database, ANSWER, "How long?"))
    assert await told() == ANSWER
    await run(database, "edit", number, "--answer", "Four days.", "--by", "ada")
    assert await told() == "Four days."
    await run(database, "retire", number, "--by", "ada")
    assert await told() is None
    await knowledge.aclose()


async def test_a_question_of_another_entry_is_refused_until_it_is_moved(database: Database) -> None:
    """The refusal names both; --move says where the question was taken from."""
    await add(database, ANSWER, "How long?", "Is it fast?")
    command = ("add", "--question", "how long", "--answer", "Two days.", "--by", "ada")
    finished = await supportbot_apart(database, "knowledge", *command, **LETTERS)
    assert finished.status == 2
    assert finished.errors == (
        "supportbot: 'How long?' is already a wording of entry 1, which answers 'Delivery takes three days.' and "
        "not 'Two days.': add --move to move it here.\n"
    )
    finished = await run(database, *command, "--move")
    assert finished.output == "entry 2 is new and live, 1 wording added, taken from entry 1\n"


async def test_an_entry_is_narrowed_to_a_workspace(database: Database) -> None:
    """It is named as PLATFORM:ID, and tried as if asked from there."""
    number = await add_workspace(database, "slack", consents=False)
    async with database.read() as session:
        row = await session.get(Workspace, number)
        assert row is not None
        name = f"slack:{row.external_id}"
    await add(database, ANSWER, "How long?")
    finished = await run(database, "edit", "1", "--workspace", name, "--by", "ada")
    assert finished.status == 0, finished.errors
    assert (await read(database, "show", "1"))["workspace"] == name
    tried = await read(database, "try", "How long?", "--workspace", name)
    assert tried["given"] == [{"entry_id": 1, "answer": ANSWER}]
    await run(database, "edit", "1", "--workspace", "all", "--by", "ada")
    assert (await read(database, "show", "1"))["workspace"] is None


async def test_foreign_questions(database: Database) -> None:
    """Marked, listed, removed."""
    finished = await run(database, "foreign", "list")
    assert finished.output == "No question is marked as none of yours.\n"
    finished = await run(database, "foreign", "add", "What is the weather?", "--by", "ada")
    assert finished.output == "foreign question 1 is marked\n"
    [row] = await read(database, "foreign", "list")
    assert (row["foreign_id"], row["text"], row["marked_by"]) == (1, "What is the weather?", "ada")
    assert "What is the weather?" in (await run(database, "foreign", "list")).output
    finished = await run(database, "foreign", "remove", "1", "--by", "ada")
    assert finished.output == "foreign question 1 is removed\n"
    assert await read(database, "foreign", "list") == []


async def test_trying_a_question_shows_why(database: Database) -> None:
    """Without a model and without a trace: known, near, foreign, held key; each with its reason."""
    finished = await run(database, "try", "How long?")
    assert "there are no answers yet" in finished.output
    await add(database, ANSWER, "How long does delivery take?", "When will my parcel arrive?")
    await add(database, "To 40 countries.", "Do you ship abroad?")
    finished = await run(database, "try", "Hi there!\nHow long does DELIVERY take??")
    assert finished.status == 0, finished.errors
    for text in ("How long does DELIVERY take??", "Known wording: the answer of entry 1", ANSWER, "threshold"):
        assert text in finished.output
    tried = await read(database, "try", "How long does my parcel take?")
    [first, *_] = tried["decision"]["candidates"]
    assert first["entry_id"] == 1
    assert first["similarity"] < 1
    assert {"confidence", "probability", "wording", "wording_id"} <= first.keys()
    tried = await read(database, "try", "How long does delivery take and do you ship abroad?")
    assert [one["entry_id"] for one in tried["given"]] == [1, 2]
    assert [one["part"] for one in tried["parts"]] == ["How long does delivery take", "do you ship abroad?"]
    tried = await read(database, "try", "What do penguins drink?")
    assert (tried["verdict"], tried["given"], tried["reply"]) == ("not verified", [], None)
    assert "no usable model" in tried["sentence"]  # `init` was not run here
    tried = await read(database, "try", "a" * 100)
    assert (tried["verdict"], tried["decision"]) == ("no question", None)


async def test_trying_with_the_model(database: Database) -> None:
    """The model's own answer comes with its confidence where it is asked, and nothing gets into the log."""
    finished = await supportbot(database, "init")
    assert finished.status == 0, finished.errors
    tried = await read(database, "try", "How do I return an item?", "--model", SUPPORTBOT_ENGINE="openvino")
    assert tried["model_is_asked"]
    assert tried["reply"]["source"] == "generated"
    assert tried["reply"]["confidence"] < 0
    await add(database, ANSWER, "How long does delivery take?")
    finished = await run(database, "try", "How do I return an item?")
    assert "the model is not asked because it was not trained on your rows" in finished.output
    finished = await run(database, "try", "hello")
    assert "Small talk: the answer of entry 1 is given word for word." in finished.output
    assert (await supportbot(database, "log", "--json")).output == "[]\n"


async def test_the_standing_of_the_knowledge(database: Database) -> None:
    """With the real encoder: how much there is, how sure an answer must be, and what would help."""
    standing = await read(database, "status")
    assert (standing["entries"], standing["calibration"]) == (0, None)
    assert "There is no approved answer yet" in standing["advice"][0]
    await add(database, ANSWER, "How long does delivery take?", "When will my parcel arrive?")
    await add(database, "To 40 countries.", "Do you ship abroad?")
    standing = await read(database, "status", SUPPORTBOT_ENCODER="")
    assert (standing["entries"], standing["wordings"], standing["single_wording"]) == (2, 3, 1)
    assert (standing["encoder"], standing["not_yet_encoded"]) == ("all-MiniLM-L6-v2", 5)
    assert (standing["calibration"]["evidence"], standing["calibration"]["wrong_rate"]) == ("too little", 0.02)
    finished = await run(database, "status", SUPPORTBOT_ENCODER="")
    for text in (
        "2 with 3 wordings, 0 retired",
        "not yet encoded  none",
        "1 answer has one wording: give them 3 to 5",
        "too little to calibrate on",
    ):
        assert text in finished.output
    assert "expected" not in finished.output  # there is nothing to tell it by


async def test_a_wording_that_spoils_the_threshold_is_named(database: Database) -> None:
    """One question under the wrong answer is shown beside the answer that it belongs to."""
    for topic in ("delivery", "returns", "payment", "passwords"):
        await add(
            database,
            f"All about {topic}.",
            *(f"{start} {topic}?" for start in ("Tell me about", "What about", "Who knows about")),
        )
    await add(database, "Vouchers are sold.", "What do you know about delivery?", "Vouchers?", "Gift cards?")
    standing = await read(database, "status")
    assert {one["other_entry_id"] for one in standing["rivalries"] if one["entry_id"] == 5} == {1}
    finished = await run(database, "status")
    for text in (
        "What do you know about delivery?",
        "expected covered",
        "chosen: 2.0%",
        "claimed by another answer",
    ):
        assert text in finished.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("show", "4711"), "There is no entry 4711: `supportbot knowledge list` shows them all."),
        (("retire", "4711"), "There is no entry 4711: `supportbot knowledge list` shows them all."),
        (("add", "--question", "x", "--answer", " "), "A question or an answer cannot be empty"),
        (("add", "--question", "x", "--answer", "y", "--valid-until", "31.12.2027"), "'31.12.2027' is not a date"),
        (("add", "--question", "x", "--answer", "y", "--valid-until", "2020-01-01"), "is in the past"),
        (("add", "--question", "x", "--answer", "y", "--workspace", "T1"), "There is no workspace 'T1'"),
        (("try", "x", "--workspace", "slack:T1"), "There is no workspace 'slack:T1'"),
        (("foreign", "remove", "7"), "There is no foreign question 7"),
    ],
    ids=str,
)
async def test_what_cannot_be_done_is_a_sentence(
    database: Database, arguments: tuple[str, ...], sentence: str
) -> None:
    """It names the remedy, and the exit status is 2."""
    finished = await run(database, *arguments)
    assert finished.status == 2
    assert finished.errors.startswith("supportbot: ")
    assert sentence in finished.errors
    assert finished.errors.count("\n") == 1


async def test_a_database_of_before_asks_for_init(database: Database, tmp_path: Path) -> None:
    """An old schema is told at once, and nothing is touched."""
    old = Database(f"sqlite+aiosqlite:///{tmp_path / 'old.db'}")
    await asyncio.to_thread(command.upgrade, alembic_config(str(old.url)), "0003")
    for arguments in (("list",), ("status",), ("try", "x")):
        finished = await run(old, *arguments)
        assert finished.status == 2
        assert "older schema than this program: run `supportbot init`" in finished.errors
    await old.aclose()


async def test_nothing_that_a_terminal_obeys_gets_there(database: Database) -> None:
    """Control characters and markup of a text are only text, in tables, sentences and JSON."""
    answer = "[bold]Red[/bold] \x1b[31mor\x07 not."
    await add(database, answer, "What \x1b]0;colour\x07 is it?", by="a\x1bda")
    outputs = [
        await run(database, *arguments)
        for arguments in (("list",), ("show", "1"), ("try", "What colour is it?"), ("status",), ("list", "--json"))
    ]
    assert all(finished.status == 0 for finished in outputs)
    for finished in outputs:
        assert "\x1b" not in finished.output + finished.errors
        assert "\x07" not in finished.output + finished.errors
    assert "[bold]Red[/bold]" in outputs[1].output
    assert json.loads(outputs[4].output)[0]["answer"] == answer


def test_a_date_lasts_until_its_end(database_url: str) -> None:
    """A day ends at midnight of this machine; never is no date; what is no date, or beyond all, is refused."""
    day = parse_date("2027-12-31")
    assert day is not None
    assert day.isoformat().startswith("2028-01-01T00:00:00")
    assert parse_date(" Never ") is None
    moment = parse_date("2027-12-31T12:00+00:00")
    assert moment is not None
    assert moment.timestamp() == 1830254400
    for text in ("", "31.12.2027", "tomorrow", "2027-02-30", "9999-12-31", "\x1b[31m"):
        with pytest.raises(SupportBotError, match="--valid-until") as caught:
            parse_date(text)
        assert "\x1b" not in str(caught.value)


async def test_what_would_be_quoted_is_shown(database: Database, tmp_path: Path) -> None:
    """With the setting: how many passages there are, how near is near enough, and which one would be quoted."""
    await learn(database, written(tmp_path))
    car, heading = next(iter(ASKED.items()))
    finished = await run(database, "status")
    assert "14 of documents wait for a curator; none is quoted (SUPPORTBOT_QUOTE_DOCUMENTS)" in finished.output
    assert (await read(database, "try", car))["passage"] is None
    quoting = {"SUPPORTBOT_QUOTE_DOCUMENTS": "true", "SUPPORTBOT_ENCODER": ""}
    standing = await read(database, "status", **quoting)
    assert (standing["passages"]["waiting"], standing["passages"]["open"]) == (14, 14)
    threshold = standing["passages"]["calibration"]["threshold"]
    finished = await run(database, "status", **quoting)
    assert f"14 may be quoted, with a confidence of at least {threshold:.3f}" in finished.output
    passage = (await read(database, "try", car, **quoting))["passage"]
    assert (passage["document"], passage["heading"], passage["text"]) == (
        "handbook.md",
        heading,
        SECTIONS[heading],
    )
    assert passage["quoted"]
    assert passage["confidence"] >= passage["threshold"] == threshold
    foreign = (await read(database, "try", FOREIGN[0], **quoting))["passage"]
    assert (foreign["sure"], foreign["quoted"]) == (False, False)
    finished = await run(database, "try", car, **quoting)
    for text in ("nearest passage", f"handbook.md, “{heading}”", f"{threshold:.3f}; its confidence is"):
        assert text in finished.output
