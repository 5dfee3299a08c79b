"""The draw on numbers alone, against transformers' own processors."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import cast

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from supportbot.engine._sampling import build_processors
from supportbot.engine.base import SamplingParams
from supportbot.engine.openvino.drawing import Turn, draw

NEARLY_ONE = math.nextafter(1, 0)

params_of_users = st.builds(
    SamplingParams,
    temperature=st.sampled_from([0.1, 0.8, 1.0, 3.0]),
    top_p=st.sampled_from([0.05, 0.5, 0.95, 1.0]),
    top_k=st.sampled_from([0, 1, 7, 50, 100_000]),
    repetition_penalty=st.sampled_from([0.5, 1.0, 1.2, 10.0]),
    do_sample=st.booleans(),
)
uniforms = st.one_of(st.floats(0, 1, exclude_max=True), st.just(0.0), st.just(NEARLY_ONE))


def turn(history: NDArray[np.int64], params: SamplingParams, uniform: float) -> Turn:
    """Return a text whose next token is to be drawn."""
    record = {name: value for name, value in params.as_record().items() if name != "max_length"}
    return Turn(history=history, uniform=uniform, **record)


def log_sums(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the graph gives beside the logits."""
    return torch.logsumexp(torch.from_numpy(logits.copy()), dim=1).numpy()


def expected(logits: NDArray[np.float32], turn: Turn, params: SamplingParams) -> int:
    """Return the token that transformers' processors and the inverse of their distribution give."""
    scores = torch.from_numpy(logits)[None]
    ids = cast(torch.LongTensor, torch.from_numpy(turn.history)[None])
    scores = build_processors(params)(ids, cast(torch.FloatTensor, scores))[0]
    if not params.do_sample:
        return int(scores.argmax())
    cumulative = torch.softmax(scores.double(), dim=0).cumsum(0).numpy()
    point = min(turn.uniform * cumulative[-1], np.nextafter(cumulative[-1], 0))
    return int(np.searchsorted(cumulative, point, side="right"))


@settings(deadline=None)  # the reference sorts the whole vocabulary
@given(
    seed=st.integers(0, 2**32 - 1),
    vocabulary=st.sampled_from([3, 50, 64, 2_000, 50_257]),
    asked=st.lists(st.tuples(params_of_users, uniforms), min_size=1, max_size=6),
)
def test_tokens_are_those_of_transformers(
    seed: int, vocabulary: int, asked: list[tuple[SamplingParams, float]]
) -> None:
    """Whatever stands beside it in a batch, each text gets the token that the library's processors say."""
    source = np.random.default_rng(seed)
    logits = source.normal(0, 4, (len(asked), vocabulary)).astype(np.float32)
    turns = [
        turn(source.integers(0, vocabulary, source.integers(1, 200)), params, uniform) for params, uniform in asked
    ]
    wanted = [
        expected(row.copy(), one, params) for row, one, (params, _) in zip(logits, turns, asked, strict=True)
    ]
    log_softmax = torch.log_softmax(torch.from_numpy(logits.copy()).double(), dim=1)
    tokens, logprobs = draw(logits, log_sums(logits), turns)
    assert tokens == wanted
    for row, (token, logprob) in enumerate(zip(tokens, logprobs, strict=True)):
        assert logprob == pytest.approx(float(log_softmax[row, token]), abs=1e-4)


@settings(deadline=None)  # as above
@given(seed=st.integers(0, 2**32 - 1), top_k=st.sampled_from([1, 7, 50]), vocabulary=st.sampled_from([60, 50_257]))
def test_what_equals_the_last_of_the_highest_is_kept(seed: int, top_k: int, vocabulary: int) -> None:
    """In bf16 many tokens are just as likely; top-k keeps all that equal its last one, as transformers does."""
    source = np.random.default_rng(seed)
    logits = source.integers(-8, 3, (1, vocabulary)).astype(np.float32)
    params = SamplingParams(top_k=top_k, top_p=1.0, repetition_penalty=1.0)
    for uniform in (0.0, 0.3, 0.7, NEARLY_ONE):
        one = turn(np.array([1]), params, uniform)
        assert draw(logits.copy(), log_sums(logits), [one])[0] == [expected(logits[0].copy(), one, params)]


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("params", [SamplingParams(), SamplingParams(do_sample=False), SamplingParams(top_k=0)])
def test_what_is_no_distribution_is_told_and_harms_nobody_else(wrong: float, params: SamplingParams) -> None:
    """A row of NaN has a log-probability of NaN; the row beside it is drawn as if alone."""
    source = np.random.default_rng(0)
    logits = source.normal(0, 4, (2, 50_257)).astype(np.float32)
    turns = [turn(np.array([1, 2]), replace(params, seed=seed), 0.5) for seed in range(2)]
    alone = draw(logits[1:].copy(), log_sums(logits[1:]), turns[1:])
    logits[0] = wrong
    tokens, logprobs = draw(logits, log_sums(logits), turns)
    assert not math.isfinite(logprobs[0])
    assert ([tokens[1]], [logprobs[1]]) == alone


def test_the_logits_of_what_was_seen_are_as_before() -> None:
    """The penalty of one text does not stay in the numbers that its log-probability is taken from."""
    logits = np.zeros((1, 4), np.float32)
    _, [logprob] = draw(
        logits, log_sums(logits), [turn(np.array([0, 1, 2, 3]), SamplingParams(repetition_penalty=5.0), 0.5)]
    )
    assert logprob == pytest.approx(math.log(1 / 4))
