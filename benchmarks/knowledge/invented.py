"""Invented knowledge of any size: answers with wordings, vectors, and a database with all of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from supportbot.db.models import Entry, KnowledgeState, Wording
from supportbot.db.session import Database
from supportbot.db.states import EntrySource, EntryState
from supportbot.knowledge.entries import KnownEntry
from supportbot.knowledge.entries import Wording as KnownWording
from supportbot.knowledge.features import TextEncoder, Tokens
from supportbot.knowledge.index import MOST_FITTED_ANSWERS
from supportbot.knowledge.store import answer_key
from training.starter.data import load_faq

Answers = Sequence[tuple[str, Sequence[str]]]
"""Each with its wordings."""

Vectors = NDArray[np.float32]
"""``[N, DIMENSIONS]``, of length 1."""

DIMENSIONS = 384
WORDINGS = 5
"""Of each answer."""

ASKED = 300
"""Questions that are timed."""

TOKENS_OF_WORDING, TOKENS_OF_ANSWER = 13, 50
"""Tokens of a text: about as many as in the FAQs of ``benchmarks.users``."""

SOME = 2_000
"""Wordings that are really encoded, to measure the speed and the distribution of vectors."""


def invent(number: int, seed: int = 0) -> Answers:
    """Return answers with their wordings, made of the words of the starter's FAQ; ``number`` wordings in all."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    words = sorted({word for topic in load_faq().topics for text in topic.wordings for word in text.split()})
    answers: list[tuple[str, list[str]]] = []
    for answer in range(number // WORDINGS):
        subject = rng.sample(words, 6)
        wordings = [" ".join(rng.sample(subject, 4) + rng.sample(words, 4)) for _ in range(WORDINGS)]
        answers.append((f"Answer {answer}: {' '.join(subject)}.", wordings))
    return answers


def known_entry(number: int, answer: str, wordings: Sequence[str]) -> KnownEntry:
    """Return an answer in the form of the index."""
    return KnownEntry(
        id=number,
        answer=answer,
        source=EntrySource.IMPORT,
        approved_by="benchmark",
        approved_at=datetime.now(UTC),
        valid_until=None,
        workspace_id=None,
        state=EntryState.LIVE,
        wordings=tuple(KnownWording(number, text, None) for text in wordings),
    )


def any_vectors(answers: Answers) -> Vectors:
    """Return a vector for each wording: encoding 100,000 texts would take minutes and show nothing more."""
    return unit_vectors(sum(len(wordings) for _, wordings in answers), 0)


def unit_vectors(number: int, seed: int) -> Vectors:
    """Return random vectors."""
    vectors = np.random.default_rng(seed).standard_normal((number, DIMENSIONS), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def any_tokens(texts: int, tokens: int, width: int) -> list[Tokens]:
    """Return random vectors of the tokens of some texts."""
    vectors = np.random.default_rng(2).standard_normal((texts, tokens, width), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    return list(np.rint(127 * vectors).astype(np.int8))


def vectors_like_encoded(encoder: TextEncoder, answers: Answers, asked_number: int) -> tuple[Vectors, Vectors]:
    """Return vectors of wordings and of questions to some answers, distributed like encoded ones."""
    texts = [text for _, wordings in invent(SOME) for text in wordings]
    encoded = encoder.encode(texts).reshape(-1, WORDINGS, DIMENSIONS)
    centres = encoded.mean(1)
    within = (encoded - centres[:, None]).reshape(-1, DIMENSIONS) * np.sqrt(WORDINGS / (WORDINGS - 1))
    rng = np.random.default_rng(0)

    def draw(rows: Vectors, number: int) -> Vectors:
        """Draw from the normal distribution that has the mean and the covariance of some rows."""
        spread = np.cov(rows, rowvar=False) + 1e-7 * np.eye(DIMENSIONS)
        root = np.linalg.cholesky(spread).T.astype(np.float32)
        drawn: Vectors = rng.standard_normal((number, DIMENSIONS), dtype=np.float32) @ root + rows.mean(0)
        return drawn

    means = draw(centres, len(answers))
    vectors = np.repeat(means, WORDINGS, axis=0) + draw(within, WORDINGS * len(answers))
    asked = means[rng.integers(len(answers), size=asked_number)] + draw(within, asked_number)
    for found in (vectors, asked):
        found /= np.linalg.norm(found, axis=1, keepdims=True)
    return vectors, asked


async def store(
    database: Database, answers: Answers, encoder: TextEncoder, vectors: Vectors | None = None
) -> None:
    """Write answers as if they had been imported and encoded; without vectors they get random ones."""
    now, digest = datetime.now(UTC), encoder.digest
    is_fitted = len(answers) <= MOST_FITTED_ANSWERS  # otherwise nobody compares tokens
    [of_answer] = any_tokens(1, TOKENS_OF_ANSWER, encoder.token_width)
    [of_wording] = any_tokens(1, TOKENS_OF_WORDING, encoder.token_width)
    vectors = (any_vectors(answers) if vectors is None else vectors).astype(np.float16)
    row = iter(vectors)
    async with database.write() as session:
        state = await session.get(KnowledgeState, 1)
        if state is not None:
            state.revision += 1
        for number, (answer, wordings) in enumerate(answers, start=1):
            session.add(
                Entry(
                    id=number,
                    answer=answer,
                    answer_key=answer_key(answer),
                    source=EntrySource.IMPORT,
                    approved_by="benchmark",
                    approved_at=now,
                    state=EntryState.LIVE,
                    revision=2,
                    encoder=digest,
                    vector=vectors[0].tobytes(),
                    token_vectors=of_answer.tobytes() if is_fitted else None,
                    created_at=now,
                )
            )
            session.add_all(
                Wording(
                    entry_id=number,
                    text=text,
                    encoder=digest,
                    vector=next(row).tobytes(),
                    token_vectors=of_wording.tobytes() if is_fitted else None,
                )
                for text in wordings
            )
            if number % 500 == 0:
                await session.flush()
                session.expunge_all()
