"""What every engine is: something that continues a prompt, a few tokens at a time, until it stops.

The protocol is small, so that a model in this process, in a child process or behind an HTTP server looks the same
to the rest of the program. It knows nothing of questions, platforms or the database.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from supportbot.engine.prompt import MAX_LENGTH, Prompt, TextEncoder

CONFIDENCE_TOKENS = 8
"""The first tokens decide what an answer is about: their mean log-probability tells right from wrong far better
than that of the whole answer (AUROC .91 against .75 in trials)."""

FinishReason = Literal["stop", "length"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingParams:
    """How the next token is chosen; the defaults are the documented ones.

    ``top_k`` is not in the documented call. ``generate()`` silently applies 50, other engines apply none, so it is
    explicit here.

    Attributes:
        max_length: tokens of prompt and answer together.
        temperature: divisor of the logits, above 0.
        top_p: smallest set of most likely tokens whose probabilities reach this sum.
        top_k: number of most likely tokens that are kept, before ``top_p``; 0 keeps all.
        repetition_penalty: divisor (multiplier, if negative) of the logits of all tokens seen, prompt included.
        do_sample: draw a token; otherwise take the most likely one.
        seed: makes an answer reproducible on the same engine.
    """

    max_length: int = MAX_LENGTH
    temperature: float = 0.8
    top_p: float = 0.95
    top_k: int = 50
    repetition_penalty: float = 1.2
    do_sample: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values for which sampling is undefined.

        Raises:
            ValueError: names the parameter and its range.
        """
        object.__setattr__(self, "temperature", float(self.temperature))  # transformers refuses a whole number
        # Written as "not (inside)", so that NaN is refused as well.
        if not 1e-3 <= self.temperature <= 100:
            raise ValueError(f"temperature must be between 0.001 and 100, not {self.temperature}.")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p must be above 0 and at most 1, not {self.top_p}.")
        if not 0.1 <= self.repetition_penalty <= 10:
            raise ValueError(f"repetition_penalty must be between 0.1 and 10, not {self.repetition_penalty}.")
        if self.top_k < 0:
            raise ValueError(f"top_k must be 0 or more, not {self.top_k}.")

    def as_record(self) -> dict[str, Any]:
        """Return the parameters as they are stored beside an answer; the seed has a column of its own."""
        record = asdict(self)
        del record["seed"]
        return record


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some tokens of an answer, in the order in which they were produced.

    Attributes:
        token_ids: without the end-of-text token.
        logprobs: for each of ``token_ids`` the natural log of its probability under the model itself, that is
            before repetition penalty, temperature, top-k and top-p; at most 0. Empty if a server gives none.
        text: what these tokens add to the text; empty while a character of several tokens is incomplete.
        finish: set on the last chunk only: ``stop`` after the end-of-text token, ``length`` at ``max_length``.
    """

    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    text: str
    finish: FinishReason | None = None


class Tokenizer(TextEncoder, Protocol):
    """A model's own tokenizer, both ways."""

    def decode(self, token_ids: list[int], *, skip_special_tokens: bool) -> Any:
        """Return the text of tokens, a ``str``."""


class Engine(Protocol):
    """A model that is ready to answer."""

    @property
    def model_version(self) -> str:
        """Name of what answers, stored with each answer."""

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's own tokenizer, which encodes prompts and decodes answers."""

    @property
    def capacity(self) -> int:
        """Sensible number of simultaneous requests, waiting ones included."""

    @property
    def arithmetic(self) -> str:
        """Where a seed reproduces an answer, such as ``openvino bf16 int8-weights``; stored with each answer.

        The engine's name comes first. It is complete once the first chunk has arrived.
        """

    def stream(self, prompt: Prompt, params: SamplingParams, deadline: float) -> AsyncGenerator[Chunk, None]:
        """Continue a prompt.

        To cancel, close the generator or cancel the task that reads it: the engine then drops the request
        within one decoding step.

        Args:
            prompt: shorter than ``params.max_length`` tokens.
            params: how tokens are chosen.
            deadline: in seconds of ``time.monotonic()``.

        Raises:
            EngineBusyError: the bounded queue is full.
            DeadlineExceededError: the deadline passed before the last chunk.
            ModelError: the model produced something that is not a distribution, such as NaN.
        """

    def expect(self, answers: Sequence[str]) -> None:
        """Tell texts that answers may repeat, such as approved ones: an engine may use them to be faster, or
        ignore them.

        It changes no answer. The last call counts: texts that only an earlier call named are forgotten.
        """

    async def aclose(self) -> None:
        """Drop all requests and free the model."""


def confidence(logprobs: Sequence[float]) -> float | None:
    """Return the mean log-probability of the first ``CONFIDENCE_TOKENS`` tokens (nats, at most 0), if any."""
    return mean_logprob(logprobs[:CONFIDENCE_TOKENS])


def mean_logprob(logprobs: Sequence[float]) -> float | None:
    """Return the mean log-probability of a token in nats, or None for an empty answer."""
    return sum(logprobs) / len(logprobs) if logprobs else None
