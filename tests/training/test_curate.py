"""Which rows train a model, and which don't and why, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleSource, ExampleStatus, Split
from tests.supportbot.feedback.curation.rows import add_examples, add_workspace, example, stored
from training import curate
from training.curate import GOOD, Fingerprint, TrainingExample, select_examples, stream_examples

BOTH = frozenset(ExampleLabel)
TRAIN = {"split": Split.TRAIN}
HELD_OUT = {"split": Split.HELD_OUT}

# Questions that are no near-duplicates of one another.
QUESTIONS = [f"Item {number}: how is it sent?" for number in range(400)]


async def streamed(
    database: Database, split: Split, labels: frozenset[ExampleLabel] = GOOD
) -> list[TrainingExample]:
    """Return all rows of a split."""
    return [row async for row in stream_examples(database, split, labels=labels)]


async def test_every_row_counts_or_has_a_reason(database: Database) -> None:
    """Each row is taken, held out, or left out for the first reason against it."""
    closed = await add_workspace(database, "slack", consents=False)
    ids = await add_examples(
        database,
        example("Train", "a", rejected="b", source=ExampleSource.CORRECTION, **TRAIN),
        example("Held out", **HELD_OUT),
        example("Pending", status=ExampleStatus.PENDING),
        example("Pending in a closed place", status=ExampleStatus.PENDING, workspace_id=closed),
        example("Rejected", status=ExampleStatus.REJECTED),
        example("Closed", workspace_id=closed),
        example("Bad", label=ExampleLabel.BAD, **TRAIN),
        example("train!", "a", **TRAIN),
        *(example(question, person="slack:T1:U1", **TRAIN) for question in QUESTIONS[:5]),
    )
    selection = await select_examples(database, labels=GOOD)
    assert (selection.taken, selection.held_out) == (1 + 3, 1)
    assert selection.left_out == {
        "not approved yet": 2,
        "rejected": 1,
        "no consent": 1,
        "labelled bad": 1,
        "near-duplicate": 1,
        "over the cap of one person": 2,
    }
    assert selection.taken + selection.held_out + sum(selection.left_out.values()) == len(ids)
    train = await streamed(database, Split.TRAIN)
    assert [row.example_id for row in train] == [ids[0], *ids[8:11]]
    assert train[0] == TrainingExample(
        example_id=ids[0],
        question="Train",
        answer="a",
        rejected="b",
        label=ExampleLabel.GOOD,
        split=Split.TRAIN,
        source=ExampleSource.CORRECTION,
        conversation="Train",
    )
    assert [row.question for row in await streamed(database, Split.HELD_OUT)] == ["Held out"]


async def test_bad_rows_count_where_they_are_wanted(database: Database) -> None:
    """A method that learns what to avoid takes both labels."""
    await add_examples(database, example("a", label=ExampleLabel.BAD, **TRAIN), example("b", **TRAIN))
    assert (await select_examples(database, labels=BOTH)).taken == 2
    assert [row.label for row in await streamed(database, Split.TRAIN, BOTH)] == ["bad", "good"]


async def test_counting_alone_changes_nothing(database: Database) -> None:
    """A dry run marks no duplicate, and goes by the marks that are there."""
    await add_examples(database, *(example("Where is it?", votes=votes, **TRAIN) for votes in range(3)))
    assert (await select_examples(database, merge=False)).taken == 3
    assert [row.duplicate_of_id for row in await stored(database)] == [None] * 3
    assert (await select_examples(database)).taken == 1
    assert (await select_examples(database, merge=False)).left_out == {"near-duplicate": 2}


@pytest.mark.parametrize(("rows", "allowed"), [(10, 3), (399, 3), (400, 4)])
async def test_one_person_gives_at_most_one_percent(database: Database, rows: int, allowed: int) -> None:
    """A person's rows count up to 1 % of all, never fewer than 3, the oldest first; imports have no person."""
    mine = [example(question, person="me", **TRAIN) for question in QUESTIONS[:8]]
    await add_examples(database, *mine, *(example(question, **TRAIN) for question in QUESTIONS[8:rows]))
    selection = await select_examples(database)
    assert selection.left_out == {"over the cap of one person": 8 - allowed}
    assert selection.taken == rows - 8 + allowed
    assert [row.question for row in await streamed(database, Split.TRAIN)][: allowed + 1] == [
        *QUESTIONS[:allowed],
        QUESTIONS[8],
    ]


async def test_the_cap_of_an_answer_is_its_authors(database: Database) -> None:
    """What one colleague wrote for many who asked counts as one person's, and what many wrote for one does not."""
    human = {"source": ExampleSource.HUMAN, **TRAIN}
    one = [example(q, person=f"slack:T1:U{n}", author="one", **human) for n, q in enumerate(QUESTIONS[:5])]
    many = [example(q, person="slack:T1:U9", author=f"a{n}", **human) for n, q in enumerate(QUESTIONS[5:10])]
    await add_examples(database, *one, *many)
    selection = await select_examples(database)
    assert selection.left_out == {"over the cap of one person": 2}
    taken = [row.question for row in await streamed(database, Split.TRAIN)]
    assert taken == [*QUESTIONS[:3], *QUESTIONS[5:10]]


async def test_all_visitors_of_the_page_are_one_person(database: Database) -> None:
    """Another cookie is no other person: however many visitors there are, the page has the share of one."""
    visitors = [example(q, person=f"web:{n:032x}", **TRAIN) for n, q in enumerate(QUESTIONS[:50])]
    await add_examples(database, *visitors, example(QUESTIONS[50], person="slack:T1:web:1", **TRAIN))
    selection = await select_examples(database)
    assert (selection.taken, selection.left_out) == (3 + 1, {"over the cap of one person": 47})


async def test_the_cap_spans_both_splits(database: Database) -> None:
    """Rows to measure on are a person's rows too."""
    splits = [HELD_OUT, TRAIN, HELD_OUT, TRAIN, TRAIN]
    await add_examples(
        database, *(example(text, person="me", **split) for text, split in zip(QUESTIONS, splits, strict=False))
    )
    selection = await select_examples(database)
    assert (selection.taken, selection.held_out) == (1, 2)


async def test_rows_are_streamed_in_pages(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the size of a page, each row comes once and in the order of ids; nothing is held in between."""
    monkeypatch.setattr(curate, "_PAGE", 3)
    ids = await add_examples(database, *(example(question, **TRAIN) for question in QUESTIONS[:9]))
    seen = []
    async for row in stream_examples(database, Split.TRAIN):
        seen.append(row.example_id)
        if len(seen) == 1:  # a write while somebody works on the first row: SQLite has one writer
            await add_examples(database, example("Came late", **HELD_OUT))
    assert seen == ids


async def test_the_fingerprint_is_that_of_the_rows(database: Database) -> None:
    """The same rows have the same fingerprint; another text, or one row more, another."""
    empty = (await select_examples(database)).fingerprint
    [number] = await add_examples(database, example("a", **TRAIN))
    one = (await select_examples(database)).fingerprint
    assert one == (await select_examples(database)).fingerprint
    await add_examples(database, example("b", **HELD_OUT))
    assert (await select_examples(database)).fingerprint == one
    await add_examples(database, example("c", **TRAIN))
    two = (await select_examples(database)).fingerprint
    assert len({empty, one, two}) == 3
    fingerprint = Fingerprint()
    for row in await streamed(database, Split.TRAIN):
        fingerprint.add(row)
    assert fingerprint.hexdigest() == two
    assert number
