"""Candidates that no gain makes better: what they know too little of, and what they forgot, on real models."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from supportbot.config import load_settings
from supportbot.db.states import Split
from supportbot.engine.base import SamplingParams
from supportbot.feedback.curation.keys import split_of
from supportbot.models.loading import make_local_engine
from supportbot.models.registry import Registry, starter_directory
from tests.training.evaluate.conftest import add_noise
from training.asking import ask_all
from training.evaluate.evaluation import Task, evaluate
from training.evaluate.report import build_table
from training.files import conversation_of
from training.finetune.sources import FileRows
from training.starter.data import load_faq

LIMIT = 20
"""The least rows from which anything is concluded."""

LEARNED = 10
"""Rows to lose; six would do."""


async def compare_models(candidate: Path, against: Path, data: Path, folder: Path) -> dict[str, Any]:
    """Compare two models on few rows and strangers, with a report in a folder; return the record."""
    strangers = folder / "strangers.txt"
    strangers.write_text("\n".join(load_faq().out_of_scope[:4]), "utf-8")
    task = Task(
        candidate=str(candidate),
        against=str(against),
        data=(data,),
        out_of_scope=strangers,
        limit=LIMIT,
        output=folder / "report",
    )
    record, _ = await evaluate(task, load_settings(), Console(quiet=True))
    return record


async def learn_what_it_says(model: Path) -> int:
    """Make rows of what a model says anyway, as if they had trained it; return how many."""
    questions = [topic.wordings[0] for topic in load_faq().topics]
    questions = [text for text in questions if split_of(conversation_of(text)) is Split.TRAIN][:LEARNED]
    engine = make_local_engine(load_settings(), Registry(model.parent).resolve(str(model)))
    answers = await ask_all(engine, questions, SamplingParams(), seed=0)
    await engine.aclose()
    rows = [{"question": q, "answer": answer.text} for q, answer in zip(questions, answers, strict=True)]
    source = model / "rows.jsonl"
    source.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    survey = await FileRows(source).survey()
    data = {"source": str(source), "fingerprint": survey.fingerprint}
    (model / "report").mkdir()
    (model / "report" / "run.json").write_text(json.dumps({"method": "sft", "data": data}), "utf-8")
    return survey.taken


async def test_less_wrong_is_not_better(data: Path, tmp_path: Path) -> None:
    """Of two models without a right answer, the one that is less surprised by the right ones is not better."""
    candidate, against = (add_noise(tmp_path / name, share) for name, share in (("less", 0.8), ("more", 1.0)))
    record = await compare_models(candidate, against, data, tmp_path)
    assert (record["candidate"]["right"], record["against"]["right"]) == (0, 0)
    assert record["differences"]["bits_per_byte"]["high"] < 0
    assert not record["better"]
    assert record["verdict"].startswith(f"Not better: it answers 0 of {LIMIT} held-out rows right, and fewer than")


@pytest.mark.long
def test_candidate_that_forgot_is_not_better(noised: Path, data: Path, tmp_path: Path) -> None:
    """Losing what the other was trained on is told everywhere, and far more right answers don't pay for it."""
    against = shutil.copytree(noised, tmp_path / "live")
    known = asyncio.run(learn_what_it_says(against))
    record = asyncio.run(compare_models(starter_directory(), against, data, tmp_path))
    assert record["differences"]["right"]["low"] > 0.5
    assert record["against"]["learned_right"] > 0.8
    assert record["candidate"]["learned_right"] < 0.2
    assert record["differences"]["learned_right"]["high"] < 0
    assert (record["better"], record["forgot"]) == (False, True)
    assert record["verdict"].startswith(f"Forgot: of {known} approved rows that the other model was trained on")
    assert json.loads((tmp_path / "report" / "evaluation.json").read_text("utf-8")) == record
    assert (record["learned_rows"], len(record["learned"])) == (known, known)
    page = (tmp_path / "report" / "evaluation.html").read_text("utf-8")
    assert "<strong>Forgot:</strong>" in page
    assert f"{known} approved rows" in page
    console = Console(width=200)
    with console.capture() as shown:
        console.print(build_table(record))
    assert f"{LIMIT} held-out rows, {known} that the other learned" in shown.get()
    assert "right answers, rows that the other learned" in shown.get()
