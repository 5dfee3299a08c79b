"""Whether everything is as if no process had ended: the database, beside what people have seen."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import func, select

from supportbot.db.models import Answer, Outbox, Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, OutboxState, QuestionState

SET_ASIDE = "ended the process"
"""The reason of a question during which too many processes ended; its asker is told."""

_OPEN = {QuestionState.RECEIVED, QuestionState.ANSWERING, QuestionState.ANSWERED}
_TOLD = {QuestionState.FAILED, QuestionState.EXPIRED, QuestionState.REFUSED}
_LOOK_SECONDS = 0.1


@dataclass(slots=True, kw_only=True)
class Kept:
    """The state of the database.

    Attributes:
        kept: questions.
        unfinished: of these, not in their last state; a defect.
        not_one_answer: of these, without an answer or with several; a defect.
        undelivered: replies that have not reached the platform; a defect.
        told: questions whose askers were told why there is no answer.
        set_aside: of these, those during which too many processes ended.
    """

    kept: int = 0
    unfinished: int = 0
    not_one_answer: int = 0
    undelivered: int = 0
    told: int = 0
    set_aside: int = 0

    @property
    def is_settled(self) -> bool:
        """Whether nothing is under way."""
        return not self.unfinished and not self.undelivered

    @property
    def is_whole(self) -> bool:
        """Whether it is as if no process had ended."""
        return self.is_settled and not self.not_one_answer


@dataclass(slots=True, kw_only=True)
class Outcome:
    """The outcome of many ends of processes.

    Attributes:
        by_step: how many ended at each step.
        questions: that people asked; Discord lost some of them by its own rules.
        lost: questions whose askers wait in vain.
        doubled: questions that were answered more than once, and messages that answer none.
        database: its state.
        waits: seconds from the end of a process to the answer, for questions open at that time.
        stops: seconds that a daemon took to stop after SIGTERM.
        unclean: daemons that ended with a wrong status.
        late: daemons that took longer to stop than promised.
    """

    by_step: dict[str, int] = field(default_factory=dict)
    questions: int = 0
    lost: int = 0
    doubled: int = 0
    database: Kept = field(default_factory=Kept)
    waits: list[float] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)
    unclean: int = 0
    late: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing was lost, nothing doubled, and every daemon ended as it should."""
        return not (self.lost or self.doubled or self.unclean or self.late) and self.database.is_whole

    def add(self, other: Outcome) -> None:
        """Add another outcome."""
        for step, count in other.by_step.items():
            self.by_step[step] = self.by_step.get(step, 0) + count
        self.questions += other.questions
        self.lost += other.lost
        self.doubled += other.doubled
        self.unclean += other.unclean
        self.late += other.late
        self.waits += other.waits
        self.stops += other.stops
        for one in fields(Kept):
            setattr(self.database, one.name, getattr(self.database, one.name) + getattr(other.database, one.name))

    def as_record(self) -> dict[str, Any]:
        """Return the figures for the record; times in seconds."""
        return {
            "kills": sum(self.by_step.values()),
            "by_step": dict(sorted(self.by_step.items())),
            "questions": self.questions,
            "lost": self.lost,
            "doubled": self.doubled,
            "set_aside": self.database.set_aside,
            "unclean": self.unclean,
            "late": self.late,
            "in_database": {one.name: getattr(self.database, one.name) for one in fields(Kept)},
            "take_over_s": _spread(self.waits),
            "stop_s": _spread(self.stops),
        }


async def read_kept(database: Database) -> Kept:
    """Return the state of the database."""
    async with database.read() as session:
        answers = (
            select(func.count())
            .where(Answer.question_id == Question.id, Answer.source != AnswerSource.HUMAN)
            .scalar_subquery()
        )
        questions = (await session.execute(select(Question.state, Question.reason, answers))).all()
        replies = (await session.scalars(select(Outbox.state))).all()
    return Kept(
        kept=len(questions),
        unfinished=sum(state in _OPEN for state, _, _ in questions),
        not_one_answer=sum(count != 1 for _, _, count in questions),
        undelivered=sum(state != OutboxState.DELIVERED for state in replies),
        told=sum(state in _TOLD for state, _, _ in questions),
        set_aside=sum(reason == SET_ASIDE for _, reason, _ in questions),
    )


async def settle(database: Database, seconds: float) -> Kept:
    """Return the state of the database as soon as nothing is in progress, or after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            while not (kept := await read_kept(database)).is_settled:  # noqa: ASYNC110 - nobody announces it
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        kept = await read_kept(database)
    return kept


def _spread(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {"p50": round(statistics.median(values), 2), "max": round(max(values), 2)}
