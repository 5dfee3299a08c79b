"""Questions and answers with a judgement: what learning from votes is trained on.

The rows are those of ``training.curate`` with both labels, so an answer that people merely voted down is one, or
those of a JSONL file with ``question``, ``answer`` and ``label``. They are prepared as ``data`` prepares answers
to learn: as tokens in memory-mapped Arrow files that a finished run removes. Prompt and completion stay apart,
because learning from votes also weighs a prompt with the completion of another row.

This module knows no model and no way of training.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
from datasets import Dataset
from transformers import PreTrainedTokenizerBase

from supportbot.db.session import Database
from supportbot.errors import ConfigError
from supportbot.examples.keys import split_of
from supportbot.states import ExampleLabel, Split
from training.curate import select_examples, stream_examples
from training.dataset import IGNORED, encode_row
from training.finetune.data import DATA, Prepared
from training.finetune.run import Run
from training.finetune.sources import Counts

LABELS = frozenset(ExampleLabel)
"""Votes teach in both directions."""

_ABOUT = "prepared.json"
_SCHEMA = pa.schema(
    [
        ("prompt_ids", pa.list_(pa.int32())),
        ("completion_ids", pa.list_(pa.int32())),
        ("label", pa.bool_()),
        ("example_id", pa.int64()),
    ]
)
_BATCH_ROWS = 1_000
"""Rows in memory at a time while they are written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPair:
    """An answer and whether it was a good one; ``number`` is the id of its row, or its line in a file."""

    number: int
    question: str
    answer: str
    good: bool


class JudgedSource(Protocol):
    """Judged answers, one at a time."""

    async def count(self) -> Counts:
        """Count the rows without keeping them."""

    def pairs(self, split: Split) -> AsyncIterator[JudgedPair]:
        """Return the rows of a split, in an order that stays the same."""


class JudgedDatabaseRows:
    """The approved rows of the database, good and bad."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self) -> Counts:
        """Count the rows without keeping them."""
        selection = await select_examples(self._database, labels=LABELS)
        return Counts(
            taken=selection.taken,
            held_out=selection.held_out,
            left_out=dict(selection.left_out),
            fingerprint=selection.fingerprint,
        )

    async def pairs(self, split: Split) -> AsyncIterator[JudgedPair]:
        """Return the rows of a split by their ids."""
        async for row in stream_examples(self._database, split, labels=LABELS):
            yield JudgedPair(
                number=row.example_id,
                question=row.question,
                answer=row.answer,
                good=row.label is ExampleLabel.GOOD,
            )


class JudgedFileRows:
    """The rows of a JSONL file, each with ``question``, ``answer`` and ``label`` (good or bad)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def count(self) -> Counts:
        """Count the rows without keeping them.

        Raises:
            ConfigError: a line is no such row; the sentence says which.
        """
        counts: Counter[Split | None] = Counter()
        digest = hashlib.sha256()
        async for pair, split in self._rows():
            counts[split] += 1
            if split is Split.TRAIN:
                digest.update(json.dumps([pair.number, pair.question, pair.answer, pair.good]).encode())
        return Counts(
            taken=counts[Split.TRAIN],
            held_out=counts[Split.HELD_OUT],
            left_out={"empty question or answer": counts[None]} if counts[None] else {},
            fingerprint=digest.hexdigest(),
        )

    async def pairs(self, split: Split) -> AsyncIterator[JudgedPair]:
        """Return the rows of a split in the order of the file."""
        async for pair, own in self._rows():
            if own is split:
                yield pair

    async def _rows(self) -> AsyncIterator[tuple[JudgedPair, Split | None]]:
        """Return every row with its split; one without a question or an answer has none."""
        # Reading a local file line by line; nothing else runs on this loop.
        try:
            with self._path.open(encoding="utf-8") as file:
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        pair = self._parse(number, line)
                        whole = pair.question.strip() and pair.answer.strip()
                        yield pair, split_of(pair.question) if whole else None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"'{self._path}' cannot be read as UTF-8 text: {error}.") from error

    def _parse(self, number: int, line: str) -> JudgedPair:
        try:
            record = json.loads(line)
            question, answer, label = record["question"], record["answer"], ExampleLabel(record["label"])
        except (ValueError, KeyError, TypeError) as error:
            raise self._refuse(number) from error
        if not isinstance(question, str) or not isinstance(answer, str):
            raise self._refuse(number)
        return JudgedPair(number=number, question=question, answer=answer, good=label is ExampleLabel.GOOD)

    def _refuse(self, number: int) -> ConfigError:
        return ConfigError(
            f"Line {number} of '{self._path}' is not a JSON object with the texts 'question' and 'answer' and "
            "a 'label' that is 'good' or 'bad', which learning from votes needs."
        )


async def prepare_judged(run: Run, source: JudgedSource, tokenizer: PreTrainedTokenizerBase) -> Counts:
    """Write the rows of a run as tokens, unless a run that is resumed has them already.

    Returns:
        What the source has to give now, which may be more than a resumed run goes on with.

    Raises:
        ConfigError: good or bad rows are missing, or the rows leave no room for answers.
    """
    counts = await source.count()
    folder = run.output_dir / DATA
    if run.resume and (folder / _ABOUT).is_file():
        return counts
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    judged = {split: await _write(folder / f"{split}.arrow", run, source, split, tokenizer) for split in Split}
    good, bad = judged[Split.TRAIN][True], judged[Split.TRAIN][False]
    if not good or not bad:
        shutil.rmtree(folder)
        raise ConfigError(_one_sided(run, good, bad, counts.left_out))
    # Written last: without it the folder is half-made, and is made again.
    (folder / _ABOUT).write_text(json.dumps({**asdict(counts), **_shape(run)}), "utf-8")
    return counts


def load_judged(run: Run) -> Prepared:
    """Open the prepared rows, memory-mapped: ``prompt_ids``, ``completion_ids``, ``label`` and ``example_id``.

    Raises:
        ConfigError: the run that is resumed was begun with other settings of its rows.
    """
    folder = run.output_dir / DATA
    about: dict[str, Any] = json.loads((folder / _ABOUT).read_text("utf-8"))
    for name, value in _shape(run).items():
        if (begun := about.pop(name, "sft")) != value:  # a run on answers need not say its method
            flag = name.replace("_", "-")
            raise ConfigError(f"The run in '{run.output_dir}' was begun with --{flag} {begun}: resume it so, too.")
    counts = Counts(**about)
    held_out = Dataset.from_file(str(folder / f"{Split.HELD_OUT}.arrow")) if counts.held_out else None
    return Prepared(counts, Dataset.from_file(str(folder / f"{Split.TRAIN}.arrow")), held_out)


def _shape(run: Run) -> dict[str, object]:
    return {
        "method": run.method,
        "base_model": run.base_model,
        "loss_on": run.loss_on,
        "max_length": run.max_length,
        "seed": run.arguments.seed,
    }


async def _write(
    path: Path, run: Run, source: JudgedSource, split: Split, tokenizer: PreTrainedTokenizerBase
) -> Counter[bool]:
    """Write the rows of a split; return how many are good (True) and bad (False)."""
    judged: Counter[bool] = Counter()
    rows: list[dict[str, Any]] = []
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, _SCHEMA) as writer:
        async for pair in source.pairs(split):
            judged[pair.good] += 1
            rows.append(_encode(run, pair, tokenizer))
            if len(rows) == _BATCH_ROWS:
                writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=_SCHEMA))
                rows.clear()
        if rows:
            writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=_SCHEMA))
    return judged


def _encode(run: Run, pair: JudgedPair, tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    try:
        row = encode_row(tokenizer, pair.question, pair.answer, max_length=run.max_length)
    except ValueError as error:
        raise ConfigError(f"--max-length {run.max_length} is too small: {error}") from error
    border = row["labels"].count(IGNORED)
    return {
        "prompt_ids": row["input_ids"][:border],
        "completion_ids": row["input_ids"][border:],
        "label": pair.good,
        "example_id": pair.number,
    }


def _one_sided(run: Run, good: int, bad: int, left_out: Mapping[str, int]) -> str:
    reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
    why = f" (left out: {reasons})" if reasons else ""
    where = "the database has" if run.from_db else f"'{run.data}' has"
    remedy = "approve more with `supportbot curate review`" if run.from_db else "add rows of the other label"
    return (
        f"Learning from votes needs good and bad answers, but {where} {good} good and {bad} bad rows to train "
        f"on{why}: {remedy}, or use --method sft."
    )
