"""What is counted in a trial: conversations, each of them once, in the arm that it was assigned to.

People vote on answers, but they were assigned by conversations, and votes in one conversation are no independent
evidence. So a conversation is judged once: bad if anybody gave 👎 or a correction to an answer that the model
wrote in it, good if there are only 👍, and not at all without a vote. Answers that come from no model say nothing
about one and are left out; so are answers of the other version than the assigned one, as of a daemon that could
not load the candidate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Answer, Feedback, Handoff, ModelTrial, Question
from supportbot.db.states import AnswerSource, QuestionState
from supportbot.trials.assignment import is_on_candidate
from supportbot.trials.sequence import NOTHING, Judged, interval

_POINTS = 60
"""Of the interval over time: more are no easier to see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One arm.

    Attributes:
        version: that answers there.
        conversations: in which it was asked.
        judged: how many of them people judged, and how.
        not_sure: of them, those in which it was never sure enough to be shown.
        followed_up: those in which something was asked after its first answer.
        handed_off: those in which a human was asked.
        settled: those with an answer of it, and neither a further question nor a human.
    """

    version: str
    conversations: int = 0
    judged: Judged = NOTHING
    not_sure: int = 0
    followed_up: int = 0
    handed_off: int = 0
    settled: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How a conversation was judged, and when somebody last said so."""

    at: datetime
    is_candidate: bool
    is_good: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What was not ruled out after so many judgements."""

    at: datetime
    judgements: int
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Both arms, with all judgements in their order."""

    live: Arm
    candidate: Arm
    judgements: tuple[Judgement, ...] = ()

    def record(self, alpha: float) -> dict[str, Any]:
        """Return the figures as JSON can hold them."""
        low, high = interval(self.live.judged, self.candidate.judged, alpha)
        arms = {"live": self.live, "candidate": self.candidate}
        return {
            "difference": {"low": low, "high": high},
            **{name: arm_record(arm) for name, arm in arms.items()},
        }


def arm_record(arm: Arm) -> dict[str, Any]:
    """Return an arm as JSON can hold it."""
    return {
        "version": arm.version,
        "conversations": arm.conversations,
        "good": arm.judged.good,
        "bad": arm.judged.bad,
        "not_sure": arm.not_sure,
        "followed_up": arm.followed_up,
        "handed_off": arm.handed_off,
        "settled": arm.settled,
    }


def arm_of(record: Mapping[str, Any]) -> Arm:
    """Return what ``arm_record`` made."""
    counts = ("conversations", "not_sure", "followed_up", "handed_off", "settled")
    judged = Judged(record["good"], record["bad"])
    return Arm(version=record["version"], judged=judged, **{name: record[name] for name in counts})


@dataclass(slots=True)
class _Seen:
    first_at: datetime
    was_sure: bool
    was_handed_off: bool


async def count(session: AsyncSession, trial: ModelTrial) -> Tally:
    """Count what happened in a trial up to its end, or up to now.

    What somebody has erased since counts no more.

    Args:
        session: to read with.
        trial: which.
    """
    during = [Answer.created_at >= trial.started_at]
    if trial.ended_at is not None:
        during.append(Answer.created_at < trial.ended_at)
    of_models = [Answer.model_version.in_((trial.live, trial.candidate)), Answer.source != AnswerSource.HUMAN]
    seen = await _conversations(session, trial, [*of_models, *during])
    judgements = await _judgements(session, trial, [*of_models, *during])
    asked_last = await _asked_last(session, trial)
    return Tally(
        live=_arm(trial.live, False, seen, judgements, asked_last),
        candidate=_arm(trial.candidate, True, seen, judgements, asked_last),
        judgements=tuple(sorted(judgements, key=lambda one: one.at)),
    )


def history(judgements: Sequence[Judgement], alpha: float) -> tuple[Point, ...]:
    """Return what was not ruled out as judgements came; the last point is that of now.

    Args:
        judgements: in their order.
        alpha: of the trial.
    """
    stride = max(1, -(-len(judgements) // _POINTS))
    ends = range(len(judgements), 0, -stride)
    points, counted = [], 0
    live = candidate = NOTHING
    for end in reversed(ends):
        for one in judgements[counted:end]:
            if one.is_candidate:
                candidate = _add(candidate, one)
            else:
                live = _add(live, one)
        counted = end
        low, high = interval(live, candidate, alpha)
        points.append(Point(at=judgements[end - 1].at, judgements=end, low=low, high=high))
    return tuple(points)


def _add(judged: Judged, one: Judgement) -> Judged:
    return Judged(judged.good + one.is_good, judged.bad + (not one.is_good))


def _arm(
    version: str,
    is_candidate: bool,
    seen: dict[tuple[int, bool], _Seen],
    judgements: Iterable[Judgement],
    asked_last: dict[int, datetime],
) -> Arm:
    found = [(number, one) for (number, on_candidate), one in seen.items() if on_candidate is is_candidate]
    followed = {number for number, one in found if asked_last.get(number, one.first_at) > one.first_at}
    mine = [one.is_good for one in judgements if one.is_candidate is is_candidate]
    return Arm(
        version=version,
        conversations=len(found),
        judged=Judged(sum(mine), len(mine) - sum(mine)),
        not_sure=sum(not one.was_sure for _, one in found),
        followed_up=len(followed),
        handed_off=sum(one.was_handed_off for _, one in found),
        settled=sum(one.was_sure and not one.was_handed_off and number not in followed for number, one in found),
    )


async def _conversations(
    session: AsyncSession, trial: ModelTrial, conditions: Sequence[ColumnElement[bool]]
) -> dict[tuple[int, bool], _Seen]:
    """Return conversations in which the assigned version was asked, by number and arm."""
    rows = await session.execute(
        select(
            Question.conversation_id,
            Answer.model_version,
            func.min(Answer.created_at).label("first_at"),
            func.max(case((Answer.source == AnswerSource.GENERATED, 1), else_=0)).label("was_sure"),
            func.count(Handoff.id).label("handoffs"),
        )
        .select_from(Answer)
        .join(Question, Answer.question_id == Question.id)
        .outerjoin(Handoff, Handoff.question_id == Question.id)
        .where(*conditions)
        .group_by(Question.conversation_id, Answer.model_version)
    )
    found = {}
    for row in rows:
        is_candidate = is_on_candidate(trial.id, row.conversation_id, trial.share)
        if row.model_version == (trial.candidate if is_candidate else trial.live):
            seen = _Seen(row.first_at, bool(row.was_sure), bool(row.handoffs))
            found[row.conversation_id, is_candidate] = seen
    return found


async def _judgements(
    session: AsyncSession, trial: ModelTrial, conditions: Sequence[ColumnElement[bool]]
) -> list[Judgement]:
    if trial.ended_at is not None:
        conditions = [*conditions, Feedback.created_at < trial.ended_at]
    rows = await session.execute(
        select(
            Question.conversation_id,
            Answer.model_version,
            func.max(case((Feedback.vote < 0, 1), (Feedback.correction.is_not(None), 1), else_=0)).label("is_bad"),
            func.max(Feedback.updated_at).label("at"),
        )
        .select_from(Feedback)
        .join(Answer, Feedback.answer_id == Answer.id)
        .join(Question, Answer.question_id == Question.id)
        .where(*conditions, Answer.source == AnswerSource.GENERATED)
        .group_by(Question.conversation_id, Answer.model_version)
    )
    found = []
    for row in rows:
        is_candidate = is_on_candidate(trial.id, row.conversation_id, trial.share)
        if row.model_version == (trial.candidate if is_candidate else trial.live):
            found.append(Judgement(at=row.at, is_candidate=is_candidate, is_good=not row.is_bad))
    return found


async def _asked_last(session: AsyncSession, trial: ModelTrial) -> dict[int, datetime]:
    """Return when something was last asked in each conversation; other samples are no further question."""
    conditions = [
        Question.received_at >= trial.started_at,
        Question.sample == 1,
        Question.unasked.is_(False),
        Question.state != QuestionState.REFUSED,
    ]
    if trial.ended_at is not None:
        conditions.append(Question.received_at < trial.ended_at)
    rows = await session.execute(
        select(Question.conversation_id, func.max(Question.received_at).label("at"))
        .where(*conditions)
        .group_by(Question.conversation_id)
    )
    return {row.conversation_id: row.at for row in rows}
