"""The passages that a running bot may quote: what `supportbot learn` proposed and nobody has decided on yet.

It follows the database as the knowledge does, by the same revision. What may no longer be quoted is out as soon as
it is read; what is new is encoded and fitted in the background, in threads, while the old shelf answers. Vectors
are kept in the database, so a start encodes nothing anew, and no start waits for this at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import numpy as np
import structlog

from supportbot.db.session import Database
from supportbot.errors import SupportBotError
from supportbot.intake.normalise import normalise_question
from supportbot.knowledge import documents, store
from supportbot.knowledge.documents import StoredVectors
from supportbot.knowledge.excerpt import excerpt
from supportbot.knowledge.features import Floats, TextEncoder
from supportbot.knowledge.foreign import foreign_vectors, shipped_foreign
from supportbot.knowledge.knowledge import POLL_SECONDS
from supportbot.knowledge.quoting import LEAST_PASSAGES, MOST_PASSAGES, Passage, Quotable, Shelf

log = structlog.get_logger(__name__)

_BATCH = 64
"""Passages that are encoded and kept at a time."""

_FAILED_SECONDS = 5.0
"""Pause after the database or the encoder failed."""


_Wanted = tuple[tuple[Passage, ...], tuple[str, ...]]
"""Passages, and the questions that a curator marked as none of ours."""


class Passages:
    """Passages that can be asked.

    Args:
        database: where they are kept.
        open_encoder: opens the sentence encoder, or gives None for n-grams alone; called in a thread, when there
            is something to encode.
    """

    def __init__(self, database: Database, open_encoder: Callable[[], TextEncoder | None]) -> None:
        self._database = database
        self._open_encoder = open_encoder
        self._revision = 0
        self._wanted: _Wanted = ((), ())
        self._built: _Wanted = self._wanted
        self._open: frozenset[Passage] = frozenset()
        self._vectors: dict[int, tuple[Passage, StoredVectors]] = {}
        self._foreign_vectors: Floats | None = None
        self._building: asyncio.Task[None] | None = None
        self.shelf: Shelf | None = None
        self.problem = ""
        """Why it does not follow the database; empty if it does."""

    @property
    def number(self) -> int:
        """How many passages may be quoted, if one is near enough."""
        return len(self._open)

    async def run(self) -> None:
        """Follow the database until cancelled."""
        while True:
            try:
                await self.refresh()
                if self._building is None or not self._building.done():
                    self.problem = ""
                elif (error := self._building.exception()) is not None:
                    self._building, self._revision = None, 0  # tried again
                    raise error
            except SupportBotError as error:
                if self.problem != str(error):  # said once, not every time
                    log.error("passages.refresh_failed", error=str(error))
                self.problem = str(error)
                await asyncio.sleep(_FAILED_SECONDS)
            except Exception:
                log.exception("passages.refresh_failed")
                self.problem = "what changed cannot be read; the log says why"
                await asyncio.sleep(_FAILED_SECONDS)
            await asyncio.sleep(POLL_SECONDS)

    async def load(self) -> None:
        """Take over everything, however long it takes.

        Raises:
            EncoderError: the encoder cannot be used.
        """
        await self.refresh()
        if self._building is not None:
            await self._building

    async def aclose(self) -> None:
        """Stop what is under way."""
        if self._building is not None:
            self._building.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._building

    async def refresh(self) -> None:
        """Look at the revision; if it is another, take out at once what is gone, and begin with what is new."""
        async with self._database.read() as session:
            if (revision := await store.current_revision(session)) == self._revision:
                return
            found = await documents.open_passages(session)
            marked = await store.foreign_questions(session)
        found = [one for one in found[-MOST_PASSAGES:] if excerpt(one.text) is not None]
        self._open, self._revision = frozenset(found), revision
        self._wanted = tuple(found), marked
        if self._wanted != self._built and (self._building is None or self._building.done()):
            self._building = asyncio.create_task(self._build_latest(), name="passages")

    async def find(self, question: str) -> Quotable | None:
        """Return the passage that is nearest to a normalised question, if one can be quoted at all."""
        if (shelf := self.shelf) is None:
            return None
        found = await asyncio.to_thread(shelf.find, question)
        return found if found is not None and found.passage in self._open else None

    async def _build_latest(self) -> None:
        """Build a shelf of what is wanted, and of what is wanted by then, until it is that of today."""
        while (wanted := self._wanted) != self._built:
            passages, marked = wanted
            if len({" ".join(one.text.split()) for one in passages}) < LEAST_PASSAGES:
                self.shelf, self._built = None, wanted
                continue
            encoder = await asyncio.to_thread(self._open_encoder)
            vectors = await self._complete(passages, encoder) if encoder is not None else {}
            if self._foreign_vectors is None:
                self._foreign_vectors = await asyncio.to_thread(foreign_vectors, encoder)
            self.shelf = shelf = await asyncio.to_thread(
                Shelf,
                passages,
                _matrix([vectors[one.id].question for one in passages] if encoder else [b""] * len(passages)),
                _matrix([vectors[one.id].text for one in passages] if encoder else [b""] * len(passages)),
                encoder,
                foreign=shipped_foreign(),
                foreign_vectors=self._foreign_vectors,
                marked=marked,
            )
            self._built = wanted
            log.info("passages.refreshed", passages=len(passages), **shelf.calibration.as_record())

    async def _complete(self, passages: Sequence[Passage], encoder: TextEncoder) -> Mapping[int, StoredVectors]:
        """Return the vectors of all passages; missing ones are computed and stored."""
        fitting = {
            one.id: known
            for one in passages
            if (known := self._vectors.get(one.id)) and known[0] == one and known[1].encoder == encoder.digest
        }
        missing = [one for one in passages if one.id not in fitting]
        async with self._database.read() as session:
            stored = await documents.vectors_of(session, [one.id for one in missing])
        width = 2 * encoder.dimensions  # fp16
        for one in missing:
            if (vectors := stored.get(one.id)) is None or vectors.encoder != encoder.digest:
                continue
            if len(vectors.question) == len(vectors.text) == width:
                fitting[one.id] = one, vectors
        missing = [one for one in missing if one.id not in fitting]
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            # The encoder has two threads, and each call takes one.
            questions, texts = await asyncio.gather(
                asyncio.to_thread(encoder.encode, [normalise_question(one.question) for one in batch]),
                asyncio.to_thread(encoder.encode, [" ".join(one.text.split()) for one in batch]),
            )
            made = {
                one.id: StoredVectors(encoder.digest, question.tobytes(), text.tobytes())
                for one, question, text in zip(
                    batch, questions.astype(np.float16), texts.astype(np.float16), strict=True
                )
            }
            async with self._database.write() as session:
                await documents.store_vectors(session, made)
            fitting |= {one.id: (one, made[one.id]) for one in batch}
        self._vectors = fitting
        return {number: vectors for number, (_, vectors) in fitting.items()}


def _matrix(rows: Sequence[bytes]) -> Floats:
    joined = np.frombuffer(b"".join(rows), np.float16)
    return joined.reshape(len(rows), -1 if len(joined) else 0).astype(np.float32)
