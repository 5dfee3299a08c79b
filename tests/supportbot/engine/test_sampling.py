"""The draw of the next token, against the library and against arithmetic."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from supportbot.engine._sampling import Chosen, Sampler, build_processors, draw, token_logprobs
from supportbot.engine.base import SamplingParams, confidence, mean_logprob


def test_defaults_are_the_documented_sampling() -> None:
    """The parameters that nobody sets are the documented ones, top_k included."""
    assert SamplingParams().as_record() == {
        "max_length": 200,
        "temperature": 0.8,
        "top_p": 0.95,
        "top_k": 50,
        "repetition_penalty": 1.2,
        "do_sample": True,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 0.0),
        ("temperature", math.nan),
        ("temperature", 1e-45),
        ("top_p", 1.5),
        ("top_p", 0.0),
        ("top_k", -1),
        ("repetition_penalty", math.inf),
    ],
)
def test_undefined_parameters_are_refused_by_name(name: str, value: float) -> None:
    """A value for which sampling is undefined is refused with a sentence that names it."""
    with pytest.raises(ValueError, match=name):
        SamplingParams(**{name: value})  # type: ignore[arg-type]


def test_processors_come_in_the_order_of_generate() -> None:
    """Repetition penalty, temperature, top-k, top-p: another order is another distribution."""
    names = [type(processor).__name__ for processor in build_processors(SamplingParams())]
    assert names == [
        "RepetitionPenaltyLogitsProcessor",
        "TemperatureLogitsWarper",
        "TopKLogitsWarper",
        "TopPLogitsWarper",
    ]


def test_draw_follows_the_distribution() -> None:
    """Over many draws every token comes as often as its probability says."""
    scores = torch.tensor([[0.0, 1.0, -math.inf, 2.0, -1.0]])
    wanted = torch.softmax(scores[0], dim=0)
    source = random.Random(1)
    drawn = draw(scores.expand(20_000, -1), [source.random() for _ in range(20_000)])
    seen = torch.bincount(drawn, minlength=5) / 20_000
    # Total variation of 20,000 draws over 4 tokens is about .005; .02 would be no accident.
    assert float((seen - wanted).abs().sum()) / 2 < 0.02


@given(
    st.lists(st.floats(-30, 30), min_size=1, max_size=20),
    st.lists(st.booleans(), min_size=20, max_size=20),
    st.one_of(st.floats(0, 1, exclude_max=True), st.just(math.nextafter(1, 0)), st.just(0.0)),
)
def test_draw_never_takes_what_was_excluded(values: list[float], excluded: list[bool], uniform: float) -> None:
    """A token of probability 0 never comes, at either end of the uniform range."""
    scores = torch.tensor([value if not out else -math.inf for value, out in zip(values, excluded, strict=False)])
    if torch.isinf(scores).all():
        scores[0] = 0.0
    token = int(draw(scores.unsqueeze(0), [uniform]))
    assert torch.isfinite(scores[token])


VOCABULARY = 200
"""More than any top-k below and its spare places, so that the draw among few is taken."""


def among_all(
    logits: torch.Tensor, history: torch.Tensor, params: SamplingParams, uniforms: list[float]
) -> Chosen:
    """Choose as the definition says: all processors of the library, and the draw, over the whole vocabulary."""
    scores = build_processors(params)(history, logits)  # type: ignore[arg-type]
    tokens = draw(scores, uniforms)
    return Chosen(tokens.tolist(), token_logprobs(logits, tokens).tolist())


@given(
    # With few levels many tokens tie, at the border of top-k, too; the last rows of a batch have other levels.
    levels=st.lists(st.sampled_from([1, 2, 3, 5, 20, 80, 100_000]), min_size=1, max_size=4),
    seed=st.integers(0, 2**32 - 1),
    top_k=st.integers(1, 140),
    temperature=st.sampled_from([0.3, 0.8, 1.0]),
    penalty=st.sampled_from([1.0, 1.2]),
)
def test_draw_among_few_is_the_draw_among_all(
    levels: list[int], seed: int, top_k: int, temperature: float, penalty: float
) -> None:
    """Only the tokens that top-k keeps are looked at, and the same ones come, ties included."""
    params = SamplingParams(top_k=top_k, top_p=1.0, temperature=temperature, repetition_penalty=penalty)
    source = random.Random(seed)
    logits = torch.tensor([[source.randrange(level) / 8 - 4 for _ in range(VOCABULARY)] for level in levels])
    history = torch.tensor([[source.randrange(VOCABULARY) for _ in range(10)] for _ in levels])
    uniforms = [source.random() for _ in levels]
    wanted = among_all(logits, history, params, uniforms)
    chosen = Sampler(params).choose(logits, history, uniforms)
    assert chosen.token_ids == wanted.token_ids
    assert chosen.logprobs == pytest.approx(wanted.logprobs, abs=1e-6)
    for row in range(len(levels)):
        alone = Sampler(params).choose(logits[row : row + 1], history[row : row + 1], uniforms[row : row + 1])
        assert alone.token_ids == chosen.token_ids[row : row + 1]


@given(seed=st.integers(0, 2**32 - 1), top_k=st.integers(0, 100), top_p=st.floats(0.05, 1.0))
def test_top_p_among_few_is_that_among_all(seed: int, top_k: int, top_p: float) -> None:
    """Top-p among what top-k keeps is top-p over the whole vocabulary, unless rounding decides at its border."""
    params = SamplingParams(top_k=top_k, top_p=top_p)
    source = random.Random(seed)
    logits = torch.tensor([[source.gauss(0, 3) for _ in range(VOCABULARY)] for _ in range(3)])
    history = torch.tensor([[source.randrange(VOCABULARY) for _ in range(10)] for _ in range(3)])
    uniforms = [source.random() for _ in range(3)]
    before = replace(params, top_p=1.0)
    scores = build_processors(before)(history, logits)  # type: ignore[arg-type]
    sums = torch.softmax(scores.double(), dim=-1).sort().values.cumsum(dim=-1)
    assume(float((sums - (1 - top_p)).abs().min()) > 1e-5)
    chosen = Sampler(params).choose(logits, history, uniforms)
    assert chosen.token_ids == among_all(logits, history, params, uniforms).token_ids


@pytest.mark.parametrize("top_k", [0, 50])
@pytest.mark.parametrize("do_sample", [True, False])
def test_logits_that_are_not_numbers_show(top_k: int, do_sample: bool) -> None:
    """Of a row with NaN some token comes, with NaN as its log-probability; its neighbour is as ever."""
    params = SamplingParams(top_k=top_k, do_sample=do_sample)
    logits = torch.linspace(-4, 4, VOCABULARY).repeat(2, 1)
    logits[0, 7] = math.nan
    history = torch.zeros((2, 1), dtype=torch.long)
    chosen = Sampler(params).choose(logits, history, [0.5, 0.5])
    assert math.isnan(chosen.logprobs[0])
    assert 0 <= chosen.token_ids[0] < VOCABULARY
    alone = Sampler(params).choose(logits[1:], history[1:], [0.5])
    assert (chosen.token_ids[1:], chosen.logprobs[1:]) == (alone.token_ids, alone.logprobs)


def test_logprobs_are_those_of_the_raw_model() -> None:
    """The log-probability of a token is that of the log-softmax, before any processor."""
    logits = torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    values = token_logprobs(logits, torch.tensor([2, 0])).tolist()
    expected = [float(torch.log_softmax(logits[0], 0)[2]), -math.log(3)]
    assert values == pytest.approx(expected)


def test_confidence_counts_the_first_eight_tokens() -> None:
    """Confidence is the mean of the first 8 log-probabilities, however long the answer."""
    assert confidence([-1.0] * 8 + [-9.0] * 50) == -1.0
    assert confidence([-2.0, -4.0]) == -3.0
    assert confidence([]) is None
    assert mean_logprob([-1.0, -2.0, -6.0]) == -3.0
