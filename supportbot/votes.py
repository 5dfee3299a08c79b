"""Thumbs: one vote per person and answer, of which the last one counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from sqlalchemy import select

from supportbot.db.models import Answer, Feedback
from supportbot.db.session import Database
from supportbot.errors import SupportBotError


class Vote(IntEnum):
    """A thumb."""

    UP = 1
    DOWN = -1


class UnknownAnswerError(SupportBotError):
    """Somebody voted on an answer that is not in the database (any more)."""


@dataclass(frozen=True, slots=True)
class VoteOutcome:
    """What a vote did; ``previous`` is the same person's earlier vote on the answer, if any."""

    vote: Vote
    previous: Vote | None

    @property
    def changed(self) -> bool:
        """Whether the database now says something else than before."""
        return self.vote != self.previous


class Votes:
    """Feedback in the database.

    Args:
        database: where it is kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def cast(self, answer_id: int, voter: str, vote: Vote) -> VoteOutcome:
        """Record a vote, replacing the same person's earlier one.

        Raises:
            UnknownAnswerError: there is no such answer.
        """
        now = datetime.now(UTC)
        async with self._database.write() as session:
            # The lock on the answer makes two votes of one person at the same moment wait for each other.
            if await session.scalar(select(Answer.id).where(Answer.id == answer_id).with_for_update()) is None:
                raise UnknownAnswerError("This answer is no longer in the log, so it cannot be voted on.")
            row = await session.scalar(
                select(Feedback).where(Feedback.answer_id == answer_id, Feedback.voter == voter)
            )
            if row is None:
                session.add(Feedback(answer_id=answer_id, voter=voter, vote=vote, created_at=now, updated_at=now))
                return VoteOutcome(vote, None)
            previous = Vote(row.vote)
            if previous != vote:
                row.vote, row.updated_at = vote, now
            return VoteOutcome(vote, previous)
