"""Words of a question beside those of entries: what leaving rows out says is what a match without them says."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from supportbot.knowledge.features import Floats, WordList
from supportbot.knowledge.word_match import WordMatch, words_of
from tests.supportbot.knowledge.faq import GYM

WORDINGS = words_of([text for wordings in GYM.values() for text in wordings])
CLASSES: NDArray[np.intp] = np.repeat(np.arange(len(GYM)), [len(wordings) for wordings in GYM.values()])
ANSWERS = words_of(list(GYM))
OTHERS = words_of(["will it rain tomorrow", "who won the match"])


def _vectors(words: Sequence[str]) -> Floats:
    """Return a vector of its own for each word."""
    drawn = [np.random.default_rng(zlib.crc32(word.encode())).normal(size=16) for word in words]
    vectors = np.array(drawn, np.float32).reshape(len(words), 16)
    unit: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def test_leaving_a_wording_out_is_exact() -> None:
    """For each wording, what counts without it is what a match of the other wordings says."""
    match = WordMatch(WORDINGS, CLASSES, ANSWERS, OTHERS, _vectors)
    found = match.without_row(match.table(), np.arange(len(WORDINGS)))
    for row, words in enumerate(WORDINGS):
        kept = np.delete(np.arange(len(WORDINGS)), row)
        rest = WordMatch([WORDINGS[one] for one in kept], CLASSES[kept], ANSWERS, OTHERS, _vectors)
        assert found[row] == pytest.approx(rest.values([words])[0], abs=1e-5)


def test_leaving_an_entry_out_is_exact() -> None:
    """For each wording, what counts for other entries is what a match without its own says, but for the mean."""
    match = WordMatch(WORDINGS, CLASSES, ANSWERS, OTHERS, _vectors)
    found = match.without_class(match.table(), np.arange(len(WORDINGS)))
    for label in range(len(GYM)):
        kept = np.flatnonzero(label != CLASSES)
        emptied: list[WordList] = [() if one == label else words for one, words in enumerate(ANSWERS)]
        rest = WordMatch([WORDINGS[one] for one in kept], CLASSES[kept], emptied, OTHERS, _vectors)
        others = np.delete(np.arange(len(GYM)), label)
        for row in np.flatnonzero(label == CLASSES):
            expected = rest.values([WORDINGS[row]])[0, others]
            assert found[row, others] == pytest.approx(expected - expected.mean(), abs=1e-5)


def test_a_word_that_an_entry_lacks_counts_against_it() -> None:
    """Two entries share all words of a question but one; the one with a word like it gets more."""
    near = {"end": 0.0, "close": 0.1, "open": 1.5}

    def vectors(words: Sequence[str]) -> Floats:
        angles = np.array([near.get(word, 3.0 + zlib.crc32(word.encode()) % 7 / 3) for word in words])
        return np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)

    wordings = words_of(["open a joint account", "close a joint account"])
    match = WordMatch(wordings, np.arange(2), words_of(["You both sign.", "You both sign."]), OTHERS, vectors)
    [opening, closing] = match.values(words_of(["end a joint account"]))[0]
    assert closing > opening + 0.05
    assert closing + opening == pytest.approx(0, abs=1e-6)


def test_what_has_no_words_counts_nothing() -> None:
    """Neither a question without words nor an entry without any breaks the comparison."""
    match = WordMatch(words_of(["refund", "…"]), np.arange(2), words_of(["Yes.", "👍"]), (), _vectors)
    assert match.values(words_of(["?!", ""])).tolist() == [[0, 0], [0, 0]]
    [with_words, without] = match.values(words_of(["refund"]))[0]
    assert with_words > 0 > without
    assert (match.without_row(match.table(), np.array([1])) == 0).all()
