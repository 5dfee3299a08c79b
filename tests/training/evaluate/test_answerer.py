"""The whole answerer measured on real knowledge, without the wordings that it is asked."""

from __future__ import annotations

import asyncio
import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from supportbot.config import load_settings
from supportbot.db.models import ForeignQuestion
from supportbot.db.session import Database
from supportbot.feedback.curation.imports import import_rows
from supportbot.intake.normalise import normalise_question
from supportbot.models.publishing.checks import answerer_objection
from supportbot.models.registry import Registry, starter_directory
from supportbot.redact import redact
from tests.training.evaluate.log import NOW
from tests.training.evaluate.test_command import run
from training.evaluate.answerer import prepare_examination
from training.evaluate.intervals import share
from training.evaluate.knowing import MARKED, NO_OTHER_WORDING, NOT_KNOWN, OUT_OF_SCOPE, know
from training.evaluate.report import render_page
from training.evaluate.rows import Row, held_out_rows
from training.starter.data import load_faq

TOPICS = load_faq().topics[:8]

WORDINGS = 15
"""Of each topic, of which two are held out."""

FOREIGN = "Which of you has seen my red bicycle?"

ALONE = Row("Can I pay with cowrie shells?", "Cowrie shells are taken on Mondays.")


async def fill(database: Database, folder: Path) -> None:
    """Import what an operator would: topics with wordings, an answer with one wording, and a foreign question."""
    rows = [(text, topic.answer) for topic in TOPICS for text in topic.wordings[:WORDINGS]]
    rows.append((ALONE.question, ALONE.answer))
    file = folder / "faq.jsonl"
    file.write_text(
        "".join(json.dumps({"question": question, "answer": answer}) + "\n" for question, answer in rows), "utf-8"
    )
    await import_rows(database, file, approved_by="Ana")
    async with database.write() as session:
        session.add(ForeignQuestion(text=FOREIGN, marked_by="Ana", marked_at=NOW))


@pytest.fixture
def home(migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with knowledge and the starter as the live model; questions are compared by letters."""
    monkeypatch.setenv("SUPPORTBOT_ENCODER", "none")
    settings = load_settings()
    settings.home.mkdir()
    shutil.copyfile(migrated_sqlite, settings.home / "supportbot.db")
    registry = Registry(settings.models_dir)
    registry.install(starter_directory())
    registry.activate("starter")

    async def prepare() -> None:
        database = Database(settings.sqlalchemy_url)
        await fill(database, tmp_path)
        await database.aclose()

    asyncio.run(prepare())
    return settings.home


learn = partial(know, open_encoder=lambda: None, wrong_rate=0.02, small_talk=True, limit=500)


async def test_no_question_finds_itself(database: Database, tmp_path: Path) -> None:
    """Held-out wordings, and any other that is asked, are not known; their answers are, by other wordings."""
    await fill(database, tmp_path)
    held_out = await held_out_rows(database, 500, 0)
    trained = Row(TOPICS[0].wordings[0].upper(), TOPICS[0].answer)
    known = await learn(database, [*held_out, trained], ())
    assert len(held_out) >= len(TOPICS)
    assert known.rows == (*held_out, trained)
    assert known.left_out == {}
    assert known.held_back in {len(held_out), len(held_out) + 1}  # the first wording may be a held-out one
    for row, meant in zip(known.rows, known.meant, strict=True):
        decision = await known.knowledge.decide(normalise_question(row.question), None)
        assert decision is not None
        assert not decision.exact
        [entry] = [entry for entry in known.knowledge.index.entries if entry.id in meant]  # type: ignore[union-attr]
        assert redact(entry.answer).text == row.answer  # a row to train on has no address in it


async def test_question_that_cannot_be_measured_is_counted(database: Database, tmp_path: Path) -> None:
    """A row whose answer is unknown, or known by this wording alone, is not asked; the reason says which it is."""
    await fill(database, tmp_path)
    rows = [ALONE, Row("Anybody there?", "Nobody."), Row("a new wording", TOPICS[0].answer)]
    known = await learn(database, rows, [FOREIGN, TOPICS[1].wordings[0], "Who won the cup?"])
    assert [row.question for row in known.rows] == ["a new wording"]
    assert known.left_out == {NO_OTHER_WORDING: 1, NOT_KNOWN: 1}
    assert known.foreign == {MARKED: (FOREIGN,), OUT_OF_SCOPE: (FOREIGN, "Who won the cup?")}


async def test_nothing_is_examined_without_knowledge(database: Database) -> None:
    """A database without approved answers has no answerer to measure."""
    assert await prepare_examination(database, load_settings(), {}, [ALONE], (), 500) is None
    assert await prepare_examination(None, load_settings(), {}, [ALONE], (), 500) is None


def test_live_answerer_is_measured_alone(home: Path, strangers: Path) -> None:
    """Without a candidate the live answerer is measured in both modes, and the daemon's threshold stays."""
    before = (home / "supportbot.db").read_bytes()
    status, printed, told = run("--answerer", "--out-of-scope", strangers, "--json")
    assert status == 0, told
    record = json.loads(printed)["answerer"]
    assert record["asked"] >= len(TOPICS)
    assert record["foreign"] == {"marked": 1, "out_of_scope": 16}
    assert "candidate" not in record
    first, alone = record["against"]["verified_first"], record["against"]["generate_only"]
    assert first["verified"]["value"] > 0.3
    assert first["coverage"]["value"] == pytest.approx(first["right"]["value"] + first["wrong"]["value"])
    assert first["coverage"]["value"] + first["not_sure"]["value"] == pytest.approx(1)
    assert first["wrong"]["low"] <= first["wrong"]["value"] <= first["wrong"]["high"]
    assert alone["coverage"]["value"] == 0  # the starter is not asked where there is knowledge
    assert (home / "supportbot.db").read_bytes() == before
    assert not (home / "reports").exists()


def check_page(record: dict[str, Any], page: str) -> None:
    """Check that a page shows the answerer: its shares with intervals, its plots, what speaks against it."""
    answerer = record["answerer"]
    assert page.count("<svg") == 5
    assert f"share of {answerer['asked']} questions" in page
    right = answerer["against"]["verified_first"]["right"]
    shown = f'{right["value"]:.1%}<span class="soft">{right["low"]:.1%} to {right["high"]:.1%}</span>'
    assert shown in " ".join(page.split())
    assert "Beside your approved answers" not in page
    worse = render_page({**record, "answerer": {**answerer, "mode": "generate_only"}}, ([1], [2]))
    assert "<strong>Beside your approved answers:</strong>" in worse
    assert worse.index("(generate_only, as it is set)") < worse.index("(verified_first)")
    hostile = {**answerer, "left_out": {"<script>": 1}, "against": {**answerer["against"], "version": "<script>"}}
    assert "<script>" not in render_page({**record, "answerer": hostile}, ([1], [2]))
    assert "What people would be shown" not in render_page({**record, "answerer": None}, ([1], [2]))


@pytest.mark.long
def test_page_of_an_answerer_that_was_asked_nothing(
    home: Path, noised: Path, strangers: Path, tmp_path: Path
) -> None:
    """Where no question could be measured and none is foreign, the page says so and draws nothing of it."""
    other = tmp_path / "other.jsonl"
    rows = [json.dumps({"question": f"What is {name}?", "answer": f"It is {name}."}) for name in "xy"]
    other.write_text("\n".join(rows), "utf-8")
    arguments = ["--candidate", noised, "--data", other, "--out-of-scope", strangers]
    status, _, told = run(*arguments, "--output", tmp_path / "report")
    assert status == 0, told
    page = (tmp_path / "report" / "evaluation.html").read_text("utf-8")
    assert "No question could be measured" in page
    assert "share of 0 questions" not in page
    assert f"Not measured: 2 questions, since {NOT_KNOWN}." in page
    record = json.loads((tmp_path / "report" / "evaluation.json").read_text("utf-8"))
    record["answerer"]["foreign"] = {MARKED: 0, OUT_OF_SCOPE: 0}
    assert "No foreign questions were asked." in render_page(record, ([1], [2]))


@pytest.mark.long
def test_candidate_is_measured_behind_the_answerer(
    home: Path, noised: Path, strangers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plain evaluation has the answerer in record, terminal and page where there is knowledge."""
    monkeypatch.setenv("SUPPORTBOT_CONFIDENCE_FLOOR", "-100")  # else such a model is hardly ever sure
    status, printed, told = run("--candidate", noised, "--out-of-scope", strangers)
    assert status == 0, told
    assert "The whole answerer:" in printed
    [folder] = (home / "reports").iterdir()
    whole = json.loads((folder / "evaluation.json").read_text("utf-8"))
    check_page(whole, (folder / "evaluation.html").read_text("utf-8"))
    record = whole["answerer"]
    assert (record["mode"], record["wrong_rate"]) == ("verified_first", 0.02)
    assert record["candidate"]["version"].startswith("noised@")
    assert record["against"]["version"] == "starter"
    assert record["candidate"]["trained_here"] is False
    same = record["differences"]["verified_first"]
    assert same["wrong"] == same["right"] == {"value": 0, "low": 0, "high": 0}  # neither model is asked there
    assert record["differences"]["generate_only"]["wrong"]["low"] > 0
    assert answerer_objection(record) is None
    assert "significantly more than now" in (answerer_objection({**record, "mode": "generate_only"}) or "")


def test_measuring_the_answerer_needs_knowledge(migrated_sqlite: Path, data: Path) -> None:
    """Without approved answers, and without a candidate, one sentence says what to do."""
    settings = load_settings()
    settings.home.mkdir()
    shutil.copyfile(migrated_sqlite, settings.home / "supportbot.db")
    Registry(settings.models_dir).install(starter_directory())
    Registry(settings.models_dir).activate("starter")
    for arguments, sentence in (
        (["--answerer"], "There are no approved answers yet"),
        (["--answerer", "--candidate", "starter", "--data", data], "There are no approved answers yet"),
        ([], "There is no candidate"),
    ):
        status, printed, told = run(*arguments)
        assert (status, printed) == (2, "")
        assert sentence in told


def test_share_has_an_exact_interval() -> None:
    """Of 20 rows without a hit the interval ends where none of 20 still happens once in forty times."""
    found = share([False] * 20)
    assert (found.value, found.low) == (0, 0)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 20))
