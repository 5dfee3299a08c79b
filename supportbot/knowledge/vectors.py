"""The vectors of entries and wordings: those in the database as long as they fit, others computed once and kept.

A vector belongs to the encoder that made it: under another encoder's digest it is computed anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import islice

import numpy as np

from supportbot.db.models import Entry
from supportbot.db.models import Wording as WordingRow
from supportbot.db.session import Database
from supportbot.intake.normalise import normalise_question
from supportbot.knowledge import store
from supportbot.knowledge.entries import KnownEntry
from supportbot.knowledge.features import Floats, TextEncoder
from supportbot.knowledge.foreign import foreign_vectors

_BATCH = 256
"""Texts that are encoded and kept at a time."""


class Vectors:
    """Vectors in memory, by what they are of.

    Args:
        database: where they are kept.
        encoder: makes them; None where texts are compared by n-grams alone.
    """

    def __init__(self, database: Database, encoder: TextEncoder | None) -> None:
        self._database = database
        self.encoder = encoder
        self._found: dict[tuple[str, str], bytes] = {}
        self._foreign: Floats | None = None

    async def complete(self, entries: Sequence[KnownEntry], *, most: int) -> bool:
        """Compute what is missing, of the newest entries first; return whether nothing is missing any more.

        Args:
            entries: all that are live; vectors of others are forgotten.
            most: texts to encode at most.
        """
        if (encoder := self.encoder) is None:
            return True
        self._take_over(entries, encoder)
        wanted = [
            (kind, number, text)
            for entry in reversed(entries)
            for kind, number, text in (
                ("answer", entry.id, entry.answer),
                *(("wording", one.id, one.text) for one in entry.wordings),
            )
            if (kind, text) not in self._found
        ]
        rest = islice(wanted, most)
        while batch := list(islice(rest, _BATCH)):
            texts = [
                normalise_question(text) if kind == "wording" else " ".join(text.split())
                for kind, _, text in batch
            ]
            halves = (texts[::2], texts[1::2])  # the encoder has two threads, and each call takes one
            first, second = await asyncio.gather(*(asyncio.to_thread(encoder.encode, half) for half in halves))
            vectors = [b""] * len(batch)
            vectors[::2] = [row.tobytes() for row in first.astype(np.float16)]
            vectors[1::2] = [row.tobytes() for row in second.astype(np.float16)]
            async with self._database.write() as session:
                for name, kind in (("answer", Entry), ("wording", WordingRow)):
                    found = {row[1]: vector for row, vector in zip(batch, vectors, strict=True) if row[0] == name}
                    await store.store_vectors(session, kind, encoder.digest, found)
            self._found |= {(kind, text): vector for (kind, _, text), vector in zip(batch, vectors, strict=True)}
        return len(wanted) <= most

    async def of_foreign(self) -> Floats:
        """Return the vectors of all shipped questions that belong to no entry, ``[n, d]``."""
        if self._foreign is None:
            self._foreign = await asyncio.to_thread(foreign_vectors, self.encoder)
        return self._foreign

    def has(self, entry: KnownEntry) -> bool:
        """Return whether all vectors of an entry are there."""
        return self.encoder is None or (
            ("answer", entry.answer) in self._found
            and all(("wording", one.text) in self._found for one in entry.wordings)
        )

    def of_wordings(self, entries: Sequence[KnownEntry]) -> Floats:
        """Return the vectors of all wordings, in order, ``[wordings, d]``."""
        return self._matrix([("wording", one.text) for entry in entries for one in entry.wordings])

    def of_answers(self, entries: Sequence[KnownEntry]) -> Floats:
        """Return the vectors of the answers, in order, ``[entries, d]``."""
        return self._matrix([("answer", entry.answer) for entry in entries])

    def _take_over(self, entries: Sequence[KnownEntry], encoder: TextEncoder) -> None:
        found: dict[tuple[str, str], bytes] = {}
        width = 2 * encoder.dimensions  # fp16
        for entry in entries:
            for kind, text, digest, vector in (
                ("answer", entry.answer, entry.encoder, entry.vector),
                *(("wording", one.text, one.encoder, one.vector) for one in entry.wordings),
            ):
                if digest == encoder.digest and vector is not None and len(vector) == width:
                    found[kind, text] = vector
                elif (kept := self._found.get((kind, text))) is not None:
                    found[kind, text] = kept
        self._found = found

    def _matrix(self, keys: Sequence[tuple[str, str]]) -> Floats:
        if self.encoder is None:
            return np.zeros((len(keys), 0), np.float32)
        joined = np.frombuffer(b"".join(self._found[key] for key in keys), np.float16)
        return joined.reshape(len(keys), self.encoder.dimensions).astype(np.float32)
