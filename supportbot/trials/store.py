"""The rows of trials: begun, read, and ended once, each step with its line in the audit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import clock
from supportbot.db.audit import record
from supportbot.db.models import ModelTrial
from supportbot.db.states import TrialOutcome, TrialState
from supportbot.errors import ModelError
from supportbot.trials.rule import Rule
from supportbot.trials.tally import count
from supportbot.words import N_

BY_ITSELF = "supportbot"
"""Who ends a trial by its rule, for the audit."""

BETTER_IN_TRIAL = N_("better than {live} in trial {number}")
BETTER_BY_CHOICE = N_("better than {live} in trial {number}, which was started with that choice")
"""Why a candidate was put live, for the audit, in English there; the second one where nobody clicked."""

_DECISIONS = (TrialOutcome.BETTER, TrialOutcome.WORSE, TrialOutcome.INCONCLUSIVE)
_RUNS = N_("A trial is already running. Stop it first, or wait for it to end.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A trial as it stands; see ``ModelTrial``."""

    trial_id: int
    live: str
    candidate: str
    rule: Rule
    state: TrialState
    outcome: TrialOutcome | None
    started_by: str
    started_at: datetime
    ended_by: str | None
    ended_at: datetime | None

    @property
    def is_running(self) -> bool:
        """Whether conversations are on the candidate."""
        return self.state is TrialState.RUNNING


def trial_of(row: ModelTrial) -> Trial:
    """Return what a row says."""
    return Trial(
        trial_id=row.id,
        live=row.live,
        candidate=row.candidate,
        rule=Rule(
            share=row.share,
            alpha=row.alpha,
            most_conversations=row.most_conversations,
            most_days=row.most_days,
            promotes=row.promotes,
        ),
        state=row.state,
        outcome=row.outcome,
        started_by=row.started_by,
        started_at=row.started_at,
        ended_by=row.ended_by,
        ended_at=row.ended_at,
    )


async def running_row(session: AsyncSession, *, locked: bool = False) -> ModelTrial | None:
    """Return the row of the trial that runs; None for none.

    Args:
        session: to read with.
        locked: whether nobody else may change it before the transaction ends.
    """
    query = select(ModelTrial).where(ModelTrial.state == TrialState.RUNNING)
    found: ModelTrial | None = await session.scalar(query.with_for_update() if locked else query)
    return found


async def latest_row(session: AsyncSession) -> ModelTrial | None:
    """Return the row of the latest trial, whether it runs or not."""
    found: ModelTrial | None = await session.scalar(select(ModelTrial).order_by(ModelTrial.id.desc()).limit(1))
    return found


async def begin(session: AsyncSession, live: str, candidate: str, rule: Rule, by: str) -> Trial:
    """Begin a trial in the caller's transaction.

    Raises:
        ModelError: one runs already.
    """
    if await running_row(session) is not None:
        raise ModelError(_RUNS)
    row = ModelTrial(
        live=live,
        candidate=candidate,
        share=rule.share,
        alpha=rule.alpha,
        most_conversations=rule.most_conversations,
        most_days=rule.most_days,
        promotes=rule.promotes,
        state=TrialState.RUNNING,
        started_by=by,
        started_at=await clock.now(session),
    )
    session.add(row)
    try:
        await session.flush()
    except IntegrityError:  # somebody else began one at the same moment
        raise ModelError(_RUNS) from None
    details = {
        "trial": row.id,
        "live": live,
        "share": rule.share,
        "alpha": rule.alpha,
        "most_conversations": rule.most_conversations,
        "most_days": rule.most_days,
        "promotes": rule.promotes,
    }
    record(session, actor=by, action="model.trial_start", subject=f"model:{candidate}", details=details)
    return trial_of(row)


async def end(session: AsyncSession, row: ModelTrial, outcome: TrialOutcome, by: str) -> Trial:
    """End a trial whose row the caller's transaction has locked; its figures stay as they are now."""
    row.state = TrialState.DECIDED if outcome in _DECISIONS else TrialState.STOPPED
    row.figures = (await count(session, row)).record(row.alpha)
    row.outcome, row.ended_by, row.ended_at = outcome, by, await clock.now(session)
    details = {"trial": row.id, "outcome": outcome.value, "figures": row.figures}
    record(session, actor=by, action="model.trial_end", subject=f"model:{row.candidate}", details=details)
    await session.flush()
    return trial_of(row)
