"""The daemon's part in a trial: the candidate is loaded beside the live model as long as the trial runs.

Once a second it looks which trial runs. The candidate is verified, loaded beside the live one and tried with a
small question; then the conversations that are assigned to it are answered by it. That takes the memory of one
more model, and with OpenVINO one more process. When the trial ends, answers in progress end on the candidate, and
it is closed.

A candidate that is not here is fetched, if machines share a store; while it can't be had, that is one line in the
log, and it is tried again. One that can't be loaded is one line as well, and is not tried again in this trial.
Meanwhile everybody gets the live model here, and what it says to people of the candidate's arm is not counted.

It knows nothing of votes; ``judging`` does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from supportbot.answering.generator import Generator
from supportbot.answering.live_model import Beside, LiveModel
from supportbot.db.session import Database
from supportbot.engine.base import Engine
from supportbot.errors import SupportBotError
from supportbot.models.apart import load_apart
from supportbot.models.ending import Ending
from supportbot.models.expecting import Expectations
from supportbot.models.registry import ModelSource, Registry
from supportbot.models.store import StoreError
from supportbot.models.supply import Supply
from supportbot.telemetry import metrics
from supportbot.trials.assignment import is_on_candidate
from supportbot.trials.store import Trial, running_row, trial_of

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
"""A start and a stop must be noticed within 2 s."""

RETRY_SECONDS = 10.0
"""After which a candidate that could not be had is asked for again."""


class Following:
    """Keeps the candidate of the running trial beside the live model.

    Args:
        database: says which trial runs.
        registry: where versions are installed.
        generator: gets the candidate.
        load: makes an engine of a version; blocks, and is called in a thread.
        prepare: is given the engine before it answers.
        describe: makes the model of a version and its engine.
        supply: fetches a candidate that is not here.
    """

    def __init__(
        self,
        database: Database,
        registry: Registry,
        generator: Generator,
        load: Callable[[ModelSource], Engine],
        prepare: Callable[[Engine], Awaitable[None]],
        describe: Callable[[ModelSource, Engine], Awaitable[LiveModel]],
        supply: Supply,
    ) -> None:
        self._database = database
        self._supply = supply
        self._registry = registry
        self._generator = generator
        self._load = load
        self._prepare = prepare
        self._describe = describe
        self._joined: int | None = None
        self._refused: int | None = None
        self._told: int | None = None
        self._again = 0.0
        self._expectations: Expectations | None = None
        self._ending = Ending()

    async def run(self) -> None:
        """Follow until cancelled; then the candidate is closed."""
        try:
            while True:
                try:
                    await self.follow()
                except Exception:
                    # A restarting PostgreSQL, or a full disk: whoever answered goes on answering.
                    log.exception("trial.not_read")
                await asyncio.sleep(POLL_SECONDS)
        finally:
            self._leave()
            await self._ending.aclose()

    async def follow(self) -> None:
        """Look once, and take part in what runs."""
        trial = await self._running()
        if self._joined is not None and (trial is None or trial.trial_id != self._joined):
            self._leave()
        if trial is None or trial.trial_id == self._refused:
            return
        if trial.trial_id == self._joined:
            if self._expectations is not None:
                await self._expectations.follow()
        elif (
            time.monotonic() >= self._again and self._generator.engine.model_version == trial.live
        ):  # else it is just being loaded, or another home's
            await self._join(trial)

    async def _running(self) -> Trial | None:
        async with self._database.read() as session:
            row = await running_row(session)
        return None if row is None else trial_of(row)

    async def _join(self, trial: Trial) -> None:
        try:
            model = await self._open(trial)
        except StoreError as error:  # another machine has it, and it may be had later
            self._again = time.monotonic() + RETRY_SECONDS
            if self._told != trial.trial_id:
                log.error("trial.candidate_missing", trial=trial.trial_id, error=str(error))
            self._told = trial.trial_id
            return
        except Exception as error:
            # Whatever a file may do to the libraries that read it, the live model answers on.
            self._refused = trial.trial_id
            metrics.TRIAL_REFUSALS.inc()
            told = {"error": str(error)} if isinstance(error, SupportBotError) else {"exc_info": error}
            log.error("trial.candidate_failed", trial=trial.trial_id, candidate=trial.candidate, **told)
            return
        if model is None:
            return

        def takes(conversation: int) -> bool:
            return is_on_candidate(trial.trial_id, conversation, trial.rule.share)

        self._generator.stand_beside(Beside(model, trial.live, takes))
        self._joined = trial.trial_id
        self._expectations = Expectations(self._database, lambda: model.engine)
        metrics.TRIAL_RUNNING.set(1)
        log.info("trial.joined", trial=trial.trial_id, candidate=trial.candidate, share=trial.rule.share)

    async def _open(self, trial: Trial) -> LiveModel | None:
        """Return the candidate; None if the trial ended while it was loading."""
        await self._supply.get(trial.candidate)
        source = await asyncio.to_thread(self._registry.resolve, trial.candidate)
        engine = await load_apart(partial(self._load, source))
        try:
            await self._prepare(engine)
            model = await self._describe(source, engine)
            now = await self._running()
        except BaseException:
            await engine.aclose()
            raise
        if now is None or now.trial_id != trial.trial_id:
            await engine.aclose()
            return None
        return model

    def _leave(self) -> None:
        """Answer with the live model alone from now on; the candidate ends its answers meanwhile."""
        trial, self._joined, self._expectations = self._joined, None, None
        tenure = self._generator.step_aside()
        metrics.TRIAL_RUNNING.set(0)
        if tenure is None:
            return
        log.info("trial.left", trial=trial)
        self._ending.later(tenure)
