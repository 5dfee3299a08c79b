"""The draw of the next token, against the library and against arithmetic."""

from __future__ import annotations

import math
import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from supportbot.engine._sampling import build_processors, draw, token_logprobs
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


def test_logprobs_are_those_of_the_raw_model() -> None:
    """The log-probability of a token is that of the log-softmax, before any processor."""
    logits = torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    values = token_logprobs(logits, torch.tensor([2, 0]))
    expected = [float(torch.log_softmax(logits[0], 0)[2]), -math.log(3)]
    assert values == pytest.approx(expected)


def test_confidence_counts_the_first_eight_tokens() -> None:
    """Confidence is the mean of the first 8 log-probabilities, however long the answer."""
    assert confidence([-1.0] * 8 + [-9.0] * 50) == -1.0
    assert confidence([-2.0, -4.0]) == -3.0
    assert confidence([]) is None
    assert mean_logprob([-1.0, -2.0, -6.0]) == -3.0
