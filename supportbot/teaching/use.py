"""What became of an approved answer: how often it was given, when last, and what people thought of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Answer, Feedback
from supportbot.db.states import AnswerSource
from supportbot.statistics.interval import wilson


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """The figures of an entry.

    Attributes:
        given: how often.
        last_given: when; None if never.
        up: thumbs up.
        down: thumbs down.
    """

    given: int
    last_given: datetime | None
    up: int
    down: int

    @property
    def liked(self) -> tuple[float, float, float] | None:
        """The share of thumbs up with its 95 % interval, or None without a vote."""
        return wilson(self.up, self.down)


async def read_use(session: AsyncSession, entry_id: int) -> Use:
    """Return the figures of an entry; where two answers were given at once, they count for the first."""
    was_given = (Answer.entry_id == entry_id, Answer.source == AnswerSource.APPROVED)
    given = (await session.execute(select(func.count(), func.max(Answer.created_at)).where(*was_given))).one()
    votes = (
        await session.execute(
            select(func.count().filter(Feedback.vote > 0), func.count().filter(Feedback.vote < 0))
            .select_from(Feedback)
            .join(Answer, Feedback.answer_id == Answer.id)
            .where(*was_given)
        )
    ).one()
    return Use(given=given[0], last_given=given[1], up=votes[0], down=votes[1])
