"""`supportbot replay`: a logged answer comes out again, or the command says why not; real database, real model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from supportbot.db.models import Answer
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.models.registry import Registry
from tests.program import Finished
from tests.supportbot.cli.curating import supportbot, supportbot_apart
from tests.supportbot.feedback.curation.rows import add_answer
from tests.versions import install_version

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

EXACT = {"SUPPORTBOT_ENGINE": "transformers", "SUPPORTBOT_PRECISION": "fp32"}


@pytest.fixture
def registry(tiny_model: Path) -> Registry:
    """The home's registry, on which the version `v1` is live."""
    registry = Registry(Path.cwd() / "home" / "models")
    install_version(registry, tiny_model, "v1")
    registry.activate("v1")
    return registry


async def ask(database: Database, **settings: str) -> int:
    """Let the real command answer a question; return the answer's id."""
    finished = await supportbot(database, "ask", "Where is my order?", **settings)
    assert finished.status == 0, finished.errors
    async with database.read() as session:
        return int(await session.scalar(select(Answer.id).order_by(Answer.id.desc())) or 0)


async def replay(database: Database, answer_id: int, *flags: str, **settings: str) -> Finished:
    """Run `supportbot replay`."""
    return await supportbot(database, "replay", str(answer_id), *flags, **settings)


async def change(database: Database, answer_id: int, **values: Any) -> None:
    """Overwrite what the log says of an answer."""
    async with database.write() as session:
        await session.execute(update(Answer).where(Answer.id == answer_id).values(**values))


@pytest.mark.usefixtures("registry")
async def test_answer_comes_out_the_same_until_it_is_tampered_with(database: Database) -> None:
    """Another process repeats what was logged, with status 0; another text in the log means status 1."""
    answer_id = await ask(database, **EXACT)
    finished = await supportbot_apart(database, "replay", str(answer_id), "--json", **EXACT)
    assert finished.status == 0, finished.errors
    record = json.loads(finished.output)
    text = record["recorded"]
    assert record == {
        "answer_id": answer_id,
        "same": True,
        "differs_at": None,
        "model_version": "v1",
        "engine": "transformers fp32 cpu",
        "recorded": text,
        "replayed": text,
    }
    await change(database, answer_id, text=text[:5] + "\x1b[31m" + text[5:])
    finished = await replay(database, answer_id, **EXACT)
    assert finished.status == 1, finished.errors
    assert "Different from character 6 on" in finished.output
    assert "\x1b" not in finished.output
    assert "16-bit precision" not in finished.output
    record = json.loads((await replay(database, answer_id, "--json", **EXACT)).output)
    assert (record["same"], record["differs_at"], record["replayed"]) == (False, 5, text)


@on_sqlite
@pytest.mark.usefixtures("registry")
async def test_answer_on_the_default_engine_comes_out_the_same(database: Database) -> None:
    """With nothing set the engine of this machine is recorded in the log and repeats its answer."""
    answer_id = await ask(database)
    [entry] = json.loads((await supportbot(database, "log", "--json")).output)
    assert entry["answer_id"] == answer_id
    finished = await supportbot_apart(database, "replay", str(answer_id), "--json")
    assert finished.status == 0, (finished.output, finished.errors)
    assert json.loads(finished.output)["engine"] == entry["sampling"]["engine"]


@on_sqlite
@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("candidates", ["1", "3"])
async def test_draft_that_nobody_was_shown_is_repeated(database: Database, candidates: str) -> None:
    """An answer that was withheld is compared by what the model had written, one stopped early to that token."""
    settings = {**EXACT, "SUPPORTBOT_CONFIDENCE_FLOOR": "-0.000001", "SUPPORTBOT_CANDIDATES": candidates}
    answer_id = await ask(database, **settings)
    async with database.read() as session:
        answer = await session.get_one(Answer, answer_id)
    assert (answer.source, answer.finish is None) == (AnswerSource.NOT_SURE, candidates == "1")
    finished = await replay(database, answer_id, "--json", **EXACT)
    assert finished.status == 0, (finished.output, finished.errors)
    assert json.loads(finished.output)["recorded"] == answer.draft != answer.text


@on_sqlite
async def test_what_can_not_be_replayed_is_said_with_the_remedy(
    database: Database, registry: Registry, tiny_model: Path
) -> None:
    """Each case is one sentence and status 2; whatever was recorded, nothing is compared on another engine."""
    answer_id = await ask(database, **EXACT)
    by_person = await add_answer(database, source=AnswerSource.HUMAN)
    fixed = await add_answer(database, source=AnswerSource.NOT_SURE)
    assert "no answer 4711" in await refused(database, 4711)
    assert "written by a person" in await refused(database, by_person)
    assert "a fixed sentence" in await refused(database, fixed)
    sentence = await refused(database, answer_id, SUPPORTBOT_ENGINE="transformers", SUPPORTBOT_PRECISION="bf16")
    assert "with 'transformers fp32 cpu', not with 'transformers bf16 cpu'" in sentence
    assert "SUPPORTBOT_PRECISION" in sentence

    install_version(registry, tiny_model, "v2")
    registry.activate("v2")
    assert (await replay(database, answer_id, **EXACT)).status == 0  # by the version that gave it, live or not
    registry.remove("v1")
    sentence = await refused(database, answer_id)
    assert "'v1'" in sentence
    assert "publish its files again" in sentence

    async with database.read() as session:
        answer = await session.get_one(Answer, answer_id)
    before = {key: value for key, value in (answer.sampling or {}).items() if key not in ("engine", "candidates")}
    await change(database, answer_id, sampling=before)
    assert "was given before engines were recorded" in await refused(database, answer_id)


@on_sqlite
async def test_answer_of_a_pinned_model_needs_the_pin(database: Database, tiny_model: Path) -> None:
    """A model that never was in the registry is found where SUPPORTBOT_MODEL says, and only there."""
    pinned = {**EXACT, "SUPPORTBOT_MODEL": str(tiny_model)}
    answer_id = await ask(database, **pinned)
    assert (await replay(database, answer_id, **pinned)).status == 0
    assert "SUPPORTBOT_MODEL" in await refused(database, answer_id)


async def refused(database: Database, answer_id: int, **settings: str) -> str:
    """Return the sentence of a replay that can't be done."""
    finished = await replay(database, answer_id, **{**EXACT, **settings})
    assert finished.status == 2, finished
    assert finished.output == ""
    assert finished.errors.startswith("supportbot: ")
    assert finished.errors.count("\n") == 1
    return finished.errors
