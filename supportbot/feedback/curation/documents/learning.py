"""Passages of documents as candidates for a curator: looked through first, written when somebody says yes.

A passage is known by its document's name, its headings and its text, so learning again proposes only what changed,
and what a curator rejected stays rejected. Passages are redacted like every candidate, and belong to no workspace
and no person. Beside each stands what it needs to be quoted (``knowledge.documents``), unless something was taken
out of it: then it is no longer what the document says.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import select

from supportbot.db import audit
from supportbot.db.models import Example
from supportbot.db.session import Database
from supportbot.db.states import ExampleSource, Split
from supportbot.feedback.curation._insert import Candidate, clean, insert_new, redacted
from supportbot.feedback.curation.documents.errors import DocumentError
from supportbot.feedback.curation.documents.fetching import is_address, without_secrets
from supportbot.feedback.curation.documents.proposing import Proposal, Proposals, Skip, propose
from supportbot.feedback.curation.documents.reading import read
from supportbot.feedback.curation.documents.sections import Document
from supportbot.feedback.curation.keys import conversation_of
from supportbot.knowledge import documents as quotable
from supportbot.knowledge.documents import NewPassage

__all__ = ["Found", "Learned", "Prepared", "Sample", "prepare"]

_BATCH = 1_000
"""Rows in one transaction; SQLite's only writer is kept for well under a second."""

_PAGE = 500
"""Values in one query."""

_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """A proposal that is shown."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What documents offer.

    Attributes:
        documents: how many.
        kinds: of these, with their numbers.
        first: the name of the first one.
        sections: headings and what stands before the first of them.
        passages: that may become entries.
        known: those among them that were proposed before.
        long: those that are long because they cannot be divided.
        skipped: sections that are none to propose, by reason.
        redacted: what was taken out of passages, by kind.
        unread: a sentence for each file of a folder that cannot be read.
        samples: the first proposals that are new.
    """

    documents: int
    kinds: Mapping[str, int]
    first: str
    sections: int
    passages: int
    known: int
    long: int
    skipped: Mapping[Skip, int]
    redacted: Mapping[str, int]
    unread: Sequence[str]
    samples: Sequence[Sample]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What was written: ``new`` of the ``passages``; the other attributes are those of ``Found``."""

    documents: int
    sections: int
    passages: int
    known: int
    new: int
    long: int
    skipped: Mapping[str, int]
    redacted: Mapping[str, int]
    unread: Sequence[str]


class Prepared:
    """Documents that were looked through and of which nothing is written yet; see ``prepare``."""

    def __init__(
        self,
        database: Database,
        found: Found,
        new: Mapping[str, Sequence[Candidate]],
        passages: Mapping[str, Sequence[NewPassage]],
    ) -> None:
        self.found = found
        self._database = database
        self._new = new
        self._passages = passages

    async def write(self, by: str | None = None) -> Learned:
        """Propose what is new.

        Args:
            by: the person; None for the account of this process.
        """
        new = 0
        for name, candidates in self._new.items():
            for start in range(0, len(candidates), _BATCH):
                new += await self._write(name, candidates[start : start + _BATCH], by or audit.current_user())
        for name, passages in self._passages.items():
            shown = without_secrets(name) if is_address(name) else name
            async with self._database.write() as session:
                await quotable.keep(session, name, shown, passages)
        found = self.found
        return Learned(
            documents=found.documents,
            sections=found.sections,
            passages=found.passages,
            known=found.known,
            new=new,
            long=found.long,
            skipped={str(reason): number for reason, number in found.skipped.items()},
            redacted=found.redacted,
            unread=found.unread,
        )

    async def _write(self, name: str, candidates: Sequence[Candidate], by: str) -> int:
        async with self._database.write() as session:
            new = len(await insert_new(session, candidates, datetime.now(UTC)))
            if new:
                audit.record(
                    session,
                    actor=by,
                    action="example.learn",
                    subject=f"document:{name}",
                    details={"new": new},
                )
        return new


async def prepare(
    database: Database, sources: Sequence[str], *, keep: Collection[str] = (), allow_private: bool = False
) -> Prepared:
    """Look documents through, so that a person may see what is proposed before it is.

    Args:
        database: where to.
        sources: paths and addresses.
        keep: what is public although it looks personal, see ``redact``.
        allow_private: whether an address may be of this machine or its network.

    Raises:
        SupportBotError: one of the sources cannot be read, or none has a passage.
    """
    documents: list[Document] = []
    unread: list[str] = []
    for source in sources:
        got = await read(source, allow_private=allow_private)
        documents += got.documents
        unread += got.unread
    offers = [propose(document) for document in documents]
    if not any(offer.proposals for offer in offers):
        raise DocumentError(
            f"'{documents[0].name}' has no passages to propose: write headings with a text below each."
        )
    taken_out: Counter[str] = Counter()
    by_document, passages = await asyncio.to_thread(_candidates, documents, offers, keep, taken_out)
    everything = [candidate for candidates in by_document.values() for candidate in candidates]
    known, held_out = await _present(database, everything)
    new = {
        name: [_placed(candidate, held_out) for candidate in candidates if candidate.origin not in known]
        for name, candidates in by_document.items()
    }
    found = Found(
        documents=len(documents),
        kinds=dict(Counter(document.kind for document in documents)),
        first=documents[0].name,
        sections=sum(offer.sections for offer in offers),
        passages=len(everything),
        known=sum(candidate.origin in known for candidate in everything),
        long=sum(offer.long for offer in offers),
        skipped=dict(sum((Counter(offer.skipped) for offer in offers), Counter[Skip]())),
        redacted=dict(sorted(taken_out.items())),
        unread=tuple(unread),
        samples=[
            Sample(candidate.question, candidate.answer) for candidates in new.values() for candidate in candidates
        ][:_SAMPLES],
    )
    return Prepared(database, found, new, passages)


def _candidates(
    documents: Sequence[Document], offers: Sequence[Proposals], keep: Collection[str], taken_out: Counter[str]
) -> tuple[dict[str, list[Candidate]], dict[str, list[NewPassage]]]:
    """Return the candidates of each document's name, and what may be quoted; of two that are equal, one."""
    found: dict[str, list[Candidate]] = {}
    passages: dict[str, list[NewPassage]] = {}
    seen: set[str] = set()
    for document, offer in zip(documents, offers, strict=True):
        of_name = found.setdefault(document.name, [])
        to_quote = passages.setdefault(document.name, [])
        for proposal in offer.proposals:
            if proposal.origin in seen:
                continue
            seen.add(proposal.origin)
            raw = Candidate(
                origin=proposal.origin,
                source=ExampleSource.IMPORT,
                question=proposal.question,
                answer=proposal.answer,
                conversation="",
            )
            here: Counter[str] = Counter()
            clean = redacted(raw, keep, here)
            taken_out += here
            if clean.question and clean.answer:
                of_name.append(replace(clean, conversation=conversation_of(clean.question)))
                if not here:
                    to_quote.append(_passage(proposal, clean, keep))
    return found, passages


def _passage(proposal: Proposal, candidate: Candidate, keep: Collection[str]) -> NewPassage:
    return NewPassage(origin=proposal.origin, heading=clean(proposal.heading, keep), text=candidate.answer)


async def _present(database: Database, candidates: Sequence[Candidate]) -> tuple[set[str], set[str]]:
    """Return the origins that are there, and the conversations that are held out."""
    known: set[str] = set()
    held_out: set[str] = set()
    for start in range(0, len(candidates), _PAGE):
        page = candidates[start : start + _PAGE]
        origins = select(Example.origin).where(Example.origin.in_([each.origin for each in page]))
        held = select(Example.conversation).where(
            Example.conversation.in_([each.conversation for each in page]), Example.split == Split.HELD_OUT
        )
        async with database.read() as session:
            known.update(await session.scalars(origins))
            held_out.update(await session.scalars(held))
    return known, held_out


def _placed(candidate: Candidate, held_out: Collection[str]) -> Candidate:
    """Return a candidate with its side: the only wording of an answer is trained on, see ``held_out``."""
    return replace(candidate, split=Split.HELD_OUT if candidate.conversation in held_out else Split.TRAIN)
