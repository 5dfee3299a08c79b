"""Measures the whole answerer: what people would see with each model, and how much of it is wrong.

Approved answers are the same with every model, so this shows what a model adds: right and wrong answers where
nothing is verified. Every share has an exact interval, and so has the difference of two models, which get the same
questions.

This module knows models and settings; ``knowing`` provides the knowledge, and ``supportbot.models.publishing`` has
the rule of a promotion.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from supportbot.answering.trust import AnswerMode
from supportbot.bootstrap import open_encoder
from supportbot.config import Settings
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.models.loading import make_local_engine, starter_may_speak, trusted
from supportbot.models.publishing.lineage import is_trained_here
from supportbot.models.registry import MANIFEST, STARTER, ModelSource
from training.evaluate._runs import is_recorded, run_of
from training.evaluate.answering import MODES, Answered, Manner, Shown, ask_answerer
from training.evaluate.beside import calibrate_beside
from training.evaluate.intervals import paired_difference, share
from training.evaluate.judging import Judge, make_judge
from training.evaluate.knowing import Known, has_knowledge, know
from training.evaluate.record import BESIDE
from training.evaluate.rows import Row

_FIGURES: Mapping[str, Callable[[Shown], bool]] = {
    "verified": lambda one: one.source is AnswerSource.APPROVED,
    "generated": lambda one: one.source is AnswerSource.GENERATED,
    "not_sure": lambda one: not one.given,
    "right": lambda one: one.given and one.right,
    "wrong": lambda one: one.given and not one.right,
    "coverage": lambda one: one.given,
}
"""The outcomes of questions in scope, each a share of all questions."""


@dataclass(frozen=True, slots=True)
class Examinee:
    """A model for the answerer, and whether rows of this database trained it."""

    source: ModelSource
    knows_us: bool


@dataclass(frozen=True, slots=True)
class Examination:
    """The questions, their judge, and the models: ``candidate``, if there is one, and ``against``."""

    known: Known
    judge: Judge
    models: Mapping[str, Examinee]

    @property
    def steps(self) -> int:
        """How often ``on_step`` is called for one model."""
        return len(MODES) * self.known.steps


async def prepare_examination(
    database: Database | None,
    settings: Settings,
    sources: Mapping[str, ModelSource],
    rows: Sequence[Row],
    out_of_scope: Sequence[str],
    limit: int,
    canonical: Mapping[str, str] | None = None,
) -> Examination | None:
    """Return the examination of the answerer, or None without knowledge of the operator's own.

    Args:
        database: with the knowledge and the record of the runs.
        settings: as the daemon has them.
        sources: the models, by ``candidate`` and ``against``.
        rows: what is asked.
        out_of_scope: see ``know``.
        limit: see ``know``.
        canonical: see ``make_judge``.

    Raises:
        EncoderError: the encoder cannot be used.
        ConfigError: a row's topic has no answer in ``canonical``.
    """
    if database is None or not await has_knowledge(database):
        return None
    known = await know(
        database,
        rows,
        out_of_scope,
        open_encoder=partial(open_encoder, settings),
        wrong_rate=settings.wrong_rate,
        small_talk=settings.small_talk,
        limit=limit,
        keep=settings.kept_contacts,
    )
    models = {who: Examinee(source, await _is_trained_here(database, source)) for who, source in sources.items()}
    return Examination(known, make_judge(known.rows, canonical), models)


async def examine(
    examination: Examination,
    settings: Settings,
    floors: Mapping[str, float | None],
    on_step: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Ask the answerer with each model, one in memory at a time, and return the record.

    Args:
        examination: what to ask whom.
        settings: as the daemon has them.
        floors: by the examinee's name, the floor that a model without one will be published with.
        on_step: called after each answer.

    Raises:
        ModelError: a model is missing or damaged.
    """
    known = examination.known
    answered: dict[str, Mapping[AnswerMode, Answered]] = {}
    calibrated: dict[str, Mapping[str, Any] | None] = {}
    for who, examinee in examination.models.items():
        with_floor = replace(examinee, source=_floored(examinee.source, floors.get(who)))
        answered[who], calibrated[who] = await _ask(
            examination, with_floor, settings, on_step, calibrates=who == "candidate"
        )
    record: dict[str, Any] = {
        "mode": settings.answer_mode,
        "wrong_rate": settings.wrong_rate,
        "asked": len(known.rows),
        "left_out": dict(known.left_out),
        "wordings": known.wordings,
        "wordings_held_back": known.held_back,
        "foreign": {kind: len(questions) for kind, questions in known.foreign.items()},
    }
    for who, examinee in examination.models.items():
        record[who] = {"version": examinee.source.version, "trained_here": examinee.knows_us}
        if who == "candidate":
            record[who][BESIDE] = calibrated[who]
        record[who] |= {mode: _figures(answered[who][mode]) for mode in MODES}
    if "candidate" in answered:
        record["differences"] = {
            mode: _differences(answered["candidate"][mode], answered["against"][mode]) for mode in MODES
        }
    return record


async def _ask(
    examination: Examination,
    examinee: Examinee,
    settings: Settings,
    on_step: Callable[[], None],
    *,
    calibrates: bool,
) -> tuple[Mapping[AnswerMode, Answered], Mapping[str, Any] | None]:
    """Ask a model everything; return the results, and its floor beside knowledge if it was calibrated before."""
    source, known = examinee.source, examination.known
    engine = await asyncio.to_thread(make_local_engine, settings, source)
    try:
        model = trusted(settings, source, engine, knows_us=examinee.knows_us)
        beside = None
        if calibrates and examinee.knows_us:
            beside = await calibrate_beside(
                known,
                examination.judge,
                replace(model, confidence_floor=source.confidence_floor),
                candidates=settings.candidates,
                wrong_rate=settings.wrong_rate,
            )
            model = trusted(settings, replace(source, floor_beside=beside["floor"]), engine, knows_us=True)
        manner = Manner(
            candidates=settings.candidates,
            starter_may_speak=starter_may_speak(settings),
            starter_is_named=settings.model == STARTER,
        )
        return await ask_answerer(known, examination.judge, model, manner, on_step), beside
    finally:
        await engine.aclose()


def _floored(source: ModelSource, floor: float | None) -> ModelSource:
    """Return a model with the floor that it will be published with, if it has none yet."""
    return replace(source, confidence_floor=floor) if source.confidence_floor is None else source


async def _is_trained_here(database: Database, source: ModelSource) -> bool:
    """Return whether rows of this database trained a model; a run is no version yet, but will be one."""
    directory = Path(source.location)
    if (directory / MANIFEST).is_file():
        async with database.read() as session:
            return await is_trained_here(session, source.version)
    run = run_of(directory)
    return run is not None and await is_recorded(database, run)


def _figures(answered: Answered) -> dict[str, Any]:
    figures = {name: _share([has(one) for one in answered.rows]) for name, has in _FIGURES.items()}
    foreign = {kind: _share([one.given for one in shown]) for kind, shown in answered.foreign.items()}
    return figures | {"foreign": foreign}


def _share(hits: Sequence[bool]) -> dict[str, float] | None:
    return asdict(share(hits)) if hits else None


def _differences(mine: Answered, theirs: Answered) -> dict[str, Any]:
    figures = {
        name: _difference([has(one) for one in mine.rows], [has(one) for one in theirs.rows])
        for name, has in _FIGURES.items()
    }
    foreign = {
        kind: _difference([one.given for one in shown], [one.given for one in theirs.foreign[kind]])
        for kind, shown in mine.foreign.items()
    }
    return figures | {"foreign": foreign}


def _difference(mine: Sequence[bool], theirs: Sequence[bool]) -> dict[str, float] | None:
    return asdict(paired_difference(mine, theirs)) if mine else None
