"""How knowledge forgets: rows for training go, and with them their wordings, and answers that nothing leads to.

An approved answer stays as long as a wording of somebody else leads to it, whoever wrote it: it is what the team
says. One that came from conversations and has no wording left is emptied. Its row stays, retired and without a
word, for daemons hear of a change by reading rows that are newer, and a row that is gone is not newer. What
operators gave, and passages of documents, keep their text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Entry, Example, ExampleDecision, Wording
from supportbot.db.states import EntrySource, EntryState, ExampleStatus
from supportbot.knowledge.publishing import touch
from supportbot.knowledge.store import answer_key
from supportbot.privacy.found import parts

_FROM_CONVERSATIONS = (EntrySource.VOTES, EntrySource.CORRECTION, EntrySource.HUMAN)


@dataclass(slots=True)
class Forgotten:
    """What the knowledge has lost.

    Attributes:
        counts: rows that are gone, by kind.
        wordings: the texts of wordings that are gone, by entry.
        emptied: entries that say nothing any more.
        own: entries in the words of the person who is forgotten, emptied or not.
    """

    counts: Counter[str] = field(default_factory=Counter)
    wordings: dict[int, set[str]] = field(default_factory=dict)
    emptied: set[int] = field(default_factory=set)
    own: set[int] = field(default_factory=set)

    @property
    def kept(self) -> set[int]:
        """Entries in the person's words that stay, because wordings of others lead to them."""
        return self.own - self.emptied

    @property
    def withdrawn(self) -> set[int]:
        """Entries in the person's words that say nothing any more."""
        return self.own & self.emptied

    def add(self, other: Forgotten) -> None:
        """Add what another transaction has taken away."""
        self.counts.update(other.counts)
        for entry_id, texts in other.wordings.items():
            self.wordings.setdefault(entry_id, set()).update(texts)
        self.emptied |= other.emptied
        self.own |= other.own


async def forget(
    session: AsyncSession, example_ids: Collection[int], revision: int, *, own_words: Collection[int] = ()
) -> Forgotten:
    """Erase rows for training with all that the knowledge has of them.

    Args:
        session: of the transaction, which raised the revision.
        example_ids: which.
        revision: of this transaction.
        own_words: the rows whose answer is in the words of the person to forget.
    """
    forgotten = Forgotten()
    entries: set[int] = set()
    for ids in parts(sorted(example_ids)):
        completions = await session.execute(select(Example.id, Example.completion).where(Example.id.in_(ids)))
        keys = {answer_key(text): number in own_words for number, text in completions}
        # Also those whose wording was taken out before: nothing else leads to what they still say.
        for number, key in await session.execute(
            select(Entry.id, Entry.answer_key).where(Entry.answer_key.in_(keys))
        ):
            entries.add(number)
            if keys[key]:
                forgotten.own.add(number)
        rows = (await session.execute(select(Wording).where(Wording.example_id.in_(ids)))).scalars().all()
        for row in rows:
            entries.add(row.entry_id)
            forgotten.wordings.setdefault(row.entry_id, set()).add(row.text)
        await session.execute(delete(Wording).where(Wording.id.in_([row.id for row in rows])))
        gone = await session.scalars(delete(Example).where(Example.id.in_(ids)).returning(Example.id))
        forgotten.counts += Counter({"wordings": len(rows), "training rows": len(gone.all())})
    if forgotten.wordings:
        await touch(session, forgotten.wordings, revision)
    await _empty(session, entries, revision, forgotten)
    return forgotten


async def _empty(session: AsyncSession, entry_ids: Collection[int], revision: int, forgotten: Forgotten) -> None:
    """Empty those of the entries that came from conversations and have no wording."""
    for ids in parts(sorted(entry_ids)):
        rows = await session.scalars(
            select(Entry)
            .where(
                Entry.id.in_(ids),
                Entry.answer != "",
                Entry.source.in_(_FROM_CONVERSATIONS),
                ~select(Wording.id).where(Wording.entry_id == Entry.id).exists(),
            )
            .with_for_update()
        )
        texts = set()
        for row in rows:
            if row.id in forgotten.own:
                texts.add(row.answer)
            forgotten.emptied.add(row.id)
        await session.execute(
            update(Entry)
            .where(Entry.id.in_(forgotten.emptied.intersection(ids)))
            .values(
                answer="",
                answer_key=answer_key(""),
                encoder=None,
                vector=None,
                token_vectors=None,
                state=EntryState.RETIRED,
                revision=revision,
            )
            .execution_options(synchronize_session=False)
        )
        # What others proposed of theirs: clicks on its suggestions, votes on answers that gave it.
        proposed = delete(Example).where(Example.completion.in_(texts), Example.status != ExampleStatus.APPROVED)
        gone = await session.scalars(proposed.returning(Example.id).execution_options(synchronize_session=False))
        forgotten.counts["training rows"] += len(gone.all())
        before = or_(ExampleDecision.completion.in_(texts), ExampleDecision.rejected.in_(texts))
        await session.execute(delete(ExampleDecision).where(before))
    forgotten.counts["approved answers"] += len(forgotten.emptied)
