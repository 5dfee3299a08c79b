"""The vectors of entries and wordings, and of their tokens: those in the database, others computed once and kept.

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
from supportbot.knowledge.entries import Encoded, KnownEntry
from supportbot.knowledge.features import Floats, TextEncoder, Tokens
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
        self._has_tokens = False
        self._found: dict[tuple[str, str], Encoded] = {}
        self._foreign: Floats | None = None

    async def complete(self, entries: Sequence[KnownEntry], *, most: int, with_tokens: bool) -> bool:
        """Compute what is missing, of the newest entries first; return whether nothing is missing any more.

        Args:
            entries: all that are live; vectors of others are forgotten.
            most: texts to encode at most.
            with_tokens: whether the vectors of tokens are wanted as well.
        """
        if (encoder := self.encoder) is None:
            return True
        self._has_tokens = with_tokens
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
            # The encoder has two threads, and each call takes one.
            first, second = await asyncio.gather(
                *(asyncio.to_thread(self._encode, encoder, half) for half in (texts[::2], texts[1::2]))
            )
            made = [*first, *second]
            made[::2], made[1::2] = first, second
            async with self._database.write() as session:
                for name, kind in (("answer", Entry), ("wording", WordingRow)):
                    found = {row[1]: one for row, one in zip(batch, made, strict=True) if row[0] == name}
                    await store.store_vectors(session, kind, encoder.digest, found)
            self._found |= {(kind, text): one for (kind, _, text), one in zip(batch, made, strict=True)}
        return len(wanted) <= most

    def _encode(self, encoder: TextEncoder, texts: Sequence[str]) -> list[Encoded]:
        if not self._has_tokens:
            return [Encoded(row.tobytes(), None) for row in encoder.encode(texts).astype(np.float16)]
        vectors, tokens = encoder.encode_with_tokens(texts)
        return [
            Encoded(row.tobytes(), part.tobytes())
            for row, part in zip(vectors.astype(np.float16), tokens, strict=True)
        ]

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
        return self._matrix(_wordings(entries))

    def of_answers(self, entries: Sequence[KnownEntry]) -> Floats:
        """Return the vectors of the answers, in order, ``[entries, d]``."""
        return self._matrix(_answers(entries))

    def of_tokens(self, entries: Sequence[KnownEntry]) -> tuple[list[Tokens], list[Tokens]]:
        """Return those of the tokens of wordings and of answers, in these orders; none where unwanted."""
        if self.encoder is None or not self._has_tokens:
            return [], []
        width = self.encoder.token_width
        of_wordings, of_answers = (
            [np.frombuffer(self._found[key].token_vectors or b"", np.int8).reshape(-1, width) for key in keys]
            for keys in (_wordings(entries), _answers(entries))
        )
        return of_wordings, of_answers

    def _take_over(self, entries: Sequence[KnownEntry], encoder: TextEncoder) -> None:
        found: dict[tuple[str, str], Encoded] = {}
        width = 2 * encoder.dimensions  # fp16
        for entry in entries:
            for kind, text, digest, vector, tokens in (
                ("answer", entry.answer, entry.encoder, entry.vector, entry.token_vectors),
                *(("wording", one.text, one.encoder, one.vector, one.token_vectors) for one in entry.wordings),
            ):
                is_ours = digest == encoder.digest and vector is not None and len(vector) == width
                has_tokens = tokens is not None and len(tokens) % encoder.token_width == 0
                kept = self._found.get((kind, text))
                if is_ours and vector is not None and (has_tokens or not self._has_tokens):
                    found[kind, text] = Encoded(vector, tokens if self._has_tokens else None)
                elif kept is not None and (kept.token_vectors is not None or not self._has_tokens):
                    found[kind, text] = kept
        self._found = found

    def _matrix(self, keys: Sequence[tuple[str, str]]) -> Floats:
        if self.encoder is None:
            return np.zeros((len(keys), 0), np.float32)
        joined = np.frombuffer(b"".join(self._found[key].vector for key in keys), np.float16)
        return joined.reshape(len(keys), self.encoder.dimensions).astype(np.float32)


def _wordings(entries: Sequence[KnownEntry]) -> list[tuple[str, str]]:
    return [("wording", one.text) for entry in entries for one in entry.wordings]


def _answers(entries: Sequence[KnownEntry]) -> list[tuple[str, str]]:
    return [("answer", entry.answer) for entry in entries]
