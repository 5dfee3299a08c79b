"""A request that the transformers engine has taken: its tokens so far, and where they go.

Two threads use a request: the event loop that waits for its chunks, and the worker that decodes. It knows nothing
of models, batches or tensors.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokenizers.decoders import DecodeStream

from supportbot.engine.base import Chunk, FinishReason, SamplingParams
from supportbot.errors import DeadlineExceededError, EngineBusyError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(eq=False)
class Request:
    """What was asked, where its tokens go, and what has come so far.

    Attributes:
        prompt_ids: at least one token.
        params: how tokens are chosen.
        max_length: tokens of prompt and answer together, within the model's positions.
        deadline: in seconds of ``time.monotonic()``.
        loop: the caller's event loop.
        tokenizer: the model's own.
        closing: set when the engine is being closed.
        cancelled: set when nobody waits any more.
        received: chunks, or the error that ended them.
        token_ids: of the answer so far.
    """

    prompt_ids: tuple[int, ...]
    params: SamplingParams
    max_length: int
    deadline: float
    loop: asyncio.AbstractEventLoop
    tokenizer: PreTrainedTokenizerBase
    closing: threading.Event
    cancelled: threading.Event = field(default_factory=threading.Event)
    received: asyncio.Queue[Chunk | Exception] = field(default_factory=asyncio.Queue)
    token_ids: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start its own source of random numbers and its own decoder of text."""
        self.random = random.Random(self.params.seed)  # noqa: S311 - sampling, not secrecy
        self.decoder = DecodeStream(skip_special_tokens=True)

    @property
    def batch_key(self) -> tuple[object, ...]:
        """Equal for requests that may share a batch: a length limit and a seed are applied row by row."""
        return tuple(value for name, value in self.params.as_record().items() if name != "max_length")

    def post(self, item: Chunk | Exception) -> None:
        """Hand something to the caller."""
        try:
            self.loop.call_soon_threadsafe(self.received.put_nowait, item)
        except RuntimeError:  # the loop was closed: nobody can read it any more
            self.cancelled.set()

    def advance(self, token: int, logprob: float) -> bool:
        """Take the next token; return whether the answer goes on."""
        if self.cancelled.is_set():
            return False
        if self.closing.is_set():
            self.post(closing_error())
            return False
        if time.monotonic() > self.deadline:
            self.post(DeadlineExceededError("The answer was not finished in time."))
            return False
        if token == self.tokenizer.eos_token_id:
            self.post(Chunk((), (), "", "stop"))
            return False
        self.token_ids.append(token)
        at_end = len(self.prompt_ids) + len(self.token_ids) >= self.max_length
        text = self.decoder.step(self.tokenizer.backend_tokenizer, token) or ""
        finish: FinishReason | None = "length" if at_end else None
        self.post(Chunk((token,), (logprob,), text, finish))
        return not at_end


def closing_error() -> EngineBusyError:
    """Return the error for callers whose requests are dropped because the engine is closing."""
    return EngineBusyError("The bot is being stopped; the question waits until it is back.")


def group_by_batch_key(requests: list[Request]) -> list[list[Request]]:
    """Return the requests in groups that can each be one batch, in the order of arrival."""
    groups: dict[tuple[object, ...], list[Request]] = {}
    for request in requests:
        groups.setdefault(request.batch_key, []).append(request)
    return list(groups.values())
