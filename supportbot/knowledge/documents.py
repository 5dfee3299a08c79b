"""Passages of documents in the database: which there are, which of them may be quoted, and their vectors.

A passage hangs on the example that proposes it. It may be quoted while nobody has decided on that one: approved
it is knowledge, rejected it is nothing, and with an answer that a curator has edited it is no quotation any more.
What a document no longer says goes when the document is learned again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Example, Passage
from supportbot.db.states import ExampleLabel, ExampleStatus
from supportbot.knowledge import quoting
from supportbot.knowledge.store import answer_key, raise_revision

T = TypeVar("T")

_PAGE = 500
"""Values in one query."""

_IS_OPEN = (Example.status == ExampleStatus.PENDING, Example.label == ExampleLabel.GOOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassage:
    """A passage as a document has it: the origin of its example, its heading and its text."""

    origin: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class StoredVectors:
    """The vectors of a passage, in fp16, with the digest of the encoder that made them."""

    encoder: str
    question: bytes
    text: bytes


async def keep(session: AsyncSession, name: str, shown: str, passages: Sequence[NewPassage]) -> None:
    """Take over what a document says now: passages that are new get a row, those that are gone lose theirs.

    Args:
        session: to write with; the examples are there already.
        name: of the document, by which it is known again.
        shown: the same as people may see it.
        passages: all that may be quoted word for word.
    """
    await raise_revision(session)
    key = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
    by_id: dict[int, NewPassage] = {}
    for page in _pages(passages):
        by_origin = {one.origin: one for one in page}
        rows = await session.execute(select(Example.id, Example.origin).where(Example.origin.in_(list(by_origin))))
        by_id |= {number: by_origin[origin] for number, origin in rows}
    known = set(await session.scalars(select(Passage.example_id).where(Passage.document_key == key)))
    for gone in _pages(sorted(known - by_id.keys())):
        await session.execute(delete(Passage).where(Passage.example_id.in_(gone)))
    if fresh := [
        {
            "example_id": number,
            "document_key": key,
            "document": shown,
            "heading": one.heading,
            "answer_key": answer_key(one.text),
        }
        for number, one in by_id.items()
        if number not in known
    ]:
        await session.execute(insert(Passage), fresh)


async def open_passages(session: AsyncSession) -> list[quoting.Passage]:
    """Return the passages that may be quoted, the oldest first."""
    rows = await session.execute(
        select(
            Passage.example_id,
            Example.prompt,
            Example.completion,
            Passage.document,
            Passage.heading,
            Passage.answer_key,
        )
        .join(Example, Passage.example_id == Example.id)
        .where(*_IS_OPEN)
        .order_by(Passage.example_id)
    )
    return [
        quoting.Passage(
            id=row.example_id,
            question=row.prompt,
            text=row.completion,
            document=row.document,
            heading=row.heading,
        )
        for row in rows
        if row.answer_key == answer_key(row.completion)
    ]


async def count_waiting(session: AsyncSession) -> int:
    """Return how many proposals of documents wait for a curator, those that may not be quoted included."""
    query = select(func.count()).where(*_IS_OPEN, Example.origin.startswith("document:", autoescape=True))
    return await session.scalar(query) or 0


async def vectors_of(session: AsyncSession, ids: Sequence[int]) -> dict[int, StoredVectors]:
    """Return the vectors that there are of some passages."""
    found: dict[int, StoredVectors] = {}
    for page in _pages(ids):
        rows = await session.execute(
            select(Passage.example_id, Passage.encoder, Passage.question_vector, Passage.text_vector).where(
                Passage.example_id.in_(page)
            )
        )
        for number, encoder, question, text in rows:
            if encoder is not None and question is not None and text is not None:
                found[number] = StoredVectors(encoder, question, text)
    return found


async def store_vectors(session: AsyncSession, vectors: Mapping[int, StoredVectors]) -> None:
    """Keep the vectors of some passages; that is no change of knowledge."""
    if vectors:
        await session.execute(
            update(Passage),
            [
                {
                    "example_id": number,
                    "encoder": one.encoder,
                    "question_vector": one.question,
                    "text_vector": one.text,
                }
                for number, one in vectors.items()
            ],
        )


async def forget_vectors(session: AsyncSession, ids: Iterable[int]) -> None:
    """Let the vectors of passages be made anew, because their questions changed."""
    await session.execute(
        update(Passage)
        .where(Passage.example_id.in_(list(ids)))
        .values(encoder=None, question_vector=None, text_vector=None)
    )


def _pages(values: Sequence[T]) -> list[Sequence[T]]:
    return [values[start : start + _PAGE] for start in range(0, len(values), _PAGE)]
