"""Trials as the console and the command line ask for them: start one, stop it, and see how it stands.

A trial needs no evaluation, as people judge here; so a candidate gets half of the conversations at most, and has
to be sound. What would make a comparison empty is refused: the starter, which is a demonstration, and a model that
would not be asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from supportbot.answering.trust import may_generate
from supportbot.config import Settings
from supportbot.db.audit import check_actor
from supportbot.db.session import Database
from supportbot.db.states import TrialOutcome
from supportbot.errors import ModelError
from supportbot.knowledge.store import count_live
from supportbot.models.loading import make_local_engine
from supportbot.models.publishing.checks import check_sound
from supportbot.models.publishing.choose import settle, truth_of
from supportbot.models.publishing.lineage import is_trained_here
from supportbot.models.registry import STARTER, Registry
from supportbot.models.supply import open_supply
from supportbot.models.versions import check_followed
from supportbot.statistics.interval import wilson
from supportbot.trials.rule import Rule
from supportbot.trials.sequence import interval
from supportbot.trials.store import Trial, begin, end, latest_row, running_row, trial_of
from supportbot.trials.tally import Arm, Point, arm_of, arm_record, count, history
from supportbot.words import N_

Rate = tuple[float, float, float]
"""A share, and the ends of its 95 % interval of Wilson."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmView:
    """An arm with its rates; None where there is nothing to take a share of.

    Attributes:
        arm: what was counted.
        good: of judged conversations.
        settled: of all conversations, those answered with neither a further question nor a human.
        followed_up: of all, those in which something was asked after the first answer.
        handed_off: of all, those in which a human was asked.
        not_sure: of all, those in which the model was never sure enough.
    """

    arm: Arm
    good: Rate | None
    settled: Rate | None
    followed_up: Rate | None
    handed_off: Rate | None
    not_sure: Rate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialView:
    """How a trial stands.

    Attributes:
        trial: its rule and state.
        live: the arm of the live model.
        candidate: the other.
        low: the least difference of the shares of 👍 that is not ruled out.
        high: the greatest.
        points: the same over time.
    """

    trial: Trial
    live: ArmView
    candidate: ArmView
    low: float
    high: float
    points: tuple[Point, ...]

    def record(self) -> dict[str, Any]:
        """Return this as JSON can hold it."""
        trial, rule = self.trial, self.trial.rule
        return {
            "trial": trial.trial_id,
            "live": _record(self.live),
            "candidate": _record(self.candidate),
            "difference": {"low": self.low, "high": self.high},
            "share": rule.share,
            "alpha": rule.alpha,
            "most_conversations": rule.most_conversations,
            "most_days": rule.most_days,
            "promotes": rule.promotes,
            "state": trial.state.value,
            "outcome": trial.outcome.value if trial.outcome else None,
            "started_by": trial.started_by,
            "started_at": trial.started_at.isoformat(),
            "ended_by": trial.ended_by,
            "ended_at": trial.ended_at.isoformat() if trial.ended_at else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a trial can be started with: the live version, and those that can be tried against it."""

    live: str | None
    candidates: tuple[str, ...]


class Trials:
    """The trials, for people who decide about them.

    Args:
        settings: of this process; they say how a version is loaded to be tried.
        database: where trials are recorded.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._registry = Registry(settings.models_dir)
        self._truth = truth_of(database, self._registry)
        self._supply = open_supply(settings, database, self._registry)
        self._starting = asyncio.Lock()

    async def choices(self) -> Choices:
        """Return what there is to compare."""
        live = (await settle(self._database, self._truth)).live
        here = await asyncio.to_thread(self._registry.versions)
        candidates = (one for one in here if one != live and not _is_starter(one))
        return Choices(live=live, candidates=tuple(candidates))

    async def start(self, candidate: str, rule: Rule, by: str) -> Trial:
        """Start a trial against the live version, once the candidate has been loaded and has said something.

        Args:
            candidate: an installed version.
            rule: what ends it.
            by: who decides, for the audit.

        Raises:
            ConfigError: the rule makes no sense, or nobody is named.
            ModelError: the candidate can't be compared, or is damaged, or a trial runs already.
        """
        check_actor(by)
        rule.check()
        check_followed(self._settings)
        async with self._starting:
            live = await self._check(candidate)
            await check_sound(self._registry, candidate, partial(make_local_engine, self._settings))
            await self._supply.put(candidate)  # for the daemons of other machines
            async with self._database.write() as session:
                await self._truth.reconcile(session)
                if (await self._truth.ends(session)).live != live:
                    raise ModelError(N_("Another version went live in the meantime. Check again, then decide."))
                return await begin(session, live, candidate, rule, by)

    async def stop(self, by: str, trial_id: int | None = None) -> Trial:
        """Stop the trial that runs; everybody gets the live version again within two seconds.

        Args:
            by: who decides, for the audit.
            trial_id: the trial that they saw; None for whichever runs.

        Raises:
            ModelError: none runs, or another one by now.
        """
        check_actor(by)
        async with self._database.write() as session:
            row = await running_row(session, locked=True)
            if row is None or trial_id not in (None, row.id):
                raise ModelError(N_("This trial is no longer running."))
            return await end(session, row, TrialOutcome.BY_HAND, by)

    async def view(self) -> TrialView | None:
        """Return the state of the latest trial, now or at its end; None if there never was one."""
        async with self._database.read() as session:
            if (row := await latest_row(session)) is None:
                return None
            trial, figures = trial_of(row), row.figures
            tally = await count(session, row)
        # What was erased since is in the log no more; what was decided then was decided by these.
        live = arm_of(figures["live"]) if figures else tally.live
        candidate = arm_of(figures["candidate"]) if figures else tally.candidate
        low, high = interval(live.judged, candidate.judged, trial.rule.alpha)
        points = await asyncio.to_thread(history, tally.judgements, trial.rule.alpha)
        return TrialView(
            trial=trial,
            live=await asyncio.to_thread(_view, live),
            candidate=await asyncio.to_thread(_view, candidate),
            low=low,
            high=high,
            points=points,
        )

    async def _check(self, candidate: str) -> str:
        choices = await self.choices()
        live = choices.live
        if live is None or _is_starter(live) or _is_starter(candidate):
            raise ModelError(N_("The starter is a demo, so it can't be compared with other versions."))
        if candidate == live:
            raise ModelError(f"Version '{candidate}' is live: try another one against it.")
        if candidate not in choices.candidates:
            raise ModelError(f"No version '{candidate}' is installed: see `supportbot models list`.")
        async with self._database.read() as session:
            if await running_row(session) is not None:
                raise ModelError(N_("A trial is already running. Stop it first, or wait for it to end."))
            knows_us = await is_trained_here(session, candidate)
            has_knowledge = await count_live(session) > 0
        is_asked = may_generate(
            is_starter=False,
            is_named=False,
            may_speak=False,
            knows_us=knows_us or self._settings.answer_mode == "generate_only",
            has_knowledge=has_knowledge,
        )
        if not is_asked:
            raise ModelError(
                f"Version '{candidate}' was not trained on this bot's data, so it is never asked "
                "when there are approved answers, and there is nothing to compare: train one "
                "from the database (--from-db)."
            )
        return live


def _is_starter(version: str) -> bool:
    return version == STARTER or version.startswith(f"{STARTER}-")


def _view(arm: Arm) -> ArmView:
    def of_all(number: int) -> Rate | None:
        return wilson(number, arm.conversations - number)

    return ArmView(
        arm=arm,
        good=wilson(arm.judged.good, arm.judged.bad),
        settled=of_all(arm.settled),
        followed_up=of_all(arm.followed_up),
        handed_off=of_all(arm.handed_off),
        not_sure=of_all(arm.not_sure),
    )


def _record(view: ArmView) -> dict[str, Any]:
    rates: Mapping[str, Rate | None] = {
        "good": view.good,
        "settled": view.settled,
        "followed_up": view.followed_up,
        "handed_off": view.handed_off,
        "not_sure": view.not_sure,
    }
    shares = {
        name: dict(zip(("value", "low", "high"), rate, strict=True)) if rate else None
        for name, rate in rates.items()
    }
    return {**arm_record(view.arm), "rates": shares}
