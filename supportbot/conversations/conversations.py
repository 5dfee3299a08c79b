"""Conversations as the console asks for them, and what somebody may do about one.

The audit records who looked, as with ``supportbot log``, and how much was read, but never the text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy import func, select

from supportbot.config import Settings
from supportbot.conversations.criteria import Criteria, Cursor
from supportbot.conversations.listing import Choices, Page, read_choices, read_page
from supportbot.conversations.reading import read_thread
from supportbot.conversations.reproduction import Replayed, Stage, replay
from supportbot.conversations.thread import Thread
from supportbot.db import audit
from supportbot.db.models import Handoff, Question
from supportbot.db.session import Database
from supportbot.errors import SupportBotError
from supportbot.feedback.foreign import ForeignQuestions
from supportbot.handoffs.listing import UNRESOLVED, resolve_as_operator
from supportbot.words import N_


class UnknownQuestionError(SupportBotError):
    """A question is meant that is not there."""


class Conversations:
    """The log, for people who look into it.

    Args:
        settings: of this process; they say which engine says an answer again.
        database: where the log is kept.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._foreign = ForeignQuestions(database, keep=settings.kept_contacts)
        self._repeating = asyncio.Lock()

    async def page(self, criteria: Criteria, below: Cursor | None, by: str) -> Page:
        """Return a page of questions, the newest first.

        Args:
            criteria: which are wanted.
            below: where the page before ended; None for the first.
            by: who looks, for the audit.
        """
        page = await read_page(self._database, criteria, below)
        if page.rows:
            await self._note_reading(by, "log", len(page.rows))
        return page

    async def count_open(self) -> int:
        """Return how many hand-offs nobody has closed."""
        query = select(func.count()).where(Handoff.state.in_(UNRESOLVED))
        async with self._database.read() as session:
            return await session.scalar(query) or 0

    async def choices(self, workspace_id: int | None) -> Choices:
        """Return what a list can be narrowed by; see ``listing.read_choices``."""
        return await read_choices(self._database, workspace_id)

    async def thread(self, question_id: int, by: str) -> Thread:
        """Return the conversation of a question.

        Args:
            question_id: its number.
            by: who looks, for the audit.

        Raises:
            UnknownQuestionError: there is none of this number, or not any more.
        """
        thread = await read_thread(self._database, question_id)
        if thread is None:
            raise UnknownQuestionError(N_("This question doesn't exist. It may have been erased."))
        await self._note_reading(by, f"question:{question_id}", len(thread.turns))
        return thread

    async def say_again(self, answer_id: int, told: Callable[[Stage], None]) -> Replayed:
        """Have an answer of a model written once more, and compare; one at a time, as each loads a model.

        Args:
            answer_id: its number.
            told: is told how far this is.

        Raises:
            SupportBotError: it can't be done; the sentence says why, and what would help.
        """
        async with self._repeating:
            return await replay(self._database, self._settings, answer_id, told)

    async def mark_foreign(self, question_id: int, by: str) -> int:
        """Mark a question as none of ours; return the number of the mark, which takes it back.

        Raises:
            UnknownQuestionError: there is none of this number.
            SupportBotError: there is nothing to read in it, or an entry answers it.
        """
        async with self._database.read() as session:
            text = await session.scalar(select(Question.text).where(Question.id == question_id))
        if text is None:
            raise UnknownQuestionError(N_("This question doesn't exist. It may have been erased."))
        return (await self._foreign.add(text, by)).foreign_id

    async def unmark_foreign(self, foreign_id: int, by: str) -> None:
        """Take such a mark back.

        Raises:
            SupportBotError: it is not there any more.
        """
        await self._foreign.remove([foreign_id], by)

    async def close_handoff(self, handoff_id: int, by: str) -> bool:
        """Close a hand-off; return False if it was closed before.

        Raises:
            SupportBotError: there is none of this number.
        """
        return await resolve_as_operator(self._database, handoff_id, by)

    async def _note_reading(self, by: str, subject: str, questions: int) -> None:
        async with self._database.write() as session:
            audit.record(session, actor=by, action="log.read", subject=subject, details={"questions": questions})
