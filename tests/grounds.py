"""Answers that stand on approved knowledge, and answers that are not sure: what every platform is given to show.

Nothing here knows a platform; what an answer says differs from one to the next, for each has its own markup.
"""

from __future__ import annotations

from datetime import UTC, datetime

from supportbot.db.models import Entry
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, EntrySource, EntryState
from supportbot.intake.questions import Grounds, Reply, Suggestion, Verified

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
"""When everything here was approved."""

NEAR = "How long does delivery take?"
"""A question of the knowledge, which is suggested."""


def verified(name: str = "Ana Lopez", at: datetime = NOON) -> Verified:
    """Return an approved answer as it is given."""
    return Verified(entry_id=1, approved_by=name, approved_at=at, similarity=0.9)


def approved(*by: Verified, answer: str) -> Reply:
    """Return a reply that is an approved answer."""
    return Reply(text=answer, source=AnswerSource.APPROVED, grounds=Grounds(verified=by))


def unsure(*suggestions: Suggestion) -> Reply:
    """Return a reply that is not sure, and suggests something."""
    grounds = Grounds(suggestions=suggestions)
    return Reply(text="I am not sure.", source=AnswerSource.NOT_SURE, model_version="v1", grounds=grounds)


async def add_entry(database: Database, answer: str) -> int:
    """Put an approved answer into the knowledge; return its number."""
    entry = Entry(
        answer=answer,
        answer_key="k",
        source=EntrySource.IMPORT,
        approved_by="Ana Lopez",
        approved_at=NOON,
        state=EntryState.LIVE,
        revision=1,
        created_at=NOON,
    )
    async with database.write() as session:
        session.add(entry)
        await session.flush()
        return entry.id
