"""What a version writes, token by token, each with the probability that the model gave it."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from supportbot.answering.candidates import Generation, generate
from supportbot.engine.base import Engine, FinishReason, SamplingParams, Tokenizer, confidence, mean_logprob
from supportbot.engine.prompt import Prompt, encode_prompt

_PART = "\N{REPLACEMENT CHARACTER}"
"""What the bytes of a character that is not whole yet are decoded to."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token.

    Attributes:
        text: what it adds to the text; empty for the first parts of a character of several tokens.
        probability: under the model itself, before penalty, temperature and cuts; None if its server tells none.
    """

    text: str
    probability: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a version wrote.

    Attributes:
        version: its name.
        engine: what it was computed with, see ``engine.base.Engine.arithmetic``.
        prompt: what it was given.
        generation: what came out, to its own end: nothing stops it below the floor.
        text: the same, stripped.
        tokens: in their order, without the end of the text.
        milliseconds: that it took.
    """

    version: str
    engine: str
    prompt: Prompt
    generation: Generation
    text: str
    tokens: tuple[Token, ...]
    milliseconds: int

    @property
    def confidence(self) -> float | None:
        """Mean log-probability of the first tokens, which decides whether it is shown (nats)."""
        return confidence(self.generation.logprobs)

    @property
    def mean_logprob(self) -> float | None:
        """That of all tokens."""
        return mean_logprob(self.generation.logprobs)

    @property
    def finish(self) -> FinishReason | None:
        """Where it stopped."""
        return self.generation.finish


async def write(engine: Engine, question: str, params: SamplingParams, deadline: float) -> Written:
    """Have a version write an answer.

    Args:
        engine: with the version.
        question: normalised.
        params: how tokens are drawn.
        deadline: in seconds of ``time.monotonic()``.

    Raises:
        DeadlineExceededError: there was not enough time.
        EngineBusyError: the engine holds as much as it can.
        ModelError: the model is damaged, or the question has no room in it.
    """
    prompt = encode_prompt(engine.tokenizer, question, max_length=params.max_length)
    started = time.monotonic()
    generation = await generate(engine, prompt, params, deadline)
    milliseconds = round((time.monotonic() - started) * 1000)
    return Written(
        version=engine.model_version,
        engine=engine.arithmetic,
        prompt=prompt,
        generation=generation,
        text=generation.text(engine.tokenizer),
        tokens=tuple(split(generation.token_ids, generation.logprobs, engine.tokenizer)),
        milliseconds=milliseconds,
    )


def split(token_ids: Sequence[int], logprobs: Sequence[float], tokenizer: Tokenizer) -> list[Token]:
    """Return tokens with what each adds to the text; a character of several tokens belongs to the last of them.

    Args:
        token_ids: in their order.
        logprobs: for each of them, or none at all.
        tokenizer: of the model.
    """
    tokens: list[Token] = []
    begin = 0
    for place, _ in enumerate(token_ids):
        text = str(tokenizer.decode(list(token_ids[begin : place + 1]), skip_special_tokens=False))
        is_last = place + 1 == len(token_ids)
        if text.endswith(_PART) and not is_last:
            text = ""
        else:
            begin = place + 1
        tokens.append(Token(text, math.exp(logprobs[place]) if logprobs else None))
    return tokens
