"""A run on the approved rows of a database, and what the database keeps of it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from supportbot.db.models import Example, RunExample, TrainingRun
from supportbot.db.session import Database
from supportbot.states import ExampleLabel, ExampleSource, ExampleStatus, Split
from training.finetune.__main__ import main

_ABOUT = {
    "returns": "How do I send something back?",
    "parcels": "Where is my parcel now?",
    "invoices": "Can you mail me the invoice again?",
    "passwords": "I forgot my password, what now?",
    "vouchers": "Does a voucher expire?",
    "sizes": "Which shoe size fits me best?",
    "repairs": "Do you mend broken zips?",
    "taxes": "Is sales tax included?",
    "jobs": "Are there vacancies in your company?",
    "delivery": "Do you ship overseas on weekends?",
    "hours": "When does the shop open?",
}


@pytest.fixture
async def approved(database: Database) -> list[int]:
    """Nine approved rows to train on, one held out and one that waits; gives the ids of the nine."""
    async with database.write() as session:
        rows = [example(about) for about in _ABOUT if about not in ("delivery", "hours")]
        session.add_all(rows)
        session.add(example("delivery", split=Split.HELD_OUT))
        session.add(example("hours", status=ExampleStatus.PENDING))
        await session.flush()
        return [row.id for row in rows]


def example(about: str, *, split: Split = Split.TRAIN, status: ExampleStatus = ExampleStatus.APPROVED) -> Example:
    """Return an imported row on a topic."""
    return Example(
        origin=f"import:{about}",
        source=ExampleSource.IMPORT,
        prompt=_ABOUT[about],
        completion=f"All about {about} is on our pages.",
        label=ExampleLabel.GOOD,
        conversation=about,
        split=split,
        sort_key=about,
        status=status,
        created_at=datetime.now(UTC),
    )


async def test_run_on_the_database_is_recorded(
    database: Database,
    database_url: str,
    approved: list[int],
    still_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The run takes the approved rows, says what it left out, and is recorded with its rows and losses."""
    monkeypatch.setenv("SUPPORTBOT_DATABASE_URL", database_url)
    command = ["--from-db", f"--base-model={still_model}", f"--output-dir={tmp_path / 'out'}", "--json"]
    assert await asyncio.to_thread(main, [*command, "--dry-run"]) == 0
    counted = json.loads(capsys.readouterr().out)["rows"]
    assert counted == {"taken": 9, "held_out": 1, "left_out": {"not approved yet": 1}}

    status = await asyncio.to_thread(main, [*command, "--bf16=False", "--logging-steps=1"])
    printed = capsys.readouterr()
    assert status == 0, printed.err
    assert "Left out: 1 rows, not approved yet." in printed.err
    report = json.loads((tmp_path / "out" / "report" / "run.json").read_text())
    assert report["data"]["example_ids"] == approved
    assert report["data"]["left_out"] == {"not approved yet": 1}
    async with database.read() as session:
        run = (await session.scalars(select(TrainingRun))).one()
        trained = (await session.scalars(select(RunExample.example_id).order_by(RunExample.example_id))).all()
    assert list(trained) == approved
    assert run.id == report["training_run_id"] == json.loads(printed.out)["training_run_id"]
    assert run.dataset_fingerprint == report["data"]["fingerprint"]
    assert run.arguments["learning_rate"] == 2e-4
    assert run.loss_history == report["loss_history"]
    assert run.finished_at is not None


async def test_database_without_approved_rows_is_refused(
    database: Database,
    database_url: str,
    still_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With nothing to train on, the sentence says what to do."""
    monkeypatch.setenv("SUPPORTBOT_DATABASE_URL", database_url)
    command = ["--from-db", f"--base-model={still_model}", f"--output-dir={tmp_path / 'out'}"]
    assert await asyncio.to_thread(main, command) == 2
    assert "approve some with `supportbot curate review`" in capsys.readouterr().err
