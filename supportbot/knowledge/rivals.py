"""Questions that two answers fight for: what an operator should word apart, or say once.

Two signs are looked for. A wording that, were it not there, would be answered with another entry's answer: its own
entry's other wordings don't hold it, and one such wording can raise the threshold for all. And a wording that is
nearly the same as one of another entry, whoever wins.

This module knows numbers and entries with their vectors, and no database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.calibration import THIN_THRESHOLD
from supportbot.knowledge.entries import KnownEntry, Wording
from supportbot.knowledge.features import Features, Floats, Grams
from supportbot.knowledge.index import MOST_FITTED_ANSWERS
from supportbot.knowledge.rule import fit

NEAR = 0.9
"""Similarity from which on two wordings are one question; a word or two apart."""

_BLOCK = 500
"""Wordings that are compared with all at a time: 100,000 of them make 200 MB."""


class Sign(StrEnum):
    """What shows that two entries fight for a question."""

    LEFT_OUT = "answered otherwise without this wording"
    NEAR = "nearly the same question"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rivalry:
    """A question that two entries fight for.

    Attributes:
        entry: which the wording belongs to.
        wording: of it.
        other: the entry that would be given, or has nearly the same wording.
        other_wording: its nearest.
        similarity: of both wordings.
        sign: what shows it.
    """

    entry: KnownEntry
    wording: Wording
    other: KnownEntry
    other_wording: Wording
    similarity: float
    sign: Sign


def rivalries(
    entries: Sequence[KnownEntry], encoder: str | None, foreign: Features, *, leave_out: bool
) -> list[Rivalry]:
    """Return the questions that two entries fight for, the nearest first; blocks.

    Args:
        entries: live ones with their vectors; what has none of this encoder's is left out.
        encoder: digest of the encoder; None compares by n-grams alone.
        foreign: questions that hardly any FAQ answers, as the rule is fitted with.
        leave_out: whether wordings are left out; with few of them that proves nothing.
    """
    vectors = encoded(entries, encoder) if encoder is not None else None
    ready = [entry for entry in entries if vectors is None or all(key in vectors for key, _, _ in _texts(entry))]
    if len(ready) < 2:
        return []
    wordings = [wording for entry in ready for wording in entry.wordings]
    owners = np.repeat(np.arange(len(ready)), [len(entry.wordings) for entry in ready])
    grams = Grams([normalise_question(wording.text) for wording in wordings])
    asked = Features(_matrix([_wording(one) for one in wordings], vectors), grams.of_texts)
    best, similarity = _nearest_of_others(asked, owners)
    found: dict[int, Rivalry] = {}

    def add(row: int, other_row: int, near: float, sign: Sign) -> None:
        if ready[owners[row]].workspace_id != ready[owners[other_row]].workspace_id:
            return  # what is said in one workspace may well differ from what is said elsewhere
        found[row] = Rivalry(
            entry=ready[owners[row]],
            wording=wordings[row],
            other=ready[owners[other_row]],
            other_wording=wordings[other_row],
            similarity=near,
            sign=sign,
        )

    for row in np.flatnonzero(similarity >= NEAR):
        if found.get(int(best[row])) is None or int(best[best[row]]) != row:  # a pair is told once
            add(int(row), int(best[row]), float(similarity[row]), Sign.NEAR)
    if leave_out and len(ready) <= MOST_FITTED_ANSWERS:
        answers = Features(
            _matrix([_answer(entry) for entry in ready], vectors),
            grams.of([" ".join(entry.answer.split()) for entry in ready]),
        )
        without = fit(asked, owners, answers, foreign).without_row
        has_others = np.bincount(owners, minlength=len(ready))[owners] > 1
        wrong = (without.chosen != owners) & has_others & (without.confidence >= THIN_THRESHOLD)
        for row in np.flatnonzero(wrong):
            rows = np.flatnonzero(owners == without.chosen[row])
            near = asked.take([row]).similarities(asked.take(rows))[0]
            if int(row) not in found:
                add(int(row), int(rows[near.argmax()]), float(near.max()), Sign.LEFT_OUT)
    return sorted(found.values(), key=lambda one: (-one.similarity, one.wording.id))


def _nearest_of_others(asked: Features, owners: NDArray[np.intp]) -> tuple[NDArray[np.intp], Floats]:
    """Return, for each wording, the nearest one of any other entry, and how near it is."""
    best = np.zeros(len(owners), np.intp)
    similarity = np.zeros(len(owners), np.float32)
    for start in range(0, len(owners), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(owners)))
        values = asked.take(rows).similarities(asked)
        values[owners[rows][:, None] == owners] = -1
        best[rows] = values.argmax(1)
        similarity[rows] = values.max(1)
    return best, similarity


def encoded(entries: Sequence[KnownEntry], encoder: str) -> dict[tuple[str, str], bytes]:
    """Return the vectors that an encoder made, by what they are of; equal texts share theirs."""
    return {
        key: vector
        for entry in entries
        for key, digest, vector in _texts(entry)
        if digest == encoder and vector is not None
    }


def waiting(entries: Sequence[KnownEntry], encoder: str) -> int:
    """Return how many different texts have no vector of an encoder."""
    keys = {key for entry in entries for key, _, _ in _texts(entry)}
    return len(keys - encoded(entries, encoder).keys())


def _texts(entry: KnownEntry) -> list[tuple[tuple[str, str], str | None, bytes | None]]:
    return [
        (_answer(entry), entry.encoder, entry.vector),
        *((_wording(one), one.encoder, one.vector) for one in entry.wordings),
    ]


def _answer(entry: KnownEntry) -> tuple[str, str]:
    return "answer", entry.answer


def _wording(wording: Wording) -> tuple[str, str]:
    return "wording", wording.text


def _matrix(keys: Sequence[tuple[str, str]], vectors: Mapping[tuple[str, str], bytes] | None) -> Floats:
    if vectors is None:
        return np.zeros((len(keys), 0), np.float32)
    joined = np.frombuffer(b"".join(vectors[key] for key in keys), np.float16)
    return joined.reshape(len(keys), -1).astype(np.float32)
