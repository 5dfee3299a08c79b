"""Past corrections and votes, read from SQLite and PostgreSQL."""

from __future__ import annotations

from supportbot.db.session import Database
from supportbot.db.states import ExampleStatus, Split
from tests.training.evaluate.log import add_answer, add_example
from training.evaluate.past import Correction, Voted, past_corrections, past_votes
from training.evaluate.rows import Row, held_out_rows


async def test_corrections_are_replayed_redacted(database: Database) -> None:
    """Answers that people disliked and corrected come back, oldest first, without personal data."""
    first = await add_answer(database, "Mail me at ann@example.com?", [-1], correction="Ask bob@example.com.")
    second = await add_answer(database, "And this?", [-1, -1, 1], correction="That.")
    await add_answer(database, "Liked?", [-1, 1, 1], correction="Somebody disagreed.")
    await add_answer(database, "Undecided?", [-1, 1], correction="Half of them.")
    await add_answer(database, "Uncorrected?", [-1])
    await add_answer(database, "Empty?", [-1], correction="")
    assert await past_corrections(database) == [
        Correction(first, "Mail me at [email]?", "Ask [email].", "not in the data"),
        Correction(second, "And this?", "That.", "not in the data"),
    ]


async def test_corrections_need_consent(database: Database) -> None:
    """What was said in a workspace without consent is not replayed."""
    await add_answer(database, "Secret?", [-1], correction="Yes.", platform="slack")
    shared = await add_answer(database, "Open?", [-1], correction="Yes.", platform="slack", consent=True)
    assert [past.answer_id for past in await past_corrections(database)] == [shared]


async def test_curator_has_the_last_word(database: Database) -> None:
    """An edited correction counts as edited, with its split; a rejected one does not count."""
    edited, rejected, pending = [
        await add_answer(database, f"Question {number}?", [-1], correction="Raw.") for number in range(3)
    ]
    await add_example(database, "Q?", "Edited.", split=Split.TRAIN, origin_answer_id=edited)
    await add_example(database, "Q?", "Raw.", status=ExampleStatus.REJECTED, origin_answer_id=rejected)
    await add_example(database, "Q?", "Raw.", status=ExampleStatus.PENDING, origin_answer_id=pending)
    assert await past_corrections(database) == [
        Correction(edited, "Q?", "Edited.", "train"),
        Correction(pending, "Q?", "Raw.", "not in the data"),
    ]


async def test_votes_of_one_version(database: Database) -> None:
    """Answers of a version that voters agreed on, the latest first; those without a confidence tell nothing."""
    await add_answer(database, "a", [1, 1, -1], confidence=-0.1)
    await add_answer(database, "b", [-1], confidence=-0.9)
    await add_answer(database, "c", [-1, 1], confidence=-0.5)
    await add_answer(database, "d", [1], confidence=None)
    await add_answer(database, "e", [1], version="other")
    assert await past_votes(database, "starter") == [Voted(-0.9, liked=False), Voted(-0.1, liked=True)]


async def test_held_out_rows_are_the_approved_ones(database: Database) -> None:
    """Neither rows that are trained on nor rows that nobody approved are asked."""
    await add_example(database, "Held out?", "Yes.")
    await add_example(database, "Trained?", "No.", split=Split.TRAIN)
    await add_example(database, "Pending?", "No.", status=ExampleStatus.PENDING)
    assert await held_out_rows(database, limit=10, seed=0) == [Row("Held out?", "Yes.")]
