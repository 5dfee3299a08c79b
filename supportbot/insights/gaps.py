"""Gaps: what people asked and did not get, put together by similarity, and a curator's answer to it.

A question is a gap no more when it is marked as none of ours, or when what is known now would answer it: with
another answer than the one that was not good, or with that one as it was approved since. So an answer closes the
gap of everybody who asked for the same in other words, as far as the bot is sure.

What is shown of a question is redacted, as it is kept if it becomes a wording. What that costs is done once for a
question, and by a daemon ahead of anybody who looks (``preparing``).
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
from supportbot.feedback.entries import Entries
from supportbot.feedback.foreign import ForeignQuestions
from supportbot.insights.period import Days, Period
from supportbot.insights.preparing import Prepared, Ready, follow, prepare_ahead
from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.features import TextEncoder
from supportbot.knowledge.grouping import grouped, similarities_of, threshold
from supportbot.knowledge.index import Index
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.store import current_revision
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An answer that closed a gap, for taking it back.

    Attributes:
        entry_id: the entry that gives it.
        is_new: whether it was made; else it got more wordings.
        wordings: the numbers of these.
        question_ids: the questions that it answers.
        revision: of the knowledge, from which on it is given.
    """

    entry_id: int
    is_new: bool
    wordings: tuple[int, ...]
    question_ids: tuple[int, ...]
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dismissed:
    """A gap that was marked as none of ours, for taking it back: the numbers of its foreign questions."""

    foreign_ids: tuple[int, ...]


class Gaps:
    """Finds gaps, and closes them.

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
        self._entries = Entries(database, keep=keep)
        self._foreign = ForeignQuestions(database, keep=keep)
        self._prepared = Prepared(open_encoder, keep)
        self._known: dict[tuple[int, int], bool] = {}
        self._asked: tuple[int, Index | None] = (0, None)
        self._answered: dict[int, int] = {}
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
        self._answered = {
            number: revision for number, revision in self._answered.items() if revision > self._knowledge.revision
        }
        # Answered a moment ago, and not yet heard of by what is asked below.
        unmet = [one for one in unmet if one.question_id not in self._answered]
        ready = await asyncio.to_thread(self._prepared.prepare, unmet)
        texts = {one.text for one in ready.values()}
        async with self._database.read() as session:
            marked = select(ForeignQuestion.text).where(ForeignQuestion.text.in_(texts))
            foreign = set(await session.scalars(marked))
        unmet = [one for one in unmet if ready[one.question_id].text not in foreign | {""}]
        groups = await asyncio.to_thread(self._grouped, unmet, ready)
        return await self._open_ones(groups, ready)

    async def write(
        self, gap: Collection[int], asked: Collection[int], questions: Sequence[str], answer: str, by: str
    ) -> Written:
        """Answer a gap: the answer is approved, and given from now on.

        Args:
            gap: the numbers of all its questions.
            asked: of these, the ones that become wordings.
            questions: more ways of asking.
            answer: word for word, in Markdown.
            by: the person who approves it.

        Raises:
            KnowledgeError: see ``Entries.add``.
        """
        changed = await self._entries.add(questions, answer, by, asked=asked)
        async with self._database.read() as session:
            revision = await current_revision(session)
        self._answered |= dict.fromkeys(asked, revision)
        return Written(
            entry_id=changed.entry_id,
            is_new=changed.is_new,
            wordings=changed.wordings,
            question_ids=tuple(gap),
            revision=revision,
        )

    def is_live(self, written: Written) -> bool:
        """Return whether an answer is given by now, in this process."""
        return self._knowledge.revision >= written.revision

    async def take_back(self, written: Written, by: str) -> None:
        """Take an answer back: its entry is retired, or loses the wordings that it got.

        Raises:
            KnowledgeError: somebody has changed it since.
        """
        if written.is_new:
            await self._entries.retire([written.entry_id], by)
        elif written.wordings:
            await self._entries.edit(written.entry_id, by, remove=written.wordings)
        for number in written.question_ids:
            self._answered.pop(number, None)

    async def dismiss(self, gap: Gap, by: str) -> Dismissed:
        """Mark the questions of a gap as none of ours: nothing answers them, and they are no gap.

        Raises:
            KnowledgeError: one of them is a wording of a live entry.
        """
        texts = dict.fromkeys(question.text for question in gap.questions)
        marked = [await self._foreign.add(text, by) for text in texts]
        return Dismissed(foreign_ids=tuple(dict.fromkeys(one.foreign_id for one in marked)))

    async def bring_back(self, dismissed: Dismissed, by: str) -> None:
        """Take back that a gap is none of ours.

        Raises:
            KnowledgeError: somebody did so already.
        """
        await self._foreign.remove(dismissed.foreign_ids, by)

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
