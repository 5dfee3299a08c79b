"""Gaps: what people asked and did not get, put together by similarity.

A question stops being a gap when it is marked as none of ours, or when the present knowledge would answer it: with
another answer than the bad one, or with that one if it was approved since. So an answer closes the gap of
everybody who asked the same in other words, as far as the bot is sure.

A question is shown redacted, as it is stored if it becomes a wording. Each is redacted once, by a daemon, before
anybody looks (``preparing``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import select

from supportbot.db import clock
from supportbot.db.models import ForeignQuestion
from supportbot.db.session import Database
from supportbot.insights.closing import Closing
from supportbot.insights.period import Days, Period
from supportbot.insights.preparing import Prepared, Ready, follow, prepare_ahead
from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.features import TextEncoder
from supportbot.knowledge.grouping import grouped, similarities_of, threshold
from supportbot.knowledge.index import Index
from supportbot.knowledge.knowledge import Knowledge
from supportbot.statistics.unmet import Shortfall, Unmet, read_unmet

MOST_GAPS = 20
"""Gaps that are shown at once: those of most people, which is a morning's work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOnce:
    """One of the questions of a gap, redacted."""

    question_id: int
    text: str
    shortfall: Shortfall
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What was asked and not answered well.

    Attributes:
        example: the wording that is most similar to all of it.
        people: how many different people asked.
        questions: what they asked, the newest first.
    """

    example: str
    people: int
    questions: tuple[AskedOnce, ...]

    @property
    def first(self) -> datetime:
        """When it was asked first in this time."""
        return self.questions[-1].asked_at

    @property
    def last(self) -> datetime:
        """When it was asked last."""
        return self.questions[0].asked_at

    @property
    def ids(self) -> tuple[int, ...]:
        """The numbers of its questions."""
        return tuple(question.question_id for question in self.questions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The gaps of a period.

    Attributes:
        gaps: those of most people, the most first.
        more: groups of questions that were not looked at besides.
    """

    gaps: tuple[Gap, ...]
    more: int


class Gaps:
    """Finds gaps.

    Args:
        database: the record.
        knowledge: what is known; a daemon's, which follows the database.
        open_encoder: what compares meanings, opened when it is needed; its result is None for letters alone.
        keep: what is public although it looks personal, as ``redact`` takes it.
    """

    def __init__(
        self,
        database: Database,
        knowledge: Knowledge,
        open_encoder: Callable[[], TextEncoder | None],
        keep: Collection[str] = (),
    ) -> None:
        self._database = database
        self._knowledge = knowledge
        self._open_encoder = open_encoder
        self._keep = keep
        self.closing = Closing(database, knowledge, keep)
        """Answers them."""
        self._prepared = Prepared(open_encoder, keep)
        self._known: dict[tuple[int, int], bool] = {}
        self._asked: tuple[int, Index | None] = (0, None)
        self._finding = asyncio.Lock()

    async def run(self, until_quiet: Callable[[], Awaitable[None]]) -> None:
        """Prepare what may be looked at ahead of anybody who looks, until cancelled.

        Args:
            until_quiet: returns when nobody is being answered; people go first.
        """
        await follow(self._database, self._prepared, until_quiet)

    async def prepare(self) -> None:
        """Prepare, whoever is being answered, what may be looked at by now."""
        await prepare_ahead(self._database, self._prepared, Days.MONTH)

    async def find(self, period: Period) -> Found:
        """Return the gaps of a period; of very many questions, those of the newest."""
        async with self._finding:  # one after the other: they share what is remembered
            return await self._find(period)

    async def _find(self, period: Period) -> Found:
        async with self._database.read() as session:
            since = await clock.now(session) - timedelta(days=period.days)
            unmet = await read_unmet(session, period.workspace_id, since)
        # Answered a moment ago, and not yet heard of by what is asked below.
        answered = self.closing.just_answered()
        unmet = [one for one in unmet if one.question_id not in answered]
        ready = await asyncio.to_thread(self._prepared.prepare, unmet)
        texts = {one.text for one in ready.values()}
        async with self._database.read() as session:
            marked = select(ForeignQuestion.text).where(ForeignQuestion.text.in_(texts))
            foreign = set(await session.scalars(marked))
        unmet = [one for one in unmet if ready[one.question_id].text not in foreign | {""}]
        groups = await asyncio.to_thread(self._grouped, unmet, ready)
        return await self._open_ones(groups, ready)

    def _grouped(self, unmet: Sequence[Unmet], ready: Mapping[int, Ready]) -> list[tuple[str, list[Unmet]]]:
        """Return which questions ask for the same, with the wording of each group, those of most people first."""
        if not unmet:
            return []
        prepared = [ready[one.question_id] for one in unmet]
        alike = similarities_of(np.stack([one.vector for one in prepared]), [one.text for one in prepared])
        groups = []
        for rows in grouped(alike, threshold(self._open_encoder())):
            nearest = rows[int(np.argmax(alike[np.ix_(rows, rows)].mean(axis=1)))]
            groups.append((prepared[nearest].text, [unmet[row] for row in rows]))
        return sorted(groups, key=lambda group: (-_people(group[1]), -len(group[1]), group[0]))

    async def _open_ones(self, groups: Sequence[tuple[str, list[Unmet]]], ready: Mapping[int, Ready]) -> Found:
        stamp = (self._knowledge.revision, self._knowledge.index)
        if stamp != self._asked:
            self._asked, self._known = stamp, {}
        gaps: list[Gap] = []
        looked_at = 0
        for example, group in groups:
            looked_at += 1
            texts = {one.question_id: ready[one.question_id].text for one in group}
            if standing := [one for one in group if not await self._is_known(one, texts[one.question_id])]:
                gaps.append(_gap(example, standing, texts))
            if len(gaps) == MOST_GAPS:
                break
        gaps.sort(key=lambda gap: (-gap.people, -len(gap.questions), gap.example))
        return Found(gaps=tuple(gaps), more=len(groups) - looked_at)

    async def _is_known(self, one: Unmet, text: str) -> bool:
        """Return whether what is known now would answer a question, and better than it was answered."""
        asked = one.question_id, hash(text)
        if asked not in self._known:
            decision = await self._knowledge.decide(normalise_question(text), one.workspace_id)
            is_known = False
            if decision is not None and decision.sure and decision.candidates:
                entry = decision.candidates[0].entry
                is_known = entry.id != one.entry_id or entry.approved_at > one.told_at
            self._known[asked] = is_known
        return self._known[asked]


def _gap(example: str, group: Sequence[Unmet], redacted: Mapping[int, str]) -> Gap:
    questions = [
        AskedOnce(
            question_id=one.question_id,
            text=redacted[one.question_id],
            shortfall=one.shortfall,
            asked_at=one.asked_at,
        )
        for one in group
    ]
    questions.sort(key=lambda question: question.asked_at, reverse=True)
    texts = {question.text for question in questions}
    return Gap(
        example=example if example in texts else questions[0].text,
        people=_people(group),
        questions=tuple(questions),
    )


def _people(group: Sequence[Unmet]) -> int:
    return len({(one.workspace_id, one.asker) for one in group})
