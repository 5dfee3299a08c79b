"""Approved rows as a file for other tools: ``supportbot export``, or ``python -m training.export``.

The columns are those that Hugging Face's TRL expects for each kind of training, with the id of each line's row and
its origin (``curation.origins``), so that consent goes with the file. Prompt and completion joined are the
documented format, up to the end-of-text token, which TRL adds. Rows are streamed from the database into a
temporary file, which gets its final name only when it is complete and in the audit.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from supportbot.errors import SupportBotError
from supportbot.extras import Extra, require
from supportbot.private import keep_private

if TYPE_CHECKING:  # `supportbot --help` loads this module and must not wait for the database's libraries
    from supportbot.db.session import Database
    from training.curate import TrainingExample

Record = dict[str, int | str | bool]
"""A line of the file."""

_BATCH = 1_000
"""Rows written at a time; a row group in a Parquet file."""


class ExportError(SupportBotError):
    """An export cannot be made as requested."""


class FileFormat(StrEnum):
    """How rows are written."""

    JSONL = "jsonl"
    PARQUET = "parquet"


class Kind(StrEnum):
    """What the rows teach with: good answers, thumbs, or pairs of a preferred and a rejected answer."""

    SFT = "sft"
    KTO = "kto"
    DPO = "dpo"


class Which(StrEnum):
    """Rows to train on, rows to measure on, or both."""

    TRAIN = "train"
    HELD_OUT = "held_out"
    ALL = "all"


def export(
    file_format: Annotated[FileFormat, typer.Option("--format", help="How rows are written.")] = FileFormat.JSONL,
    label: Annotated[
        Kind, typer.Option("--label", help="Good answers (sft), thumbs (kto), or preferred and rejected (dpo).")
    ] = Kind.SFT,
    output: Annotated[
        Path | None, typer.Option("--output", help="The file; by default JSON lines on standard output.")
    ] = None,
    split: Annotated[Which, typer.Option("--split", help="To train on, to measure on, or all.")] = Which.TRAIN,
) -> None:
    """Write the approved rows that may train a model to a file for other tools."""
    if output is None and file_format is FileFormat.PARQUET:
        raise ExportError("Parquet needs a file: add --output FILE.")
    rows = asyncio.run(_export(file_format, label, output, split))
    sys.stderr.write(f"{rows} rows{f' in {output}' if output else ''}\n")


async def _export(file_format: FileFormat, label: Kind, output: Path | None, split: Which) -> int:
    from supportbot.bootstrap import open_database
    from supportbot.config import load_settings
    from supportbot.db.schema import check_schema

    async with open_database(load_settings()) as database:
        await check_schema(database)
        return await export_rows(database, output, file_format=file_format, kind=label, which=split)


async def export_rows(
    database: Database,
    output: Path | None,
    *,
    file_format: FileFormat,
    kind: Kind,
    which: Which,
    actor: str | None = None,
) -> int:
    """Write the rows that count to a file, or as JSON lines to standard output; return their number.

    Args:
        database: where they are.
        output: the file; None for standard output.
        file_format: of the file.
        kind: what they teach with.
        which: for training, for measuring, or all.
        actor: for the audit; None for the user of this process.

    Raises:
        ExportError: there are none, or the file cannot be written.
        DatabaseError: the audit cannot be written.
    """
    from supportbot.db import audit
    from supportbot.feedback.curation.duplicates import merge_duplicates

    await merge_duplicates(database)
    batches = _batches(database, kind, which)
    if (batch := await anext(batches, None)) is None:
        raise ExportError(
            f"There is no row to export for {kind.value}: approve some with `supportbot curate review`; "
            "`python -m training.curate` shows which are left out and why."
        )
    written = 0
    with _opened(output) as file:
        writer = _JsonLines(file) if file_format is FileFormat.JSONL else _Parquet(file, kind)
        while batch is not None:
            writer.write(batch)
            written += len(batch)
            batch = await anext(batches, None)
        writer.close()
        # Before the file gets its name: no export without an entry in the audit.
        async with database.write() as session:
            details = {"rows": written, "kind": kind.value, "split": which.value, "to_file": output is not None}
            audit.record(
                session,
                actor=actor or audit.current_user(),
                action="example.export",
                subject="examples",
                details=details,
            )
    return written


async def _batches(database: Database, kind: Kind, which: Which) -> AsyncGenerator[list[Record]]:
    """Yield the lines of some rows at a time, none of them empty."""
    from supportbot.db.shared_key import installation_of
    from supportbot.db.states import ExampleLabel, Split
    from supportbot.feedback.curation.returning import origins_of
    from training.curate import GOOD, stream_examples

    labels = frozenset(ExampleLabel) if kind is Kind.KTO else GOOD
    installation = await installation_of(database)

    async def lines_of(examples: list[TrainingExample]) -> list[Record]:
        origins = await origins_of(database, installation, [example.example_id for example in examples])
        # A row erased a moment ago has none and is not exported.
        return [
            record
            for example in examples
            if example.example_id in origins
            for record in _records(example, kind, origins[example.example_id])
        ]

    examples: list[TrainingExample] = []
    for split in list(Split) if which is Which.ALL else [Split(which.value)]:
        async for example in stream_examples(database, split, labels=labels):
            examples.append(example)
            if len(examples) == _BATCH:
                if lines := await lines_of(examples):
                    yield lines
                examples = []
    if lines := await lines_of(examples):
        yield lines


def _records(example: TrainingExample, kind: Kind, came_from: str) -> Iterator[Record]:
    """Yield the lines of an example; for thumbs a correction makes two, the correction and the answer that it
    fixes.

    A preferred sample is no thumb on the other one: if people disliked that, it is a row of its own.
    """
    from supportbot.db.states import ExampleLabel
    from supportbot.engine.prompt import prompt_text

    origin: Record = {
        "example_id": example.example_id,
        "source": example.source.value,
        "split": example.split.value,
        "origin": came_from,
        "prompt": prompt_text(example.question.strip()),
    }
    # A prompt ends at the question, and a model that answers begins with the newline.
    good = f"\n{example.answer.strip()}"
    bad = None if example.rejected is None else f"\n{example.rejected.strip()}"
    match kind:
        case Kind.SFT:
            yield {**origin, "completion": good}
        case Kind.KTO:
            yield {**origin, "completion": good, "label": example.label is ExampleLabel.GOOD}
            if bad is not None and not example.is_preference:
                yield {**origin, "completion": bad, "label": False}
        case Kind.DPO:
            if bad is not None:
                yield {**origin, "chosen": good, "rejected": bad}


class _JsonLines:
    """Writes one object a line."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, batch: Sequence[Record]) -> None:
        for record in batch:
            self._file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        """There is nothing to finish."""


class _Parquet:
    """Writes one row group a batch."""

    def __init__(self, file: BinaryIO, kind: Kind) -> None:
        require(Extra.PARQUET)
        import pyarrow as pa
        from pyarrow import parquet

        columns = {
            Kind.SFT: [("completion", pa.string())],
            Kind.KTO: [("completion", pa.string()), ("label", pa.bool_())],
            Kind.DPO: [("chosen", pa.string()), ("rejected", pa.string())],
        }
        texts = [(name, pa.string()) for name in ("source", "split", "origin", "prompt")]
        self._schema = pa.schema([("example_id", pa.int64()), *texts, *columns[kind]])
        self._table = pa.Table
        self._writer = parquet.ParquetWriter(file, self._schema)

    def write(self, batch: Sequence[Record]) -> None:
        self._writer.write_table(self._table.from_pylist(list(batch), schema=self._schema))

    def close(self) -> None:
        self._writer.close()


@contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    """Open standard output, or a file that gets its name only when it is complete."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}-")
    except OSError as error:
        raise ExportError(f"'{output}' cannot be written: {error.strerror}.") from error
    staged = Path(name)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor has no path
            yield file
            file.flush()
            os.fsync(file.fileno())
        staged.replace(output)
    except OSError as error:
        raise ExportError(f"'{output}' cannot be written: {error.strerror}.") from error
    finally:
        staged.unlink(missing_ok=True)


def main() -> None:
    """Run the command by itself; an error that a person can fix is one sentence and exit status 2."""
    try:
        typer.run(export)
    except SupportBotError as error:
        sys.stderr.write(f"training.export: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    keep_private()
    main()
