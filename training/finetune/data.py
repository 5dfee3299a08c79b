"""Rows as tokens in memory-mapped Arrow files: a million rows take no more memory than a thousand.

During a run, ``data/`` in the output directory has the prepared rows, so that a resumed run continues with exactly
the rows that it began with; a finished run removes them, because they are people's texts. Counts and fingerprint
are those of the written rows, not of an earlier look at the source.

This module knows no database and no model.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
from datasets import Dataset
from transformers import PreTrainedTokenizerBase

from supportbot.db.states import ExampleLabel, Split
from supportbot.errors import ConfigError
from supportbot.feedback.curation.permitted import NO_CONSENT
from training.curate import Selection, TrainingExample
from training.dataset import Row, encode_row
from training.finetune.doubt import Doubt
from training.finetune.run import Run
from training.finetune.sources import Source, Tally

DATA = "data"
_ABOUT = "prepared.json"

_SCHEMA = pa.schema(
    [
        ("input_ids", pa.list_(pa.int32())),
        ("labels", pa.list_(pa.int32())),
        ("length", pa.int32()),
        ("good", pa.bool_()),
        ("example_id", pa.int64()),
    ]
)

_BATCH_ROWS = 1_000
"""Rows in memory at a time during writing."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows that are ready for training; ``held_out`` is None if there is none.

    After the taken rows, ``train`` has rows of doubt, the same number for each epoch.
    """

    counts: Selection
    train: Dataset
    held_out: Dataset | None


async def find_rows(run: Run, source: Source) -> Selection:
    """Return the source's present rows, which may be more than those of a resumed run.

    Raises:
        ConfigError: there is nothing to train on.
    """
    found = await source.survey()
    if not _is_prepared(run):
        seen: Counter[ExampleLabel] = Counter()
        async for row in source.rows():
            seen[row.label] += row.split is Split.TRAIN
            if all(seen[label] for label in run.labels):
                return found
        raise ConfigError(_nothing(run, seen, found.left_out))
    return found


async def prepare(
    run: Run, source: Source, tokenizer: PreTrainedTokenizerBase, found: Selection | None = None
) -> Selection:
    """Write the rows of a run as tokens, unless a resumed run has them already; return their counts.

    Args:
        run: with its options.
        source: of the rows.
        tokenizer: of the base.
        found: what ``find_rows`` returned, if it was called before.

    Raises:
        ConfigError: there is nothing to train on, or the rows leave no room for answers.
    """
    found = found or await find_rows(run, source)
    if not _is_prepared(run):
        folder = run.output_dir / DATA
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        tally = await _write(folder, run, source, tokenizer)
        if not all(tally.labels[label] for label in run.labels):
            raise ConfigError(_nothing(run, tally.labels, found.left_out))
        # Written last: without it the folder is incomplete, and is made again.
        about = {**asdict(tally.selection(found.left_out)), **_shape(run)}
        (folder / _ABOUT).write_text(json.dumps(about), "utf-8")
    return load_prepared(run).counts


def load_prepared(run: Run) -> Prepared:
    """Open the prepared rows, memory-mapped.

    Raises:
        ConfigError: the resumed run began with other settings of its rows.
    """
    folder = run.output_dir / DATA
    about: dict[str, Any] = json.loads((folder / _ABOUT).read_text("utf-8"))
    for name, value in _shape(run).items():
        if (begun := about.pop(name, None)) != value:
            flag = name.replace("_", "-")
            raise ConfigError(
                f"The run in '{run.output_dir}' was started with --{flag} {begun}: resume it with the same."
            )
    counts = Selection(**about)
    held_out = Dataset.from_file(str(_path(folder, Split.HELD_OUT))) if counts.held_out else None
    return Prepared(counts, Dataset.from_file(str(_path(folder, Split.TRAIN))), held_out)


def remove_prepared(run: Run) -> None:
    """Remove people's texts."""
    shutil.rmtree(run.output_dir / DATA, ignore_errors=True)


def _is_prepared(run: Run) -> bool:
    return run.resume and (run.output_dir / DATA / _ABOUT).is_file()


def _shape(run: Run) -> dict[str, object]:
    return {
        "method": run.method,
        "base_model": run.base_model,
        "loss_on": run.loss_on,
        "max_length": run.max_length,
        "doubt_share": run.doubt_share,
        # Rows of doubt are drawn, new ones for each epoch; rows with votes are shuffled once.
        "seed": run.arguments.seed if run.doubt_share or run.method == "kto" else None,
        "num_train_epochs": run.arguments.num_train_epochs if run.doubt_share else None,
    }


def _path(folder: Path, split: Split) -> Path:
    return folder / f"{split}.arrow"


async def _write(folder: Path, run: Run, source: Source, tokenizer: PreTrainedTokenizerBase) -> Tally:
    """Write the rows of a source, and rows of doubt after the training rows; return the source's counts."""
    doubt = Doubt(tokenizer, run.max_length, run.arguments.seed)
    tally = Tally()
    with ExitStack() as stack:
        writers = {split: stack.enter_context(_Writer(_path(folder, split))) for split in Split}
        async for example in source.rows():
            writers[example.split].add(_encode(run, tokenizer, example), example)
            tally.add(example)
            if example.split is Split.TRAIN:
                doubt.remember(example.answer)
        for row in doubt.rows(doubt.count(run.doubt_share) * run.epochs):
            writers[Split.TRAIN].add(row, None)
    return tally


class _Writer:
    """Writes rows into an Arrow file, some at a time; use it in a ``with`` statement.

    Not Dataset.from_generator: it wants a generator that is not asynchronous, and pickles it to name a cache.
    """

    def __init__(self, path: Path) -> None:
        self._file = pa.OSFile(str(path), "wb")
        self._stream = pa.ipc.new_stream(self._file, _SCHEMA)
        self._batch: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._flush()
        self._stream.close()
        self._file.close()

    def add(self, row: Row, example: TrainingExample | None) -> None:
        """Write a row; a row of doubt has no example."""
        self._batch.append(
            {
                **row,
                "length": len(row["input_ids"]),
                "good": example is None or example.label is ExampleLabel.GOOD,
                "example_id": None if example is None else example.example_id,
            }
        )
        if len(self._batch) == _BATCH_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._batch:
            self._stream.write_batch(pa.RecordBatch.from_pylist(self._batch, schema=_SCHEMA))
            self._batch.clear()


def _encode(run: Run, tokenizer: PreTrainedTokenizerBase, example: TrainingExample) -> Row:
    try:
        return encode_row(
            tokenizer,
            example.question,
            example.answer,
            max_length=run.max_length,
            count_prompt=run.loss_on == "all",
        )
    except ValueError as error:
        raise ConfigError(f"--max-length {run.max_length} is too small: {error}") from error


def _nothing(run: Run, seen: Mapping[ExampleLabel, int], left_out: Mapping[str, int]) -> str:
    reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
    why = f" (left out: {reasons})" if reasons else ""
    where = "the database" if run.from_db else f"'{run.data}'"
    if run.method == "kto":
        good, bad = (seen.get(label, 0) for label in (ExampleLabel.GOOD, ExampleLabel.BAD))
        remedy = "approve more with `supportbot curate review`" if run.from_db else "add rows of the other label"
        return (
            f"Learning from votes needs good and bad answers, but {where} has {good} good and {bad} bad rows to "
            f"train on{why}: {remedy}, or use --method sft."
        )
    remedy = "approve some with `supportbot curate review`" if run.from_db else "add some"
    if NO_CONSENT in left_out:
        remedy += ", or record that their workspaces allow it with `supportbot consent`"
    return f"{where[0].upper()}{where[1:]} has no row to train on{why}: {remedy}."
