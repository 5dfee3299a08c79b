"""Thumbs: one vote per person and answer, of which the last one counts, and what a 👎 was for.

An explanation belongs to a 👎: without one there is nothing to explain, and a later 👍 takes it back, since
whoever is content now should not teach the model that the answer was bad. The last vote is the one that was given
last, not the one that came last: a platform, or somebody who kept a request, may deliver an old one again.

A vote from where the answer was not given (``reach``) is told that there is no such answer. It knows no platform,
and nothing of training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Answer, Feedback
from supportbot.db.session import Database
from supportbot.db.states import FeedbackReason
from supportbot.errors import SupportBotError
from supportbot.feedback.reach import was_given_to
from supportbot.words import N_

MAX_CORRECTION = 2_000
"""Characters of a correction that are kept: about what the model can say at most, and every platform's form holds
them."""

REASON_WORDS: Mapping[FeedbackReason, str] = {
    FeedbackReason.WRONG: N_("It's wrong"),
    FeedbackReason.OUTDATED: N_("It's out of date"),
    FeedbackReason.INCOMPLETE: N_("Something is missing"),
    FeedbackReason.NOT_WHAT_I_ASKED: N_("Not what I asked"),
    FeedbackReason.RUDE: N_("It's rude"),
    FeedbackReason.OTHER: N_("Something else"),
}
"""What people read, in the order in which they are offered it."""


class Vote(IntEnum):
    """A thumb."""

    UP = 1
    DOWN = -1


class UnknownAnswerError(SupportBotError):
    """Somebody voted on an answer, or explained a vote, that is not in the database (any more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What somebody said was wrong with an answer, and what it should have said; each may be missing."""

    reason: FeedbackReason | None = None
    correction: str | None = None


UNEXPLAINED = Explanation()


@dataclass(frozen=True, slots=True)
class VoteOutcome:
    """What a vote did.

    Attributes:
        vote: as it stands now.
        previous: the same person's earlier vote on the answer, if any.
        explanation: of the vote as it stands now; for a form that is opened again.
    """

    vote: Vote
    previous: Vote | None
    explanation: Explanation = UNEXPLAINED

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

    async def cast(
        self,
        answer_id: int,
        voter: str,
        vote: Vote,
        *,
        workspace: str | None = None,
        at: datetime | None = None,
    ) -> VoteOutcome:
        """Record a vote, replacing the same person's earlier one.

        Args:
            answer_id: the answer voted on.
            voter: who votes; a name that is unique over all platforms and begins with that of theirs.
            vote: the thumb.
            workspace: the platform's id of where the voter is; None where a platform has only one.
            at: when the thumb was clicked, by the platform's clock; None for now. One that is older than what is
                known already changes nothing.

        Raises:
            UnknownAnswerError: there is no such answer there.
        """
        now = datetime.now(UTC)
        at = at or now
        async with self._database.write() as session:
            row = await _locked(session, answer_id, voter, workspace)
            if row is None:
                session.add(
                    Feedback(
                        answer_id=answer_id, voter=voter, vote=vote, voted_at=at, created_at=now, updated_at=now
                    )
                )
                return VoteOutcome(vote, None)
            previous = Vote(row.vote)
            if row.voted_at is not None and at < row.voted_at:
                return VoteOutcome(previous, previous, Explanation(reason=row.reason, correction=row.correction))
            row.voted_at = at
            if previous != vote:
                row.vote, row.updated_at = vote, now
                row.reason = row.correction = None  # they were about the other vote
            return VoteOutcome(vote, previous, Explanation(reason=row.reason, correction=row.correction))

    async def explain(
        self,
        answer_id: int,
        voter: str,
        reason: FeedbackReason | None,
        correction: str | None,
        *,
        workspace: str | None = None,
    ) -> Explanation:
        """Record why somebody's 👎 was given, replacing what the same person said before.

        Args:
            answer_id: the answer voted on.
            voter: who voted.
            reason: what was wrong with it, if that was said.
            correction: what it should have said. Blank counts as nothing said, and what exceeds
                ``MAX_CORRECTION`` characters is cut off.
            workspace: as for ``cast``.

        Returns:
            What is kept now.

        Raises:
            UnknownAnswerError: there is no such answer there, or no 👎 of this person on it.
        """
        said = Explanation(reason=reason, correction=(correction or "").strip()[:MAX_CORRECTION].rstrip() or None)
        async with self._database.write() as session:
            row = await _locked(session, answer_id, voter, workspace)
            if row is None or row.vote != Vote.DOWN:
                raise UnknownAnswerError(
                    N_("You no longer have a 👎 on this answer, so there is nothing to explain.")
                )
            row.reason, row.correction, row.updated_at = said.reason, said.correction, datetime.now(UTC)
        return said


async def _locked(session: AsyncSession, answer_id: int, voter: str, workspace: str | None) -> Feedback | None:
    """Return somebody's vote on an answer, which nobody else changes before the transaction ends.

    Raises:
        UnknownAnswerError: there is no such answer where they are.
    """
    # The lock on the answer makes two votes of one person at the same moment wait for each other.
    there = select(Answer.id).where(Answer.id == answer_id, was_given_to(voter, workspace)).with_for_update()
    if await session.scalar(there) is None:
        raise UnknownAnswerError(N_("This answer is no longer in the log, so you can't vote on it."))
    found: Feedback | None = await session.scalar(
        select(Feedback).where(Feedback.answer_id == answer_id, Feedback.voter == voter)
    )
    return found
