"""Where a version comes from and what became of it: its evaluation, the rows that trained it, the votes in chat.

A run is linked to its rows by numbers that outlive an erasure. The numbers in a manifest are not looked at: a
version may come from another installation, where the same numbers mean other rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Answer, Example, Feedback, ModelVersion, RunExample, TrainingRun
from supportbot.db.states import ModelStatus
from supportbot.models.publishing.verdicts import read_verdict
from supportbot.models.registry import Manifest

_CHUNK = 1_000
"""Numbers in one query: SQLite takes 32,766 parameters, PostgreSQL 65,535, and more is no faster."""


async def is_trained_here(session: AsyncSession, version: str) -> bool:
    """Return whether rows of this database trained a version."""
    found = await session.scalar(
        select(RunExample.example_id)
        .join(TrainingRun, RunExample.run_id == TrainingRun.id)
        .join(ModelVersion, TrainingRun.model_version_id == ModelVersion.id)
        .where(ModelVersion.name == version)
        .limit(1)
    )
    return found is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a version compared; ``differences`` holds value, low and high by metric, candidate minus the other."""

    against: str | None
    better: bool
    sentence: str
    differences: Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """The rows that trained a version.

    Attributes:
        run_ids: its training runs.
        example_ids: all rows, erased ones too.
        erased_ids: those that are no longer in the database.
    """

    run_ids: tuple[int, ...]
    example_ids: tuple[int, ...]
    erased_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionSummary:
    """One line of a list.

    ``is_here`` says whether its files are in this home, ``is_previous`` marks where a rollback leads, ``problem``
    says why it can't be read.
    """

    version: str
    status: ModelStatus
    is_here: bool
    is_previous: bool
    created_at: datetime
    parent: str | None
    verdict: Verdict | None
    answers: int
    votes_up: int
    votes_down: int
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionReport:
    """All that is known of one version.

    Attributes:
        beside_knowledge: see ``Manifest``.
        erased_in: the other versions that were trained on rows of this one that are erased now, and on which.
        up_rate: the share of thumbs up with its 95 % interval (Wilson).
    """

    summary: VersionSummary
    base: str | None
    digest: str
    metrics: Mapping[str, float]
    confidence_floor: float | None
    beside_knowledge: Mapping[str, Any] | None
    recipe: Mapping[str, Any]
    training: Training
    erased_in: Mapping[str, tuple[int, ...]]
    up_rate: tuple[float, float, float] | None


def verdict_of(manifest: Manifest | None) -> Verdict | None:
    """Return what an evaluation says, if there was one."""
    if manifest is None or not manifest.evaluation:
        return None
    evaluation = manifest.evaluation
    against = evaluation.get("against")
    return Verdict(
        against=against.get("version") if isinstance(against, Mapping) else None,
        better=evaluation.get("better") is True,
        sentence=read_verdict(evaluation),
        differences=dict(evaluation.get("differences") or {}),
    )


async def count_answers(session: AsyncSession) -> dict[str, int]:
    """Return the number of answers of each version."""
    query = select(Answer.model_version, func.count()).group_by(Answer.model_version)
    return {version: count for version, count in await session.execute(query) if version is not None}


async def count_votes(session: AsyncSession) -> dict[str, tuple[int, int]]:
    """Return thumbs up and down of each version."""
    up = func.sum(case((Feedback.vote > 0, 1), else_=0))
    down = func.sum(case((Feedback.vote < 0, 1), else_=0))
    query = (
        select(Answer.model_version, up, down)
        .join(Feedback, Feedback.answer_id == Answer.id)
        .group_by(Answer.model_version)
    )
    return {version: (int(ups), int(downs)) for version, ups, downs in await session.execute(query) if version}


async def training_of(session: AsyncSession, row: ModelVersion) -> Training:
    """Return which rows trained a version, and which of them are gone."""
    runs = list(await session.scalars(select(TrainingRun.id).where(TrainingRun.model_version_id == row.id)))
    query = (
        select(RunExample.example_id, Example.id)
        .outerjoin(Example, Example.id == RunExample.example_id)
        .where(RunExample.run_id.in_(runs))
    )
    linked = {number: present is not None for number, present in await session.execute(query)}
    return Training(
        run_ids=tuple(sorted(runs)),
        example_ids=tuple(sorted(linked)),
        erased_ids=tuple(sorted(number for number, is_present in linked.items() if not is_present)),
    )


async def trained_on(session: AsyncSession, example_ids: Collection[int]) -> dict[str, tuple[int, ...]]:
    """Return, for each version that was trained on any of these rows, on which; erased rows may be among them."""
    found: dict[str, set[int]] = {}
    for ids in _chunks(example_ids):
        query = (
            select(ModelVersion.name, RunExample.example_id)
            .join(TrainingRun, TrainingRun.model_version_id == ModelVersion.id)
            .join(RunExample, RunExample.run_id == TrainingRun.id)
            .where(RunExample.example_id.in_(ids))
        )
        for name, number in await session.execute(query):
            found.setdefault(name, set()).add(number)
    return {name: tuple(sorted(ids)) for name, ids in sorted(found.items())}


def _chunks(numbers: Collection[int]) -> Iterable[list[int]]:
    ordered = sorted(numbers)
    return (ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK))
