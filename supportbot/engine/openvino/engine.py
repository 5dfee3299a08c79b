"""The fast engine on a CPU: continuous batching in a process of its own, tokens in, text out.

This module knows prompts, text and deadlines; the supervisor knows the process and its restarts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from tokenizers.decoders import DecodeStream

from supportbot.engine.base import Chunk, SamplingParams
from supportbot.engine.length import answer_limit
from supportbot.engine.openvino.export import read_about
from supportbot.engine.openvino.messages import BLOCK_TOKENS, DRAFT_TOKENS, Load, Precision
from supportbot.engine.openvino.requests import Request
from supportbot.engine.openvino.seal import UNKNOWN, read_seal
from supportbot.engine.openvino.supervisor import Supervisor
from supportbot.engine.prompt import MAX_LENGTH, Prompt, answer_text, encode_text
from supportbot.engine.tokenizer import ModelTokenizer
from supportbot.errors import DeadlineExceededError, EngineBusyError

DEFAULT_BATCH = 32
"""Requests decoded together: beyond this, a step on a few cores slows down as fast as the batch grows."""

SILENCE_SECONDS = 20.0
"""A process at work reports several times a second; one that is silent this long hangs."""


class OpenVINOEngine:
    """Answers with an exported GPT-2; see ``engine.base.Engine``.

    The process is started when the first request comes.

    Args:
        load: what the process loads.
        tokenizer: the model's own.
        model_version: name stored with each answer.
        weights: how they are stored, for the log and the record: ``fp16`` or ``int8``.
        silence_seconds: after which a process with work is taken for hung.
    """

    def __init__(
        self,
        load: Load,
        tokenizer: ModelTokenizer,
        model_version: str,
        *,
        weights: str = "fp16",
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self._load = load
        self._tokenizer = tokenizer
        self._model_version = model_version
        self._weights = weights
        self._expected: dict[str, tuple[int, ...]] = {}
        self._supervisor = Supervisor(load, model_version, weights=weights, silence_seconds=silence_seconds)

    @property
    def model_version(self) -> str:
        """Name of what answers."""
        return self._model_version

    @property
    def tokenizer(self) -> ModelTokenizer:
        """The model's own tokenizer."""
        return self._tokenizer

    @property
    def capacity(self) -> int:
        """One batch in progress and one that waits."""
        return 2 * self._load.batch

    @property
    def arithmetic(self) -> str:
        """Engine, precision of the arithmetic (known once the process runs) and width of the weights."""
        return f"openvino {self.precision} {self._weights}-weights"

    @property
    def pid(self) -> int | None:
        """Id of the process while one is ready."""
        return self._supervisor.pid

    @property
    def precision(self) -> str | None:
        """What the process computes in, once it ran."""
        return self._supervisor.precision

    async def stream(self, prompt: Prompt, params: SamplingParams, deadline: float) -> AsyncGenerator[Chunk, None]:
        """Continue a prompt; see ``engine.base.Engine.stream``."""
        limit = answer_limit(prompt, params, self._load.positions)
        if len(self._supervisor) >= self.capacity:
            raise EngineBusyError("The model has as many questions as it can hold; try again shortly.")
        request = Request(prompt.token_ids, params, limit, self._tokenizer.eos_token_id)
        decoder = DecodeStream(skip_special_tokens=True)
        number = self._supervisor.add(request)
        # One timer for the whole answer: one for each token was up to a third of the daemon's work.
        late = DeadlineExceededError("The answer was not finished in time.")
        timer = asyncio.get_running_loop().call_later(deadline - time.monotonic(), request.fail, late)
        try:
            while True:
                piece = await request.pieces.get()
                if isinstance(piece, Exception):
                    raise piece
                steps = (decoder.step(self._tokenizer.backend_tokenizer, token) for token in piece.token_ids)
                text = "".join(step for step in steps if step)
                yield Chunk(piece.token_ids, piece.logprobs, text, piece.finish)
                if piece.finish:
                    return
        finally:
            timer.cancel()
            self._supervisor.drop(number)

    def expect(self, answers: Sequence[str]) -> None:
        """Tell texts that answers may repeat; see ``engine.base.Engine.expect``."""
        # Called whenever one changes: only new texts cost time of the event loop.
        self._expected = {answer: self._expected.get(answer) or self._encoded(answer) for answer in answers}
        self._supervisor.expect(list(self._expected.values()))

    async def aclose(self) -> None:
        """Drop all requests and end the process."""
        await self._supervisor.aclose()

    def _encoded(self, answer: str) -> tuple[int, ...]:
        return tuple(encode_text(self._tokenizer, answer_text(answer)))


def build_load(
    directory: str,
    precision: Precision,
    *,
    batch: int = DEFAULT_BATCH,
    max_length: int = MAX_LENGTH,
    prefix_ids: Sequence[int] = (),
    draft_tokens: int = DRAFT_TOKENS,
) -> Load:
    """Return the message that loads an export, with a cache for a full batch of the longest answers.

    Args:
        directory: an export, see ``engine.openvino.export``.
        precision: see ``messages.Load``.
        batch: requests decoded together.
        max_length: tokens of prompt and answer together.
        prefix_ids: see ``messages.Load``.
        draft_tokens: see ``messages.Load``.

    Raises:
        OSError: there is no export.
        ValueError: it is damaged.
    """
    blocks_each = -(-max_length // BLOCK_TOKENS)
    about = read_about(Path(directory))
    return Load(
        directory,
        precision,
        blocks=batch * blocks_each,
        batch=batch,
        vocabulary=about.vocabulary,
        positions=about.positions,
        prefix_ids=tuple(prefix_ids),
        draft_tokens=draft_tokens,
        seal=read_seal(Path(directory)) or UNKNOWN,
    )
