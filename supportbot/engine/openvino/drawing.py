"""Which token comes next: the documented sampling on the logits of many texts at once.

The order is that of ``generate()`` of transformers: repetition penalty, temperature, top-k, top-p. Each text draws
from its own random numbers by inverting the cumulative distribution in the order of the tokens, as the reference
engine does (``engine._sampling``): in the same arithmetic, a seed gives the same answer with either.

Sorting 50,000 tokens for each text would take as long as the model. So the logits are cut into pieces, and the
k-th highest of the pieces' maxima is a bound: at least k logits reach it, so only those are sorted.

This module knows numbers only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PIECE = 64
"""Tokens in a piece."""

_PIECES_EACH = 4
"""With fewer pieces than this many times ``top_k``, cutting does not pay."""

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One text that needs a next token.

    Attributes:
        history: tokens so far, prompt included.
        temperature: and the others: see ``engine.base.SamplingParams``.
        top_p: as above.
        top_k: as above.
        repetition_penalty: as above.
        do_sample: as above.
        uniform: random number in [0, 1).
    """

    history: Integers
    temperature: float
    top_p: float
    top_k: int
    repetition_penalty: float
    do_sample: bool
    uniform: float


def draw(logits: Floats, log_sums: Floats, turns: Sequence[Turn]) -> tuple[list[int], list[float]]:
    """Draw the next token of each text.

    Args:
        logits: ``[R, V]``; changed by this.
        log_sums: ``[R]`` logarithms of the sums of their exponentials.
        turns: R of them.

    Returns:
        R tokens, and their R log-probabilities under the model itself, in nats: NaN if a logit is NaN.
    """
    broken = ~np.isfinite(log_sums)
    logits[broken] = 0
    rows = np.repeat(np.arange(len(turns)), [len(turn.history) for turn in turns])
    seen = np.concatenate([turn.history for turn in turns])
    raw = logits[rows, seen]
    logits[rows, seen] = _penalised(raw, np.array([turn.repetition_penalty for turn in turns], np.float32)[rows])
    tokens = np.empty(len(turns), np.int64)
    for group in _alike(turns):
        # Indexing copies; most often there is one group.
        part = logits if len(group) == len(turns) else logits[group]
        tokens[group] = _choose(part, [turns[row] for row in group])
    logits[rows, seen] = raw
    logprobs = logits[np.arange(len(turns)), tokens] - log_sums
    logprobs[broken] = np.nan
    return tokens.tolist(), logprobs.tolist()


def _penalised(scores: Floats, penalties: Floats) -> Floats:
    return np.where(scores < 0, scores * penalties, scores / penalties)


def _alike(turns: Sequence[Turn]) -> list[list[int]]:
    """Return rows that keep few tokens and rows that keep all: together, each would cost as much as the latter."""
    few = [row for row, turn in enumerate(turns) if turn.top_k or not turn.do_sample]
    many = [row for row, turn in enumerate(turns) if not turn.top_k and turn.do_sample]
    return [rows for rows in (few, many) if rows]


def _choose(logits: Floats, turns: Sequence[Turn]) -> Integers:
    vocabulary = logits.shape[1]
    kept = np.array([min(turn.top_k or vocabulary, vocabulary) if turn.do_sample else 1 for turn in turns])
    tokens, scores = _candidates(logits, int(kept.max()))
    scores /= np.array([turn.temperature if turn.do_sample else 1.0 for turn in turns], np.float32)[:, None]
    order = np.argsort(scores, axis=1, kind="stable")
    # Ties with the last of the k highest are kept, as in transformers.
    row = np.arange(len(turns))
    last = order[row, order.shape[1] - kept]
    scores[scores < scores[row, last][:, None]] = -np.inf
    _cut_tail(scores, order, np.array([turn.top_p if turn.do_sample else 1.0 for turn in turns]))
    # float64: over 50,000 tokens the sum in float32 would move borders by more than a rare token.
    cumulative: Doubles = _probabilities(scores.astype(np.float64)).cumsum(axis=1)
    totals = cumulative[:, -1]
    points = np.array([turn.uniform if turn.do_sample else 0.0 for turn in turns]) * totals
    # Below the total, a token of probability 0 can never be the first whose cumulative sum exceeds the point.
    points = np.minimum(points, np.nextafter(totals, 0))
    drawn = (cumulative > points[:, None]).argmax(axis=1)
    chosen: Integers = tokens[row, drawn]
    return chosen


def _candidates(logits: Floats, most: int) -> tuple[Integers, Floats]:
    """Return what may be among the ``most`` highest of each row, in the order of tokens.

    Returns:
        ``[R, C]`` tokens and their scores; rows with fewer than C end with scores of minus infinity.
    """
    count, vocabulary = logits.shape
    if most == vocabulary:
        return np.broadcast_to(np.arange(vocabulary), logits.shape), logits.copy()
    pieces = vocabulary // _PIECE
    if pieces < _PIECES_EACH * most:
        highest = logits
    else:
        highest = logits[:, : pieces * _PIECE].reshape(count, _PIECE, pieces).max(axis=1)
    reached = np.partition(highest, -most, axis=1)[:, -most]
    rows, tokens = np.divmod(np.flatnonzero(logits >= reached[:, None]), vocabulary)
    counts = np.bincount(rows, minlength=count)
    places = np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]
    chosen = np.zeros((count, counts.max()), np.int64)
    scores = np.full(chosen.shape, -np.inf, np.float32)
    chosen[rows, places] = tokens
    scores[rows, places] = logits[rows, tokens]
    return chosen, scores


def _cut_tail(scores: Floats, order: Integers, top_p: Doubles) -> None:
    """Leave the smallest set of the most likely tokens whose probabilities reach ``top_p``.

    Args:
        scores: ``[R, C]``; what is cut becomes minus infinity.
        order: that sorts them, the lowest first.
        top_p: of each row.
    """
    cumulative = _probabilities(np.take_along_axis(scores, order, axis=1)).cumsum(axis=1)
    cut = (cumulative <= 1 - top_p[:, None]) & (top_p[:, None] < 1)
    cut[:, -1] = False
    rows, places = np.nonzero(cut)
    scores[rows, order[rows, places]] = -np.inf


def _probabilities(scores: NDArray[Any]) -> NDArray[Any]:
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: NDArray[Any] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities
