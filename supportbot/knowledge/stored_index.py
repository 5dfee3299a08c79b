"""Everything that is known, left in PostgreSQL: what an ``Index`` is for knowledge that is too large for memory.

It decides as an index without a rule does, on the wordings that pgvector finds nearest. In memory are the rarities
of n-grams and the threshold alone. Both come from a sample, and hold until the knowledge has grown or shrunk by
one percent: a single answer moves neither.

The rarity of an n-gram is that of the sample. Among the wordings of a short list it would say what tells those
apart, but then similarities of two questions could not be held against one threshold.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.intake.normalise import normalise_question
from supportbot.knowledge import store, vector_search
from supportbot.knowledge.calibration import Calibration, LeftOut, calibrate
from supportbot.knowledge.decision import Candidate, Decision
from supportbot.knowledge.entries import KnownEntry, Viewer
from supportbot.knowledge.features import Features, Floats, Grams, mixed
from supportbot.knowledge.folding import folded
from supportbot.knowledge.index import precedence
from supportbot.knowledge.nearest import SHORTLIST, beside_answers, best_of, nearest_row, sample_size
from supportbot.knowledge.spelling import Spelling
from supportbot.knowledge.vector_search import Near, Sampled
from supportbot.knowledge.vector_table import Row, VectorTable, key_of
from supportbot.knowledge.vectors import Vectors

_TEXTS = 20_000
"""Wordings that the rarity of n-grams is learned from: a third of a second."""

_ANSWERS = 64
"""Entries of a short list whose answers are compared as well, those with the nearest wordings."""

_AT_A_TIME = 2_048
"""Wordings that are looked at and written in one go."""

_ENCODED = 512
"""Texts that are encoded before what is ready goes live."""

_IN_A_TRANSACTION = 20
"""Wordings that are asked in one transaction: a long one would keep the server from cleaning up."""

_MOVED_SHARE = 0.01
"""Growth or shrinkage after which the threshold is found anew."""


@dataclass(frozen=True, slots=True)
class _Scored:
    """The entries of a short list: what a question is compared with, and how it came out, ``[entries]`` each."""

    ids: NDArray[np.int64]
    entries: dict[int, KnownEntry]
    starts: NDArray[np.intp]
    similarities: Floats
    nearest: Floats
    confidences: Floats


@dataclass(frozen=True, slots=True)
class _Scale:
    """What holds until it is calibrated anew."""

    grams: Grams
    spelling: Spelling
    left_out: LeftOut
    calibration: Calibration
    wordings: int
    foreign: tuple[str, ...]


class StoredIndex:
    """Approved answers that can be asked, in a table of PostgreSQL; ``calibrate`` comes first.

    Args:
        table: that is searched.
        wrong_rate: see ``calibration.calibrate``.
    """

    def __init__(self, table: VectorTable, *, wrong_rate: float) -> None:
        self._table = table
        self._database = table.database
        self._encoder = table.encoder
        self._vectors = Vectors(table.database, table.encoder)
        self.wrong_rate = wrong_rate
        self._scale: _Scale | None = None
        self.wordings = 0
        self.entries = 0

    @property
    def calibration(self) -> Calibration:
        """The threshold with its figures."""
        return self._measured.calibration

    @property
    def left_out(self) -> LeftOut:
        """What the threshold is based on."""
        return self._measured.left_out

    def set_wrong_rate(self, wrong_rate: float) -> None:
        """Take the threshold for another share of wrong answers from now on; that takes no time."""
        self.wrong_rate = wrong_rate
        calibration = calibrate(self.left_out, wrong_rate=wrong_rate)
        self._scale = replace(self._measured, calibration=calibration)

    @property
    def _measured(self) -> _Scale:
        if self._scale is None:
            raise RuntimeError("`calibrate` comes before the first question")
        return self._scale

    def features(self, questions: Sequence[str]) -> Features:
        """Return normalised questions as they are compared, typing errors put right; blocks while encoding."""
        right = [self._measured.spelling.corrected(question) for question in questions]
        return _features(self._encoder.encode(right), self._measured.grams, right)

    async def follow(self, after: int) -> bool:
        """Bring the table nearer to what is live; return whether it is there.

        Args:
            after: only entries that changed after this revision are looked at; 0 for all.

        Raises:
            EncoderError: the encoder cannot be used.
        """
        await self._table.forget(after)
        async with self._database.read() as session:
            missing = await self._table.missing(session, after, _AT_A_TIME)
            bare = await self._table.missing_answers(session, after, _AT_A_TIME)
            known = await store.entries(session, {*missing.values(), *bare})
            self.wordings, self.entries = await vector_search.count(session)
        is_complete = await self._vectors.complete(known, most=_ENCODED, with_tokens=False)
        ready = [entry for entry in known if self._vectors.has(entry)]
        wordings = [one for entry in ready for one in entry.wordings]
        rows = []
        for one, vector in zip(wordings, self._vectors.of_wordings(ready), strict=True):
            if one.id in missing:
                question = normalise_question(one.text)
                rows.append(Row(one.id, one.text, question, key_of(folded(question)), vector))
        await self._table.add(rows)
        return is_complete and max(len(missing), len(bare)) < _AT_A_TIME

    def is_outgrown(self, foreign: Sequence[str]) -> bool:
        """Return whether the threshold should be found anew; see ``calibrate``."""
        scale = self._measured
        moved = abs(self.wordings - scale.wordings)
        return moved > _MOVED_SHARE * scale.wordings or tuple(foreign) != scale.foreign

    async def decide(self, question: str, viewer: Viewer, *, most: int = 3) -> Decision | None:
        """Return what is known about a question; None where nothing is.

        Args:
            question: normalised.
            viewer: who asks.
            most: candidates to return.
        """
        if not self.wordings:
            return None
        scale = self._measured
        threshold = scale.calibration.threshold
        key = folded(question)
        async with self._database.read() as session:
            found = await vector_search.known_to_the_letter(session, self._table, key, viewer)
        if same := [(entry, wording) for entry, wording, text in found if folded(text) == key]:
            entry, wording = max(same, key=lambda one: precedence(one[0]))
            return Decision((Candidate(entry, wording, 1.0, 1.0, 1.0),), True, exact=True, threshold=threshold)
        asked = await asyncio.to_thread(self.features, [question])
        async with self._database.read() as session:
            await vector_search.prepare(session)
            near = await vector_search.nearest(session, self._table, asked.vectors[0], viewer, SHORTLIST)
            scored = await self._scored(session, asked, near, scale.grams)
        candidates = tuple(
            Candidate(
                scored.entries[int(scored.ids[position])],
                near[nearest_row(position, scored.starts, scored.similarities)].wording,
                float(scored.nearest[position]),
                None,
                float(scored.confidences[position]),
            )
            for position in best_of(scored.confidences, most)
            if scored.confidences[position] > -1
        )
        sure = bool(candidates) and candidates[0].confidence >= threshold
        return Decision(candidates, sure=sure, exact=False, threshold=threshold)

    async def calibrate(self, foreign: Sequence[str]) -> None:
        """Find the threshold: ask a sample of the wordings as if they, and their whole answers, were not there.

        Args:
            foreign: questions that a curator marked as none of ours.
        """
        async with self._database.read() as session:
            self.wordings, self.entries = await vector_search.count(session)
            texts = await vector_search.texts(session, self._table, max(1, self.wordings // _TEXTS), _TEXTS)
            most = sample_size(self.wordings)
            sample = await vector_search.sample(session, self._table, max(1, self.wordings // most), most)
        grams = await asyncio.to_thread(Grams, texts or [""])
        spelling = await asyncio.to_thread(Spelling, texts, self._encoder.is_word)
        confidence, right, strange = [], [], []
        for start in range(0, len(sample), _IN_A_TRANSACTION):
            async with self._database.read() as session:
                await vector_search.prepare(session)
                for one in sample[start : start + _IN_A_TRANSACTION]:
                    own, others = await self._without(session, one, grams)
                    best = own.confidences.argmax() if len(own.ids) else None
                    confidence.append(own.confidences[best] if best is not None else -1)
                    right.append(best is not None and own.ids[best] == one.entry_id)
                    strange.append(others.max(initial=-1))
        left_out = LeftOut(
            confidence=np.array(confidence, np.float32),
            right=np.array(right, np.bool_),
            comparable=np.array([one.has_others for one in sample], np.bool_),
            foreign=np.array(strange if self.entries > 1 else (), np.float32),
            answers=self.entries,
            marked=await self._confidence_of(foreign, grams),
        )
        calibration = calibrate(left_out, wrong_rate=self.wrong_rate)
        self._scale = _Scale(grams, spelling, left_out, calibration, self.wordings, tuple(foreign))

    async def _confidence_of(self, foreign: Sequence[str], grams: Grams) -> Floats:
        questions = [normalise_question(text) for text in foreign]
        if not questions:
            return np.zeros(0, np.float32)
        vectors = await asyncio.to_thread(self._encoder.encode, questions)
        highest = []
        async with self._database.read() as session:
            await vector_search.prepare(session)
            for vector, question in zip(vectors, questions, strict=True):
                near = await vector_search.nearest(session, self._table, vector, None, SHORTLIST)
                scored = await self._scored(session, _features(vector[None], grams, [question]), near, grams)
                highest.append(scored.confidences.max(initial=-1))
        return np.array(highest, np.float32)

    async def _without(self, session: AsyncSession, one: Sampled, grams: Grams) -> tuple[_Scored, Floats]:
        """Ask a wording as if it, and the confidences as if its whole answer, were not there."""
        asked = _features(one.vector[None], grams, [one.question])
        near = await vector_search.nearest(session, self._table, one.vector, None, SHORTLIST)
        near = [row for row in near if row.wording.id != one.wording_id]
        own = await self._scored(session, asked, near, grams)
        if 2 * sum(row.entry_id != one.entry_id for row in near) >= len(near):
            return own, own.confidences[own.ids != one.entry_id]
        near = await vector_search.nearest(session, self._table, one.vector, None, SHORTLIST, without=one.entry_id)
        return own, (await self._scored(session, asked, near, grams)).confidences

    async def _scored(self, session: AsyncSession, asked: Features, near: Sequence[Near], grams: Grams) -> _Scored:
        """Compare one question with the wordings of a short list, and with the answers of the nearest of them."""
        ids, starts = np.unique(np.array([one.entry_id for one in near], np.int64), return_index=True)
        similarities = await asyncio.to_thread(_similarities, asked, near, grams)
        if not near:
            nothing = np.zeros(0, np.float32)
            return _Scored(ids, {}, starts, similarities, nothing, nothing)
        nearest: Floats = np.maximum.reduceat(similarities, starts)
        known = await vector_search.answers(
            session, [int(ids[place]) for place in best_of(nearest, _ANSWERS)], self._encoder.digest
        )
        places = [place for place, number in enumerate(ids) if number in known]
        found = [known[int(ids[place])] for place in places]
        to_answers = np.zeros(len(ids), np.float32)
        to_answers[places] = await asyncio.to_thread(_to_answers, asked, found, grams)
        looked_at = np.full(len(ids), -1, np.float32)
        looked_at[places] = nearest[places]
        return _Scored(
            ids,
            {number: entry for number, (entry, _) in known.items()},
            starts,
            similarities,
            nearest,
            beside_answers(looked_at, to_answers),
        )


def _features(vectors: Floats, grams: Grams, questions: Sequence[str]) -> Features:
    return Features(vectors, grams.of(questions))


def _similarities(asked: Features, near: Sequence[Near], grams: Grams) -> Floats:
    meant = np.array([one.meant for one in near], np.float32)
    return mixed(meant, _letters(asked, [one.question for one in near], grams))


def _to_answers(asked: Features, found: Sequence[tuple[KnownEntry, bytes | None]], grams: Grams) -> Floats:
    width = asked.vectors.shape[1]
    none = bytes(2 * width)
    joined = b"".join(none if vector is None else vector for _, vector in found)
    vectors = np.frombuffer(joined, np.float16).reshape(len(found), width).astype(np.float32)
    texts = [" ".join(entry.answer.split()) for entry, _ in found]
    return mixed(vectors @ asked.vectors[0], _letters(asked, texts, grams))


def _letters(asked: Features, texts: Sequence[str], grams: Grams) -> Floats:
    if not texts:
        return np.zeros(0, np.float32)
    # Against one question a dense row is much faster than postings, which take a pass over all n-grams.
    letters: Floats = grams.of(texts) @ asked.grams.toarray()[0]
    return letters
