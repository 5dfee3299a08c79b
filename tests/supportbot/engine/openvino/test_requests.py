"""What a request passes on before and after a restart."""

from __future__ import annotations

import math

import pytest

from supportbot.engine.base import SamplingParams
from supportbot.engine.openvino.messages import Piece
from supportbot.engine.openvino.requests import Request
from supportbot.errors import ModelError


@pytest.fixture
def request_() -> Request:
    """A request of which two tokens have been passed on, and whose process has ended."""
    request = Request((1, 2), SamplingParams(seed=-1), 200, 0)
    request.submit(0)
    for token in (10, 11):
        assert request.take(Piece(0, (token,), (-0.5,), None))
        request.pieces.get_nowait()
    request.submit(0)
    return request


def test_repeated_tokens_are_left_out(request_: Request) -> None:
    """The second process begins anew; the caller gets only what it does not have."""
    for piece in (
        Piece(0, (10,), (-0.5,), None),
        Piece(0, (11, 12), (-0.5, -0.1), None),
        Piece(0, (), (), "stop"),
    ):
        request_.take(piece)
    assert request_.pieces.get_nowait() == Piece(0, (12,), (-0.1,), None)
    assert request_.pieces.get_nowait() == Piece(0, (), (), "stop")
    assert request_.pieces.empty()


@pytest.mark.parametrize("piece", [Piece(0, (99,), (-0.5,), None), Piece(0, (10,), (-0.5,), "stop")])
def test_another_answer_is_no_continuation(request_: Request, piece: Piece) -> None:
    """If the second process says something else, or less, the caller hears an error and no mixture."""
    assert not request_.take(piece)
    assert isinstance(request_.pieces.get_nowait(), ModelError)
    assert request_.pieces.empty()


@pytest.mark.parametrize("logprob", [math.nan, -math.inf, math.inf])
def test_what_is_no_probability_is_an_error(logprob: float) -> None:
    """Log-probabilities that are not numbers end the request."""
    request = Request((1,), SamplingParams(), 200, 0)
    assert not request.take(Piece(0, (5,), (logprob,), None))
    with pytest.raises(ModelError, match="not a number"):
        raise request.pieces.get_nowait()  # type: ignore[misc]


def test_rounding_makes_no_probability_above_one() -> None:
    """A log-probability a little above 0 is 0."""
    request = Request((1,), SamplingParams(), 200, 0)
    request.take(Piece(0, (5,), (1e-7,), None))
    assert request.pieces.get_nowait() == Piece(0, (5,), (0.0,), None)


def test_any_seed_can_be_sent() -> None:
    """The library takes 64 bits without a sign; every other number becomes one of these."""
    assert Request((1,), SamplingParams(seed=-1), 200, 0).submit(0).seed == 2**64 - 1
    assert Request((1,), SamplingParams(seed=2**70 + 5), 200, 0).submit(0).seed == 5
