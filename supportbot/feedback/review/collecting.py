"""The queue follows the log by itself, so that its number says how much waits before anybody has opened the page.

What teaches something is a vote, a person's answer, and the consent of a workspace. Where there is none that is
new, the log is not walked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy import Row, func, select

from supportbot.db.models import Answer, Feedback, Workspace
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource

log = structlog.get_logger(__name__)

_SECONDS = 60.0
"""Between two looks: a number beside a page's name may be that old."""

_by_people = select(func.max(Answer.id)).where(Answer.source == AnswerSource.HUMAN).scalar_subquery()
_consent = select(func.max(Workspace.training_consent_at)).scalar_subquery()
_LATEST = select(func.max(Feedback.id), func.max(Feedback.updated_at), _by_people, _consent)


class Collecting:
    """Has the queue follow the log.

    Args:
        database: where the log is.
        collect: brings the queue up to date.
    """

    def __init__(self, database: Database, collect: Callable[[], Awaitable[object]]) -> None:
        self._database = database
        self._collect = collect
        self._seen: Row[*tuple[object, ...]] | None = None

    async def run(self, until_quiet: Callable[[], Awaitable[None]]) -> None:
        """Follow the log until cancelled.

        Args:
            until_quiet: returns when nobody is being answered; people go first.
        """
        while True:
            await asyncio.sleep(_SECONDS)
            await until_quiet()
            try:
                await self.look()
            except Exception:
                # A restarting PostgreSQL, or a full disk: what waits can be read again in a minute.
                log.exception("review.not_collected")

    async def look(self) -> bool:
        """Collect if there is something new in the log, and return whether there was."""
        async with self._database.read() as session:
            latest = (await session.execute(_LATEST)).one()
        if latest == self._seen:
            return False
        await self._collect()
        self._seen = latest
        return True
