"""The small question that a model has to survive before it answers anybody."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Sequence

import pytest
from transformers import PreTrainedTokenizerBase

from supportbot.engine.base import Chunk, SamplingParams
from supportbot.engine.prompt import Prompt
from supportbot.engine.smoke import smoke
from supportbot.errors import DeadlineExceededError, ModelError
from tests.tiny_model import build_tokenizer


class SpokenEngine:
    """An engine that yields given chunks, or raises."""

    model_version = "v1"
    capacity = 1
    arithmetic = "spoken"

    def __init__(self, *chunks: Chunk | Exception) -> None:
        self.tokenizer: PreTrainedTokenizerBase = build_tokenizer()
        self._chunks = chunks

    async def stream(self, prompt: Prompt, params: SamplingParams, deadline: float) -> AsyncGenerator[Chunk, None]:
        """Yield what was given."""
        for chunk in self._chunks:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk

    def expect(self, answers: Sequence[str]) -> None:
        """Be told what answers may repeat."""

    async def aclose(self) -> None:
        """Nothing to free."""


async def test_model_that_speaks_passes() -> None:
    """Any end is good enough: what a model says is for the evaluation."""
    await smoke(SpokenEngine(Chunk((5,), (-0.5,), "a"), Chunk((), (), "", "stop")))


@pytest.mark.parametrize(
    ("chunks", "sentence"),
    [
        ([Chunk((5,), (math.nan,), "a", "length")], "probabilities"),
        ([Chunk((5,), (-math.inf,), "a", "length")], "probabilities"),
        ([Chunk((5,), (0.5,), "a", "length")], "probabilities"),
        ([Chunk((5,), (-0.5,), "a")], "without an end"),
        ([DeadlineExceededError("late")], "took over 30 s"),
        ([ModelError("The weights are damaged.")], "damaged"),
    ],
)
async def test_model_that_is_broken_is_refused(chunks: list[Chunk | Exception], sentence: str) -> None:
    """Numbers that are no probabilities, no end, or no time: one sentence that names the version or the cause."""
    with pytest.raises(ModelError, match=sentence):
        await smoke(SpokenEngine(*chunks))
