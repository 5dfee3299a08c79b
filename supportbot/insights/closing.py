"""Closing gaps: a curator's answer, or the mark that a question is none of ours, each of which can be taken back.

Nothing is kept about the gap itself: what is known now decides whether it is one (``gaps``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from supportbot.db.session import Database
from supportbot.feedback.entries import Entries
from supportbot.feedback.foreign import ForeignQuestions
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.store import current_revision


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


class Closing:
    """Closes gaps.

    Args:
        database: the record.
        knowledge: what is known; a daemon's, which follows the database.
        keep: what is public although it looks personal, as ``redact`` takes it.
    """

    def __init__(self, database: Database, knowledge: Knowledge, keep: Collection[str]) -> None:
        self._database = database
        self._knowledge = knowledge
        self._entries = Entries(database, keep=keep)
        self._foreign = ForeignQuestions(database, keep=keep)
        self._answered: dict[int, int] = {}

    def just_answered(self) -> Collection[int]:
        """Return the numbers of questions whose answers this process does not know of yet."""
        known = self._knowledge.revision
        self._answered = {number: revision for number, revision in self._answered.items() if revision > known}
        return self._answered

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

    async def dismiss(self, questions: Iterable[str], by: str) -> Dismissed:
        """Mark the questions of a gap as none of ours: nothing answers them, and they are no gap.

        Args:
            questions: as they are shown.
            by: the person.

        Raises:
            KnowledgeError: one of them is a wording of a live entry.
        """
        marked = [await self._foreign.add(text, by) for text in dict.fromkeys(questions)]
        return Dismissed(foreign_ids=tuple(dict.fromkeys(one.foreign_id for one in marked)))

    async def bring_back(self, dismissed: Dismissed, by: str) -> None:
        """Take back that a gap is none of ours.

        Raises:
            KnowledgeError: somebody did so already.
        """
        await self._foreign.remove(dismissed.foreign_ids, by)
