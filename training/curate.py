"""Which rows train a model, and which are left out and why: what a curator approved, within the rules.

A row counts if it was approved, its workspace consented, its label is wanted, it is not a near-duplicate, and its
author has not exceeded their share. The database counts, and rows are streamed by id in pages of short
transactions: a million rows need no more memory than a thousand, and no transaction stays open while somebody
works on a row.

This module knows no model and no token.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from sqlalchemy import ColumnElement, Row, Select, and_, case, func, select

from supportbot.db.models import Example
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleSource, ExampleStatus, Split
from supportbot.errors import SupportBotError
from supportbot.feedback.consent import counts_for_training
from supportbot.feedback.curation.duplicates import merge_duplicates
from supportbot.feedback.curation.permitted import NO_CONSENT
from supportbot.private import keep_private

GOOD = frozenset({ExampleLabel.GOOD})
"""The labels for plain fine-tuning."""

PERSON_SHARE = 0.01
"""Largest share of the rows from one person, so that nobody's taste becomes the model's."""

PERSON_ROWS = 3
"""Rows that one person may always give, or small data sets would be impossible."""

NOT_APPROVED = "not approved yet"
REJECTED = "rejected"
NEAR_DUPLICATE = "near-duplicate"
OVER_THE_CAP = "over the cap of one person"

_PAGE = 2_000
_PAGE_PERSONS = "web:"
"""Prefix of the names of the page's visitors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingExample:
    """A row that counts. ``rejected`` is the answer that ``answer`` was preferred to.

    ``is_preference`` means that nothing else is known of ``rejected``: people liked another sample.
    """

    example_id: int
    question: str
    answer: str
    rejected: str | None
    label: ExampleLabel
    split: Split
    source: ExampleSource
    conversation: str
    is_preference: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """How many rows train and measure a model, how many don't and why, and their fingerprint.

    Attributes:
        taken: rows to train on.
        held_out: rows to measure on.
        left_out: rows by the first reason against them.
        fingerprint: see ``Fingerprint``, over the rows to train on.
    """

    taken: int
    held_out: int
    left_out: Mapping[str, int]
    fingerprint: str


class Fingerprint:
    """A SHA-256 over ids and texts of rows: the same rows in the same order have the same fingerprint."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, example: TrainingExample) -> None:
        """Take the next row."""
        row = (example.example_id, example.question, example.answer, example.rejected, example.label)
        self._digest.update(json.dumps(row).encode() + b"\n")

    def hexdigest(self) -> str:
        """Return the fingerprint of the rows so far."""
        return self._digest.hexdigest()


async def select_examples(
    database: Database, *, labels: frozenset[ExampleLabel] = GOOD, merge: bool = True
) -> Selection:
    """Count the rows that train a model.

    Args:
        database: where the rows are.
        labels: bad rows are wanted only by methods that learn what to avoid.
        merge: mark near-duplicates anew first; without it nothing is written, and those found last count.
    """
    if merge:
        await merge_duplicates(database)
    eligible, left_out = await _count(database, labels)
    fingerprints = {split: Fingerprint() for split in Split}
    taken = dict.fromkeys(Split, 0)
    for split in Split:
        async for example in stream_examples(database, split, labels=labels):
            taken[split] += 1
            fingerprints[split].add(example)
    if (capped := eligible - sum(taken.values())) > 0:
        left_out[OVER_THE_CAP] = capped
    return Selection(
        taken=taken[Split.TRAIN],
        held_out=taken[Split.HELD_OUT],
        left_out=left_out,
        fingerprint=fingerprints[Split.TRAIN].hexdigest(),
    )


async def stream_examples(
    database: Database, split: Split, *, labels: frozenset[ExampleLabel] = GOOD
) -> AsyncIterator[TrainingExample]:
    """Yield the rows of a split that count, by id.

    Near-duplicates are those that ``select_examples`` found last.
    """
    counts = _counts(labels)
    last_of = await _last_within_cap(database, counts)
    last = 0
    while True:
        query = _page(counts, split).where(Example.id > last)
        async with database.read() as session:
            rows = (await session.execute(query)).all()
        for row in rows:
            if row.id <= last_of.get(row.giver, row.id):
                yield _read(row)
        if len(rows) < _PAGE:
            return
        last = rows[-1].id


async def _count(database: Database, labels: frozenset[ExampleLabel]) -> tuple[int, dict[str, int]]:
    """Return how many rows count before the cap, and how many don't, by the first reason against them."""
    reasons = select(_reason(labels).label("reason")).subquery()
    query = select(reasons.c.reason, func.count()).group_by(reasons.c.reason).order_by(reasons.c.reason)
    async with database.read() as session:
        rows: dict[str | None, int] = dict(iter(await session.execute(query)))
    eligible = rows.pop(None, 0)
    return eligible, {str(reason): number for reason, number in rows.items()}


def _reason(labels: frozenset[ExampleLabel]) -> ColumnElement[str | None]:
    unwanted = [label for label in ExampleLabel if label not in labels]
    return case(
        (Example.status == ExampleStatus.PENDING, NOT_APPROVED),
        (Example.status == ExampleStatus.REJECTED, REJECTED),
        (~counts_for_training(Example.workspace_id), NO_CONSENT),
        *((Example.label == label, f"labelled {label}") for label in unwanted),
        (Example.duplicate_of_id.is_not(None), NEAR_DUPLICATE),
        else_=None,
    )


def _counts(labels: frozenset[ExampleLabel]) -> ColumnElement[bool]:
    """Return the condition under which there is no reason against a row, apart from the cap."""
    return and_(
        Example.status == ExampleStatus.APPROVED,
        counts_for_training(Example.workspace_id),
        Example.label.in_(labels),
        Example.duplicate_of_id.is_(None),
    )


async def _last_within_cap(database: Database, counts: ColumnElement[bool]) -> dict[str | None, int]:
    """Return the id of the last row that counts for each person at the cap.

    The rows of a person count from the oldest on, so new rows never push out what a model was trained on. Persons
    at the cap are few by its definition: about a hundred, whatever the number of rows.
    """
    giver = _giver()
    place = func.row_number().over(partition_by=giver, order_by=Example.id).label("place")
    ranked = select(giver.label("giver"), Example.id, place).where(counts, giver.is_not(None)).subquery()
    async with database.read() as session:
        rows = await session.scalar(select(func.count()).select_from(Example).where(counts)) or 0
        cap = max(PERSON_ROWS, int(rows * PERSON_SHARE))
        query = select(ranked.c.giver, ranked.c.id).where(ranked.c.place == cap)
        return dict(iter(await session.execute(query)))


def _giver() -> ColumnElement[str | None]:
    """Return the person behind a row, for the cap: the author of a person's answer, else the one who corrected or
    asked.

    A new number in the page's cookie costs nothing, so all of its visitors are one person.
    """
    of_the_page = Example.person.startswith(_PAGE_PERSONS, autoescape=True)
    return case((of_the_page, _PAGE_PERSONS), else_=func.coalesce(Example.author, Example.person))


def _page(counts: ColumnElement[bool], split: Split) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Example.id,
            Example.prompt,
            Example.completion,
            Example.rejected,
            Example.label,
            Example.split,
            Example.source,
            Example.votes,
            Example.conversation,
            _giver().label("giver"),
        )
        .where(counts, Example.split == split)
        .order_by(Example.id)
        .limit(_PAGE)
    )


def _read(row: Row[*tuple[Any, ...]]) -> TrainingExample:
    return TrainingExample(
        example_id=row.id,
        question=row.prompt,
        answer=row.completion,
        rejected=row.rejected,
        label=row.label,
        split=row.split,
        source=row.source,
        conversation=row.conversation,
        # A disliked answer that a curator has fixed came from votes, too.
        is_preference=row.source is ExampleSource.VOTES and row.rejected is not None and row.votes > 0,
    )


def main(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Show how many approved rows train a model, and which are left out and why."""
    from rich.console import Console
    from rich.table import Table

    try:
        selection = asyncio.run(_select())
    except SupportBotError as error:
        Console(stderr=True, soft_wrap=True).print(f"training.curate: {error}", markup=False)
        raise typer.Exit(2) from None
    if as_json:
        sys.stdout.write(json.dumps(asdict(selection), indent=2) + "\n")
        return
    table = Table("rows", "number")
    table.add_row("to train on", str(selection.taken))
    table.add_row("to measure on", str(selection.held_out))
    for reason, number in selection.left_out.items():
        table.add_row(f"left out: {reason}", str(number))
    Console().print(table)


async def _select() -> Selection:
    from supportbot.bootstrap import open_database
    from supportbot.config import load_settings
    from supportbot.db.schema import check_schema

    async with open_database(load_settings()) as database:
        await check_schema(database)
        return await select_examples(database)


if __name__ == "__main__":
    keep_private()
    typer.run(main)
