"""The sources of a run's rows: the approved rows of the database, or a file of questions and answers.

Both are read one row at a time. This module counts the rows of a source; the writer counts the rows that a run
took, because people decide about rows at any moment.

This module knows no tokens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from supportbot.bootstrap import open_database
from supportbot.db.schema import check_schema
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleSource, Split
from supportbot.errors import ConfigError
from supportbot.feedback.curation.permitted import Permissions, permissions_for
from training.curate import GOOD, Fingerprint, Selection, TrainingExample, select_examples, stream_examples
from training.files import EMPTY, origins_in, read_rows

if TYPE_CHECKING:  # transformers takes seconds to import
    from training.finetune.run import Run


_NONE = Permissions()


class Source(Protocol):
    """Rows for training and for measuring."""

    async def survey(self) -> Selection:
        """Count the rows, and those that are left out."""

    def rows(self) -> AsyncIterator[TrainingExample]:
        """Yield the rows of both splits, each split in an order that stays the same."""


class Tally:
    """Counts rows as they pass, and computes the fingerprint of the training rows."""

    def __init__(self) -> None:
        self.labels: Counter[ExampleLabel] = Counter()
        """Training rows by label."""
        self._splits: Counter[Split] = Counter()
        self._fingerprint = Fingerprint()

    def add(self, row: TrainingExample) -> None:
        """Count a row."""
        self._splits[row.split] += 1
        if row.split is Split.TRAIN:
            self.labels[row.label] += 1
            self._fingerprint.add(row)

    def selection(self, left_out: Mapping[str, int]) -> Selection:
        """Return the counts so far."""
        return Selection(
            taken=self._splits[Split.TRAIN],
            held_out=self._splits[Split.HELD_OUT],
            left_out=dict(left_out),
            fingerprint=self._fingerprint.hexdigest(),
        )


class DatabaseRows:
    """The approved rows of the database, as ``training.curate`` selects them.

    Args:
        database: where the rows are.
        labels: which of them; plain fine-tuning learns good answers only.
        merge: mark near-duplicates again before counting; otherwise nothing is written.
    """

    def __init__(self, database: Database, labels: frozenset[ExampleLabel] = GOOD, *, merge: bool = True) -> None:
        self._database = database
        self._labels = labels
        self._merge = merge

    async def survey(self) -> Selection:
        """Count the rows, and those that are left out."""
        return await select_examples(self._database, labels=self._labels, merge=self._merge)

    async def rows(self) -> AsyncIterator[TrainingExample]:
        """Yield the rows by their ids, training rows first."""
        for split in Split:
            async for row in stream_examples(self._database, split, labels=self._labels):
                yield row


class FileRows:
    """The rows of a JSON Lines file; their ids are the numbers of their lines.

    Args:
        path: the file, see ``training.files``.
        labels: of the wanted rows; if bad answers are wanted, every line needs a label.
        keep: what is public although it looks personal, see ``redact``.
        permissions: which rows from a log count.
    """

    def __init__(
        self,
        path: Path,
        labels: frozenset[ExampleLabel] = GOOD,
        *,
        keep: Collection[str] = (),
        permissions: Permissions = _NONE,
    ) -> None:
        self._path = path
        self._labels = labels
        self._keep = keep
        self._permissions = permissions

    async def survey(self) -> Selection:
        """Count the rows, and those left out.

        Raises:
            ConfigError: a line is no such row; the sentence says which.
        """
        tally = Tally()
        left_out: Counter[str] = Counter()
        for row, reason in self._read():
            if reason is None:
                tally.add(row)
            else:
                left_out[reason] += 1
        return tally.selection(left_out)

    async def rows(self) -> AsyncIterator[TrainingExample]:
        """Yield the rows in the order of the file."""
        for row, reason in self._read():
            if reason is None:
                yield row

    def _read(self) -> Iterator[tuple[TrainingExample, str | None]]:
        """Yield every row, with the reason if it is left out."""
        for row in read_rows(self._path, keep=self._keep):
            if row.label is None and ExampleLabel.BAD in self._labels:
                raise ConfigError(
                    f"Line {row.number} of '{self._path}' has no 'label' that is 'good' or 'bad', which learning "
                    "from votes needs."
                )
            label = row.label or ExampleLabel.GOOD
            reason = self._permissions.objection(row.origin)
            reason = reason or (EMPTY if not (row.question and row.answer) else None)
            yield (
                TrainingExample(
                    example_id=row.number,
                    question=row.question,
                    answer=row.answer,
                    rejected=None,
                    label=label,
                    split=row.split,
                    source=ExampleSource.IMPORT,
                    conversation=row.conversation,
                ),
                reason if reason or label in self._labels else f"labelled {label}",
            )


@asynccontextmanager
async def open_source(run: Run) -> AsyncIterator[Source]:
    """Open a run's source.

    Raises:
        DatabaseError: the database is not usable.
    """
    if run.data is not None and next(origins_in(run.data), None) is None:
        yield FileRows(run.data, run.labels, keep=run.settings.kept_contacts)
        return
    async with open_database(run.settings) as database:
        await check_schema(database)
        if run.data is None:
            yield DatabaseRows(database, run.labels, merge=not run.dry_run)
        else:
            yield await open_file(run.data, run.labels, database, keep=run.settings.kept_contacts)


async def open_file(
    path: Path, labels: frozenset[ExampleLabel], database: Database | None, *, keep: Collection[str] = ()
) -> FileRows:
    """Return the rows of a file that this installation may learn from.

    Args:
        path: see ``FileRows``.
        labels: likewise.
        database: where consent is recorded; without one, rows from a log don't count.
        keep: see ``FileRows``.
    """
    permissions = _NONE if database is None else await permissions_for(database, origins_in(path))
    return FileRows(path, labels, keep=keep, permissions=permissions)


async def count_rows(run: Run) -> Selection:
    """Count a run's rows, without any change."""
    async with open_source(run) as source:
        return await source.survey()
