"""What a training would learn, counted without changing anything, on SQLite and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import constants
from sqlalchemy import select

from supportbot.config import Settings
from supportbot.db.models import Example
from supportbot.db.session import Database
from supportbot.db.states import ExampleStatus, Split
from supportbot.errors import DatabaseError
from tests.supportbot.feedback.curation.rows import add_examples, example
from training.faq.material import MOST_ANSWERS
from training.survey import survey

TRAIN = {"split": Split.TRAIN}


async def test_rows_and_answers_are_counted(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers that differ in white space are one; nothing is merged; an offline machine has no base."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    await add_examples(
        database,
        example("Where is my parcel?", "It is on its way.", **TRAIN),
        example("where is my parcel", "It is  on its way.", **TRAIN),
        example("Do you fix zips?", "Yes.", **TRAIN),
        example("Does a voucher expire?", "No.", split=Split.HELD_OUT),
        example("When do you open?", "At nine.", status=ExampleStatus.PENDING),
    )
    settings = Settings(home=tmp_path, database_url=database_url)
    assert await survey(settings) == {
        "train": 3,
        "held_out": 1,
        "left_out": {"not approved yet": 1},
        "answers": 2,
        "most_answers": MOST_ANSWERS,
        "has_base": False,
    }
    async with database.read() as session:
        assert not (await session.scalars(select(Example).where(Example.duplicate_of_id.is_not(None)))).all()

    await add_examples(database, *(example(f"Item {one}?", f"No. {one}", **TRAIN) for one in range(MOST_ANSWERS)))
    assert (await survey(settings))["answers"] == MOST_ANSWERS + 1


async def test_a_database_without_tables_is_told_of(tmp_path: Path) -> None:
    """As elsewhere, it is a sentence with the remedy."""
    with pytest.raises(DatabaseError, match="supportbot init"):
        await survey(Settings(home=tmp_path))
