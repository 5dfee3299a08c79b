"""The daemon's look at the running trial: it ends by its rule, whoever watches.

Each daemon on a database looks; the row is locked, so one of them ends it. A promotion, a rollback or a retired
candidate ends it too: it would no longer compare the versions it was started for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import clock
from supportbot.db.audit import record
from supportbot.db.models import ModelTrial, ModelVersion
from supportbot.db.session import Database
from supportbot.db.states import ModelStatus, TrialOutcome
from supportbot.errors import SupportBotError
from supportbot.trials.store import BETTER_BY_CHOICE, BY_ITSELF, Trial, end, running_row, trial_of
from supportbot.trials.tally import count
from supportbot.words import Sentence

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0
"""How soon a vote that decides ends the trial; a look at 5,000 conversations in SQLite takes a core for 0.1 s."""


class Judging:
    """Ends the trial that runs, when its rule says so.

    Args:
        database: where it is recorded.
        promote: puts a candidate live because it was better, with who started the trial and a reason.
    """

    def __init__(self, database: Database, promote: Callable[[str, str, str], Awaitable[object]]) -> None:
        self._database = database
        self._promote = promote

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:
                # A restarting PostgreSQL, or a full disk: the trial goes on until it can be looked at again.
                log.exception("trial.not_judged")
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> Trial | None:
        """Look once; return the trial if it ended by that."""
        async with self._database.read() as session:
            row = await running_row(session)
            if row is None or await _outcome(session, row) is None:
                return None
        async with self._database.write() as session:
            row = await running_row(session, locked=True)
            # Counted again: another daemon was quicker, or somebody took back the vote that decided.
            if row is None or (outcome := await _outcome(session, row)) is None:
                return None
            ended = await end(session, row, outcome, BY_ITSELF)
        log.info("trial.ended", trial=ended.trial_id, outcome=outcome.value, candidate=ended.candidate)
        if outcome is TrialOutcome.BETTER and ended.rule.promotes:
            await self._put_live(ended)
        return ended

    async def _put_live(self, trial: Trial) -> None:
        reason = str(Sentence(BETTER_BY_CHOICE, live=trial.live, number=trial.trial_id))
        try:
            await self._promote(trial.candidate, trial.started_by, reason)
        except Exception as error:
            # Whatever a disk or a database may do: the trial is over, so nobody tries that again.
            told = {"error": str(error)} if isinstance(error, SupportBotError) else {"exc_info": error}
            log.error("trial.promotion_failed", trial=trial.trial_id, **told)
            async with self._database.write() as session:
                subject, details = f"model:{trial.candidate}", {"trial": trial.trial_id}
                record(session, actor=BY_ITSELF, action="model.trial_unpromoted", subject=subject, details=details)


async def _outcome(session: AsyncSession, row: ModelTrial) -> TrialOutcome | None:
    query = select(ModelVersion.name, ModelVersion.status).where(ModelVersion.name.in_((row.live, row.candidate)))
    statuses = dict((await session.execute(query)).all())
    if statuses.get(row.live) != ModelStatus.ACTIVE:
        return TrialOutcome.LIVE_CHANGED
    if statuses.get(row.candidate) == ModelStatus.RETIRED:
        return TrialOutcome.CANDIDATE_GONE
    tally = await count(session, row)
    now = await clock.now(session)
    return trial_of(row).rule.outcome(tally, row.started_at, now)
