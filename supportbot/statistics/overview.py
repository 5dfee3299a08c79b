"""What people are shown besides answers: their own questions, questions worth asking, and the figures.

Whatever is asked for a workspace is answered from it alone, and from what is for all. Nothing of this is needed to
answer, so nothing waits for it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from supportbot.db import clock
from supportbot.db.models import Workspace
from supportbot.db.session import Database
from supportbot.intake.history import Exchange, History
from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.completion import LONGEST_TYPED, complete
from supportbot.knowledge.entries import Viewer
from supportbot.knowledge.index import LEAST_SUGGESTED
from supportbot.knowledge.knowledge import Knowledge
from supportbot.statistics.asked import asked_in, most_asked, newest
from supportbot.statistics.statistics import Statistics, read_statistics

WEEK_DAYS = 7

_NOWHERE = 0
"""The number of no workspace: who is there is shown what is for all. Numbers begin with 1."""

_POPULAR_DAYS = 30


class Overview:
    """Looks back, and at what is known.

    Args:
        database: the record.
        knowledge: what is verified.
    """

    def __init__(self, database: Database, knowledge: Knowledge) -> None:
        self._database = database
        self._knowledge = knowledge
        self._history = History(database)

    async def statistics(self, platform: str, workspace: str, days: int = WEEK_DAYS) -> Statistics:
        """Return the figures of a workspace; all are 0 where nobody has asked yet.

        Args:
            platform: as in ``IncomingQuestion``.
            workspace: as above.
            days: how many, up to now.
        """
        return await read_statistics(self._database, await self._number(platform, workspace), days)

    async def questions_of(self, platform: str, workspace: str, asker: str, most: int) -> list[Exchange]:
        """Return the latest questions of a person in one workspace with their answers, the newest first."""
        return await self._history.of_person(platform, workspace, asker, most)

    async def popular(self, platform: str, workspace: str, most: int) -> list[str]:
        """Return verified questions worth asking: the most asked ones of a month, then the newest ones."""
        number = await self._number(platform, workspace)
        async with self._database.read() as session:
            since = await clock.now(session) - timedelta(days=_POPULAR_DAYS)
            asked = [one.question for one in await most_asked(session, number, asked_in(number, since), most)]
            added = await newest(session, number, most) if len(asked) < most else []
        return list(dict.fromkeys([*asked, *added]))[:most]

    async def complete(self, platform: str, workspace: str, typed: str, most: int, longest: int) -> list[str]:
        """Return verified questions that may be meant by what somebody has typed so far, the likeliest first.

        They come from memory; knowledge that is too large for it is asked as for an answer, and tells a few.

        Args:
            platform: as in ``IncomingQuestion``.
            workspace: as above.
            typed: so far, and perhaps nothing.
            most: how many to return.
            longest: characters of a question; longer ones are left out.
        """
        # Nobody's consent lets one workspace see what another has asked.
        viewer = replace(self._knowledge.viewer(await self._number(platform, workspace)), consenting=())
        if self._knowledge.stored is not None:
            return (await self._nearest(typed, viewer, longest))[:most]
        if (index := self._knowledge.index) is None:
            return []
        return await asyncio.to_thread(complete, index, typed, viewer, most, longest)

    async def _nearest(self, typed: str, viewer: Viewer, longest: int) -> list[str]:
        question = normalise_question(typed[:LONGEST_TYPED])
        if self._knowledge.stored is None or not question:
            return []
        decision = await self._knowledge.stored.decide(question, viewer)
        found = decision.candidates if decision is not None else ()
        texts = [one.wording.text for one in found if one.similarity >= LEAST_SUGGESTED]
        return [text for text in texts if len(text) <= longest]

    async def _number(self, platform: str, workspace: str) -> int:
        """Return the number of a workspace in the database; that of none where nobody has asked yet."""
        query = select(Workspace.id).where(Workspace.platform == platform, Workspace.external_id == workspace)
        async with self._database.read() as session:
            return await session.scalar(query) or _NOWHERE
