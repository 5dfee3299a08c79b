"""Rows as tokens in memory-mapped Arrow files: a million rows take no more memory than a thousand.

Prepared rows lie in ``data/`` of the output directory while a run is under way, so that a resumed run goes on
with exactly the rows that it began with; a finished run removes them, for they are what people wrote.

This module knows no database and no model.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from datasets import Dataset
from transformers import PreTrainedTokenizerBase

from supportbot.errors import ConfigError
from supportbot.states import Split
from training.dataset import Row, encode_row
from training.finetune.doubt import Doubt
from training.finetune.run import Run
from training.finetune.sources import Counts, Pair, Source

DATA = "data"
_ABOUT = "prepared.json"

_SCHEMA = pa.schema(
    [
        ("input_ids", pa.list_(pa.int32())),
        ("labels", pa.list_(pa.int32())),
        ("length", pa.int32()),
        ("example_id", pa.int64()),
    ]
)
_Record = dict[str, Any]
"""One row as Arrow takes it; a row of doubt was made of no example."""

_BATCH_ROWS = 1_000
"""Rows in memory at a time while they are written."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows that are ready to train on; ``held_out`` is None if there is none.

    After the rows that were taken, ``train`` holds rows of doubt, as many for each epoch.
    """

    counts: Counts
    train: Dataset
    held_out: Dataset | None


async def prepare(run: Run, source: Source, tokenizer: PreTrainedTokenizerBase) -> Counts:
    """Write the rows of a run as tokens, unless a run that is resumed has them already.

    Returns:
        What the source has to give now, which may be more than a resumed run goes on with.

    Raises:
        ConfigError: there is nothing to train on, or the rows leave no room for answers.
    """
    counts = await source.count()
    folder = run.output_dir / DATA
    if run.resume and (folder / _ABOUT).is_file():
        return counts
    if not counts.taken:
        raise ConfigError(_nothing(run, counts.left_out))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for split in Split:
        await _write(folder / f"{split}.arrow", run, source, split, tokenizer)
    # Written last: without it the folder is half-made, and is made again.
    (folder / _ABOUT).write_text(json.dumps({**asdict(counts), **_shape(run)}), "utf-8")
    return counts


def load_prepared(run: Run) -> Prepared:
    """Open the prepared rows, memory-mapped.

    Raises:
        ConfigError: the run that is resumed was begun with other settings of its rows.
    """
    folder = run.output_dir / DATA
    about: dict[str, Any] = json.loads((folder / _ABOUT).read_text("utf-8"))
    for name, value in _shape(run).items():
        if (begun := about.pop(name, None)) != value:
            flag = name.replace("_", "-")
            raise ConfigError(f"The run in '{run.output_dir}' was begun with --{flag} {begun}: resume it so, too.")
    counts = Counts(**about)
    held_out = Dataset.from_file(str(folder / f"{Split.HELD_OUT}.arrow")) if counts.held_out else None
    return Prepared(counts, Dataset.from_file(str(folder / f"{Split.TRAIN}.arrow")), held_out)


def remove_prepared(run: Run) -> None:
    """Remove what people wrote."""
    shutil.rmtree(run.output_dir / DATA, ignore_errors=True)


def _shape(run: Run) -> dict[str, object]:
    return {
        "method": run.method,
        "base_model": run.base_model,
        "loss_on": run.loss_on,
        "max_length": run.max_length,
        "doubt_share": run.doubt_share,
        # Only rows of doubt are drawn, and anew for each epoch.
        "seed": run.arguments.seed if run.doubt_share else None,
        "num_train_epochs": run.arguments.num_train_epochs if run.doubt_share else None,
    }


async def _write(path: Path, run: Run, source: Source, split: Split, tokenizer: PreTrainedTokenizerBase) -> None:
    doubt = Doubt(tokenizer, run.max_length, run.arguments.seed)
    # Not Dataset.from_generator: it wants a generator that is not asynchronous, and pickles it to name a cache.
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, _SCHEMA) as writer:
        batch: list[_Record] = []
        async for pair in source.pairs(split):
            batch.append(_record(_encode(run, tokenizer, pair), pair.number))
            doubt.remember(pair.answer)
            _flush(writer, batch, _BATCH_ROWS)
        if split is Split.TRAIN:
            for row in doubt.rows(doubt.count(run.doubt_share) * run.epochs):
                batch.append(_record(row, None))
                _flush(writer, batch, _BATCH_ROWS)
        _flush(writer, batch, 1)


def _encode(run: Run, tokenizer: PreTrainedTokenizerBase, pair: Pair) -> Row:
    try:
        return encode_row(
            tokenizer,
            pair.question,
            pair.answer,
            max_length=run.max_length,
            count_prompt=run.loss_on == "all",
        )
    except ValueError as error:
        raise ConfigError(f"--max-length {run.max_length} is too small: {error}") from error


def _record(row: Row, example_id: int | None) -> _Record:
    return {**row, "length": len(row["input_ids"]), "example_id": example_id}


def _flush(writer: pa.RecordBatchWriter, batch: list[_Record], least: int) -> None:
    """Write the rows so far if there are enough."""
    if len(batch) >= least:
        writer.write_batch(pa.RecordBatch.from_pylist(batch, schema=_SCHEMA))
        batch.clear()


def _nothing(run: Run, left_out: Mapping[str, int]) -> str:
    reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
    why = f" ({reasons})" if reasons else ""
    if run.from_db:
        return f"The database has no row to train on{why}: approve some with `supportbot curate review`."
    return f"'{run.data}' has no row to train on{why}."
