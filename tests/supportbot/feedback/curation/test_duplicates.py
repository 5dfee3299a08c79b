"""Near-duplicates merged, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleStatus, Split
from supportbot.feedback.curation import duplicates
from supportbot.feedback.curation.duplicates import merge_duplicates
from tests.supportbot.feedback.curation.rows import add_examples, add_workspace, example, stored

TRAIN = {"split": Split.TRAIN}


async def marks(database: Database) -> list[int | None]:
    """Return which row stands for each row, by id."""
    return [row.duplicate_of_id for row in await stored(database)]


async def test_the_row_with_more_votes_stands_for_the_others(database: Database) -> None:
    """Nearly the same question with nearly the same answer is one row; at equal votes the older one stays."""
    first, second, third = await add_examples(
        database,
        example("Where is my order?", "It arrives tomorrow.", **TRAIN),
        example("where is my order", "It arrives tomorrow!", votes=3, **TRAIN),
        example("Hi, where is my order", "It arrives tomorrow.", **TRAIN),
    )
    assert await merge_duplicates(database) == 2
    assert await marks(database) == [second, None, second]
    assert first < second < third


async def test_merging_again_changes_nothing(database: Database) -> None:
    """The same rows give the same marks; when the row that stood for others is gone, another one does."""
    same = [example("Where is my order?", "Tomorrow.", votes=votes, **TRAIN) for votes in (1, 3, 2)]
    ids = await add_examples(database, *same)
    for _ in range(2):
        assert await merge_duplicates(database) == 2
        assert await marks(database) == [ids[1], None, ids[1]]
    async with database.write() as session:
        (await session.merge(same[1])).status = ExampleStatus.REJECTED
    assert await merge_duplicates(database) == 1
    found = await marks(database)
    assert (found[0], found[2]) == (ids[2], None)


async def test_a_trained_row_stands_for_a_held_out_one(database: Database) -> None:
    """A model is never examined on what it was trained on, even if more people liked the held-out row."""
    [trained, _] = await add_examples(
        database,
        example("Where is my order?", **TRAIN),
        example("Where is my order", split=Split.HELD_OUT, votes=9),
    )
    await merge_duplicates(database)
    assert await marks(database) == [None, trained]


@pytest.mark.parametrize(
    ("question", "answer", "values"),
    [
        ("Where is my order?", "You will find it in the list of orders.", {}),
        ("Which card can I pay with?", "It arrives tomorrow.", {}),
        ("Where is my order?", "It arrives tomorrow.", {"label": ExampleLabel.BAD}),
        ("Where is my order?", "It arrives tomorrow.", {"status": ExampleStatus.PENDING}),
    ],
)
async def test_different_rows_stay(
    database: Database, question: str, answer: str, values: dict[str, object]
) -> None:
    """Another answer, another question, another label, or a row that nobody approved: no duplicate."""
    await add_examples(
        database,
        example("Where is my order?", "It arrives tomorrow.", **TRAIN),
        example(question, answer, **{**TRAIN, **values}),
    )
    assert await merge_duplicates(database) == 0
    assert await marks(database) == [None, None]


async def test_numbers_make_a_difference(database: Database) -> None:
    """What differs in a number only says something else, however alike the letters are."""
    await add_examples(
        database,
        *(example(f"Does the camera X{n} have wireless?", f"Yes, the X{n} has it.", **TRAIN) for n in (100, 200)),
    )
    assert await merge_duplicates(database) == 0


async def test_a_row_without_consent_stands_for_none(database: Database) -> None:
    """A row that may not be trained on takes no other with it."""
    workspace = await add_workspace(database, "slack", consents=False)
    await add_examples(
        database,
        example("Where is my order?", votes=9, workspace_id=workspace, **TRAIN),
        example("Where is my order?", **TRAIN),
    )
    assert await merge_duplicates(database) == 0


async def test_many_alike_name_the_one_that_is_used(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over many pages, each better row met later, every duplicate names the best one and no chain is left."""
    monkeypatch.setattr(duplicates, "_BATCH", 3)
    ids = await add_examples(
        database, *(example("Where is my order?", votes=votes, **TRAIN) for votes in range(20))
    )
    assert await merge_duplicates(database) == 19
    assert await marks(database) == [ids[-1]] * 19 + [None]


def test_the_window_is_all_that_is_remembered() -> None:
    """Memory does not grow with the rows: a neighbourhood holds as many as its window."""
    near = duplicates.Neighbourhood()
    decided = 0
    for number in range(500):
        row = duplicates.Seen(
            example_id=number,
            label=ExampleLabel.GOOD,
            split=Split.TRAIN,
            votes=0,
            question=f"question {number}",
            answer="yes",
            numbers=(str(number),),
            known=None,
        )
        decided += len(list(near.add(row)))
    assert decided == 500 - duplicates.WINDOW
    assert len(list(near.finish())) == duplicates.WINDOW
