"""Erasing everything of a person, while daemons answer.

Files come first: their contents are recognised by the texts in the tables. Then rows are deleted, some at a time,
each batch one short transaction with its audit. A question that is being answered meanwhile is gone when the
worker wants to write its answer, so nothing is written. What others were shown of the person's words is emptied
before and after, since a daemon follows the knowledge within two seconds only.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Answer, Example, Feedback, Handoff, Question, Wording
from supportbot.db.session import Database
from supportbot.intake.erased import remember_answers, remember_questions
from supportbot.knowledge.store import raise_revision
from supportbot.privacy.files import Files, clean_files
from supportbot.privacy.forgetting import Forgotten, forget
from supportbot.privacy.found import PAGE, Found, examples_of_answers, examples_of_votes, find, parts
from supportbot.privacy.ledger import Ledger
from supportbot.privacy.person import Person, Theirs, theirs
from supportbot.privacy.policies import hide_in_policies
from supportbot.privacy.repeated import Gone, forget_foreign, hide_in_answers, hide_in_audit
from supportbot.privacy.rows import (
    erase_answers,
    erase_direct_messages,
    erase_questions,
    erase_votes,
    lock_questions,
)

FOLLOWED_SECONDS = 2.0
"""Within which every daemon has read that knowledge is gone; see ``knowledge.knowledge``."""

Told = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and of how much."""

THEMSELVES = "the person themselves"
"""Who had it erased, for the audit, where somebody clicked in chat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure did.

    Attributes:
        counts: rows that are gone or were changed, by kind.
        kept: approved answers in the person's words that stay, because wordings of others lead to them.
        versions: the model versions that learned from rows that are gone, and from which.
        files: what was done with files.
    """

    counts: Mapping[str, int]
    kept: Sequence[int]
    versions: Mapping[str, Sequence[int]]
    files: Files


class Privacy:
    """What may be done with a person's data.

    Args:
        database: where it is kept.
        home: folder of everything else that the bot keeps.
    """

    def __init__(self, database: Database, home: Path) -> None:
        self.database = database
        self.home = home

    async def find(self, person: Person) -> Found:
        """Return what there is of a person; see ``found.find``."""
        return await find(self.database, person)

    async def erase(
        self,
        person: Person,
        by: str,
        *,
        told: Told = lambda what, done, total: None,
        wait_seconds: float = FOLLOWED_SECONDS,
    ) -> Erased:
        """Erase everything of a person that can be reached.

        Args:
            person: whose.
            by: who has it erased, for the audit.
            told: see ``Told``.
            wait_seconds: how long daemons may take to follow, if knowledge is gone, before the answers that they
                wrote meanwhile are looked through.

        Raises:
            ConfigError: nobody is named in ``by``.
        """
        ledger = Ledger(by, "privacy.erase", f"person:{person.digest}")
        found = await self.find(person)
        async with self.database.read() as session:
            who = await theirs(session, person)
        told("Files", 0, 1)
        files = await asyncio.to_thread(
            clean_files, self.home, self.database.url.database, found.texts, who.names, found.examples
        )
        forgotten = Forgotten()
        expected = await _expected(self.database, found)
        hidden, seen = await hide_in_answers(self.database, expected)
        erasing = _Batches(self.database, who, found.own_words, forgotten, ledger)
        total = found.questions + found.votes + found.written + len(found.examples)
        await erasing.run(lambda done: told("Rows", min(done, total), total))
        gone = Gone(forgotten.wordings, forgotten.withdrawn)
        if gone.wordings or gone.entries:
            told("Waiting for daemons", 0, 1)
            await asyncio.sleep(wait_seconds)
            # Which answers of theirs would go was not known before: what gave them is looked for from the first.
            again, _ = await hide_in_answers(self.database, gone, after=0 if gone.entries else seen)
            hidden += again
        in_audit = await hide_in_audit(self.database, who.names, found.texts)
        foreign = await forget_foreign(self.database, found.texts)
        policies = await hide_in_policies(self.database, who.names)
        async with self.database.write() as session:
            last = {
                "answers to others": hidden,
                "audit rows": in_audit,
                "foreign questions": foreign,
                "policies": policies,
            }
            if not person.workspaces or person.direct_messages in person.workspaces:
                await erase_direct_messages(session, person.platform, person.direct_messages)
            closed = update(Handoff).where(who.closed).values(resolved_by=None).returning(Handoff.id)
            last["hand-offs they closed"] = len((await session.scalars(closed)).all())
            await ledger.note(session, {**last, "files": len(files.changed) + len(files.removed)})
        return Erased(
            counts={kind: count for kind, count in ledger.counts.items() if count},
            kept=sorted(forgotten.kept),
            versions=found.versions,
            files=files,
        )


async def _expected(database: Database, found: Found) -> Gone:
    """Return the wordings that are about to go, by entry."""
    wordings: dict[int, set[str]] = {}
    async with database.read() as session:
        for ids in parts(sorted(found.wordings)):
            rows = await session.execute(select(Wording.entry_id, Wording.text).where(Wording.id.in_(ids)))
            for entry_id, text in rows:
                wordings.setdefault(entry_id, set()).add(text)
    return Gone(wordings, ())


class _Batches:
    """The rows of a person, erased a batch at a time until none is left that was there at the beginning."""

    def __init__(
        self, database: Database, who: Theirs, own_words: Collection[int], forgotten: Forgotten, ledger: Ledger
    ) -> None:
        self._database = database
        self._who = who
        self._own_words = own_words
        self._forgotten = forgotten
        self._ledger = ledger

    async def run(self, told: Callable[[int], None]) -> None:
        done = 0
        async with self._database.read() as session:
            last = await session.scalar(select(func.max(Question.id))) or 0
        # What is asked from now on is not meant, and would never end.
        asked = [self._who.questions, Question.id <= last]
        kinds = (
            (select(Question.id).where(*asked).order_by(Question.id), self._questions),
            (select(Feedback.id).where(self._who.votes).order_by(Feedback.id), self._votes),
            (select(Answer.id).where(self._who.answers).order_by(Answer.id), self._answers),
            (select(Example.id).where(self._who.examples).order_by(Example.id), self._examples),
        )
        for query, erase in kinds:
            while True:
                async with self._database.write() as session:
                    if not (ids := list(await session.scalars(query.limit(PAGE)))):
                        break
                    revision = await raise_revision(session)
                    await self._ledger.note(session, await erase(session, ids, revision))
                done += len(ids)
                told(done)

    async def _questions(self, session: AsyncSession, ids: Sequence[int], revision: int) -> Counter[str]:
        answers = await lock_questions(session, ids)
        await remember_questions(session, ids)
        lost = await self._forget(session, await examples_of_answers(session, answers), revision)
        return lost + await erase_questions(session, ids)

    async def _votes(self, session: AsyncSession, ids: Sequence[int], revision: int) -> Counter[str]:
        await session.execute(
            select(Feedback.id).where(Feedback.id.in_(ids)).order_by(Feedback.id).with_for_update()
        )
        lost = await self._forget(session, await examples_of_votes(session, ids), revision)
        return lost + Counter({"votes": await erase_votes(session, Feedback.id.in_(ids))})

    async def _answers(self, session: AsyncSession, ids: Sequence[int], revision: int) -> Counter[str]:
        await session.execute(select(Answer.id).where(Answer.id.in_(ids)).order_by(Answer.id).with_for_update())
        lost = await self._forget(session, await examples_of_answers(session, ids), revision)
        await remember_answers(session, ids)
        gone = await erase_answers(session, ids)
        return lost + Counter({"answers they wrote": gone["answers"], "votes": gone["votes"]})

    async def _examples(self, session: AsyncSession, ids: Sequence[int], revision: int) -> Counter[str]:
        return await self._forget(session, ids, revision)

    async def _forget(self, session: AsyncSession, ids: Collection[int], revision: int) -> Counter[str]:
        lost = await forget(session, ids, revision, own_words=self._own_words)
        self._forgotten.add(lost)
        return lost.counts
