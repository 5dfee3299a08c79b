"""A finished run becomes a version: ``python -m training.publish --candidate DIR --version NAME``.

A version has only the files for serving: safetensors, configuration and tokenizer; no pickle, no checkpoint, no
report. It is assembled in a temporary folder, its manifest last, and installed as a whole, so a crash leaves
either nothing or everything. The database records it after that; publishing again repairs what a crash left out
there.

Nothing goes live here: ``supportbot models promote`` does that, and reads the evaluation in the manifest.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.text import Text
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from transformers.utils import logging as transformers_logging

from supportbot.bootstrap import open_database
from supportbot.config import Settings, load_settings
from supportbot.db import audit
from supportbot.db.models import ModelVersion, TrainingRun
from supportbot.db.schema import check_schema
from supportbot.db.session import Database
from supportbot.db.states import ModelStatus
from supportbot.errors import SupportBotError
from supportbot.models.loading import make_local_engine
from supportbot.models.publishing import check_name_is_free
from supportbot.models.registry import INT8_LOSS_RISE, MANIFEST, Manifest, Registry, read_manifest, write_manifest
from supportbot.models.store import StoreError
from supportbot.models.supply import open_supply
from training.evaluate.record import ANSWERER, BESIDE, summary
from training.publish.candidate import Candidate, read_candidate

EXIT_ERROR = 2

SERVING_FILES = frozenset(
    {
        "config.json",
        "generation_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "chat_template.jinja",
        "vocab.json",
        "merges.txt",
        "model.safetensors.index.json",
    }
)
"""Files that ``from_pretrained`` and ``generate()`` read beside the weights."""


async def publish(candidate: Candidate, version: str, settings: Settings, actor: str) -> Manifest:
    """Install a candidate as a version and record it; the version does not go live.

    Raises:
        ModelError: the name is invalid, or is or was that of another model.
        StoreError: other machines can't fetch it yet; publishing it again fixes that.
        ConfigError: the name of the actor is empty.
        DatabaseError: the database cannot be used.
    """
    audit.check_actor(actor)
    registry = Registry(settings.models_dir)
    registry.directory(version)  # refuses a bad name before anything is copied
    async with open_database(settings) as database:
        await check_schema(database)
        parent = _parent(registry, str(candidate.run.get("base_model", "")))
        floor = await _floor(candidate, database, settings, parent)
        with tempfile.TemporaryDirectory(prefix="publish-") as scratch:
            metrics = await _metrics(candidate, database, settings)
            manifest = await asyncio.to_thread(_stage, candidate, Path(scratch), version, floor, parent, metrics)
            async with database.read() as session:
                await check_name_is_free(session, manifest)
            await asyncio.to_thread(registry.install, Path(scratch))
        async with database.write() as session:
            await _record(session, candidate, manifest, actor)
        try:
            await open_supply(settings, database, registry).put(version)
        except StoreError as error:
            raise StoreError(f"'{version}' is published only on this machine: {error}") from error
    return manifest


def main(
    candidate: Annotated[Path, typer.Option(help="Output folder of a fine-tuning run.")],
    version: Annotated[str, typer.Option(help="Name of the version, which its answers record.")],
    without_evaluation: Annotated[
        bool,
        typer.Option("--without-evaluation", help="Publish without an evaluation; promotion then needs --force."),
    ] = False,
    by: Annotated[
        str, typer.Option("--by", help="Who publishes it; by default the account of this process.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON.")] = False,
) -> None:
    """Make a finished run a version of the registry, ready for `supportbot models promote`."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    transformers_logging.set_verbosity_error()  # its reports would precede our sentence
    console = Console(stderr=True)
    try:
        settings = load_settings()
        found = read_candidate(candidate, with_evaluation=not without_evaluation)
        manifest = asyncio.run(publish(found, version, settings, by or audit.current_user()))
    except SupportBotError as error:
        console.print(Text(f"publish: {error}"), soft_wrap=True)
        raise typer.Exit(EXIT_ERROR) from None
    if as_json:
        sys.stdout.write(json.dumps(asdict(manifest), ensure_ascii=False, indent=2) + "\n")
        return
    verdict = (manifest.evaluation or {}).get("verdict", "It was not evaluated, so promotion needs --force.")
    out = Console()
    out.print(Text(f"Published '{version}'. {verdict}"), soft_wrap=True)
    is_better = (manifest.evaluation or {}).get("better") is True
    reason = "" if is_better else ' --force "REASON"'
    out.print(Text(f"Make it live with `supportbot models promote {version}{reason}`."), soft_wrap=True)


def _parent(registry: Registry, base: str) -> Manifest | None:
    """Return the version that a run started from; a model of the hub is none."""
    if base in registry.versions():
        return registry.manifest(base)
    return read_manifest(Path(base)) if base and (Path(base) / MANIFEST).is_file() else None


async def _floor(
    candidate: Candidate, database: Database, settings: Settings, parent: Manifest | None
) -> float | None:
    """Return the confidence floor: the measured one, else the parent's, whose answers are the most similar."""
    if candidate.evaluation is not None:
        floor: float | None = candidate.evaluation["candidate"].get("confidence_floor")
    else:
        from training.evaluate.calibrating import calibrate  # statistics take seconds to import

        floor = await calibrate(candidate.directory, database, partial(make_local_engine, settings))
    return parent.confidence_floor if floor is None and parent is not None else floor


def _stage(
    candidate: Candidate,
    staged: Path,
    version: str,
    floor: float | None,
    parent: Manifest | None,
    metrics: Mapping[str, float],
) -> Manifest:
    for path in sorted(candidate.directory.iterdir()):
        if path.name in SERVING_FILES or path.suffix == ".safetensors":
            shutil.copyfile(path, staged / path.name)
    write_manifest(
        staged,
        version=version,
        metrics=metrics,
        training=_training(candidate.run),
        confidence_floor=floor,
        parent=parent.version if parent else None,
        evaluation=summary(candidate.evaluation) if candidate.evaluation is not None else None,
        beside_knowledge=_beside_knowledge(candidate.evaluation),
    )
    return read_manifest(staged)


def _beside_knowledge(evaluation: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the floor for questions that knowledge refused, if the evaluation calibrated one."""
    found: Mapping[str, Any] | None = ((evaluation or {}).get(ANSWERER) or {}).get("candidate", {}).get(BESIDE)
    return found


async def _metrics(candidate: Candidate, database: Database, settings: Settings) -> dict[str, float]:
    measured = dict((candidate.evaluation or {}).get("candidate", {}))
    if measured.get(INT8_LOSS_RISE) is None:
        from training.evaluate.int8 import MOST_ROWS, int8_loss_rise
        from training.evaluate.rows import held_out_rows

        rows = await held_out_rows(database, MOST_ROWS, seed=0)
        measured[INT8_LOSS_RISE] = await asyncio.to_thread(
            int8_loss_rise, str(candidate.directory), rows, settings.exports_dir
        )
    figures = {**{f"train_{name}": candidate.run.get(name) for name in ("final_loss", "eval_loss")}, **measured}
    return {name: round(value, 4) for name, value in figures.items() if isinstance(value, float)}


def _training(run: Mapping[str, Any]) -> dict[str, object]:
    data = run.get("data", {})
    return {
        "base_model": run.get("base_model"),
        "method": run.get("method"),
        "run_id": run.get("training_run_id"),
        "arguments_digest": hashlib.sha256(json.dumps(run.get("arguments"), sort_keys=True).encode()).hexdigest(),
        "examples": data.get("train_rows"),
        # The ids too, because an erasure removes the database's links with the rows.
        "data": {
            "source": data.get("source"),
            "fingerprint": data.get("fingerprint"),
            "example_ids": data.get("example_ids", []),
        },
    }


async def _record(session: AsyncSession, candidate: Candidate, manifest: Manifest, actor: str) -> None:
    """Record the version, or its new manifest, and its run in the database."""
    row = await session.scalar(select(ModelVersion).where(ModelVersion.name == manifest.version).with_for_update())
    base = candidate.run.get("base_model")
    if row is None:
        row = ModelVersion(name=manifest.version, status=ModelStatus.CANDIDATE)
        session.add(row)
    elif row.status == ModelStatus.RETIRED:
        row.status = ModelStatus.CANDIDATE
    row.stored_manifest = row.stored_bytes = None  # the store has another manifest, if any
    row.base, row.digest, row.metrics = str(base) if base else None, manifest.digest, dict(manifest.metrics)
    row.created_at = datetime.fromisoformat(manifest.created_at)
    await session.flush()
    run = await session.get(TrainingRun, candidate.run.get("training_run_id") or 0)
    # Every database counts ids from 1: the run is this one only if it was trained on the same rows.
    if run is not None and run.dataset_fingerprint == candidate.run.get("data", {}).get("fingerprint"):
        run.model_version_id = row.id
    audit.record(
        session,
        actor=actor,
        action="model.publish",
        subject=f"model:{manifest.version}",
        details={"digest": manifest.digest, "evaluated": candidate.evaluation is not None},
    )
