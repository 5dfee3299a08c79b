"""Tokens of a question beside those of entries: what leaving rows out says is what a match without them says."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from supportbot.knowledge import token_match
from supportbot.knowledge.features import Floats, Tokens
from supportbot.knowledge.token_match import TokenMatch

WIDTH = 16
SIZES = (3, 1, 4, 2, 5)
"""Wordings of each entry."""
CLASSES: NDArray[np.intp] = np.repeat(np.arange(len(SIZES)), SIZES)


def _drawn(seed: int, tokens: int) -> Tokens:
    vectors = np.random.default_rng(seed).normal(size=(tokens, WIDTH))
    drawn: Tokens = np.rint(127 * vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.int8)
    return drawn


WORDINGS = [_drawn(row, 2 + row % 5) for row in range(len(CLASSES))]
ANSWERS = [_drawn(100 + label, 7 * (label != 2)) for label in range(len(SIZES))]
SCORES: Floats = np.random.default_rng(7).normal(size=(len(CLASSES), len(SIZES))).astype(np.float32)


@pytest.fixture(params=[2, 16], autouse=True)
def compared(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some entries are compared, or all."""
    monkeypatch.setattr(token_match, "_COMPARED", request.param)


def test_leaving_a_wording_out_is_exact() -> None:
    """For each wording, what counts without it is what a match of the other wordings says."""
    rows = np.arange(len(WORDINGS))
    found = TokenMatch(WORDINGS, CLASSES, ANSWERS).without_row(rows, SCORES)
    for row in rows:
        kept = np.delete(rows, row)
        rest = TokenMatch([WORDINGS[one] for one in kept], CLASSES[kept], ANSWERS)
        [expected] = rest.values([WORDINGS[row]], SCORES[[row]])
        # The only wording of an entry without an answer leaves a token that is like nothing, not one at all.
        assert found[row] == pytest.approx(expected, abs=1e-5)


def test_leaving_an_entry_out_is_exact() -> None:
    """For each wording, what counts for other entries is what a match without its own says."""
    rows = np.arange(len(WORDINGS))
    found = TokenMatch(WORDINGS, CLASSES, ANSWERS).without_class(rows, SCORES)
    for label in range(len(SIZES)):
        kept, others = np.flatnonzero(label != CLASSES), np.delete(np.arange(len(SIZES)), label)
        classes = CLASSES[kept] - (CLASSES[kept] > label)
        rest = TokenMatch([WORDINGS[one] for one in kept], classes, [ANSWERS[one] for one in others])
        for row in np.flatnonzero(label == CLASSES):
            [expected] = rest.values([WORDINGS[row]], SCORES[[row]][:, others])
            assert found[row, others] == pytest.approx(expected, abs=1e-5)


def test_a_token_that_an_entry_lacks_counts_against_it() -> None:
    """Two entries share all tokens of a question but one; the one that has it gets more, in any wording of it."""
    opening, closing = _drawn(1, 4), _drawn(1, 4)
    closing[0] = _drawn(2, 1)[0]
    apart = [closing[:1], closing[1:]]
    match = TokenMatch([opening, *apart], np.array([0, 1, 1]), [_drawn(3, 5), _drawn(4, 5)])
    [[other, meant]] = match.values([closing], np.zeros((1, 2), np.float32))
    assert meant > other
    assert meant == pytest.approx(0.8 * (1 - 0.6), abs=0.01)  # every token has its like


def test_entries_that_are_not_compared_stay_behind() -> None:
    """An entry beyond those that the rule ranks first gets what the last of these gets, however like it is."""
    match = TokenMatch(WORDINGS, CLASSES, ANSWERS)
    [added] = match.values([WORDINGS[0]], np.array([[0, 4, 3, 2, 1]], np.float32))
    if token_match._COMPARED == 2:
        assert added[0] == added[3] == added[4] == min(added[1], added[2])
    else:
        assert added[0] == added.max() > 0


def test_texts_without_tokens_count_for_nothing() -> None:
    """A question without any adds nothing; an entry without any is like nothing."""
    match = TokenMatch([WORDINGS[0], WORDINGS[0][:0]], np.arange(2), [WORDINGS[0][:0]] * 2)
    scores = np.zeros((1, 2), np.float32)
    assert match.values([WORDINGS[0][:0]], scores).tolist() == [[0, 0]]
    [[alike, without]] = match.values([WORDINGS[0]], scores)
    assert alike > without
    assert (match.without_row(np.array([1]), scores) == 0).all()
