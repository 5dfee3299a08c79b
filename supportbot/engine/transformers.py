"""The reference engine: the documented Hugging Face model in this process, decoded on one worker thread.

Requests that wait are taken together and decoded as one left-padded batch; a row leaves the batch as soon as it
ends, is cancelled or is too late. Tokens go back to the event loop as they come. The loop itself never touches a
tensor. The queue is bounded: beyond it, callers hear ``EngineBusyError`` and the question waits in the inbox.
"""

from __future__ import annotations

import asyncio
import queue
import random
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, cast

import structlog
import torch
from tokenizers.decoders import DecodeStream
from transformers import DynamicCache, PreTrainedModel

from supportbot.engine._sampling import are_finite, build_processors, draw, token_logprobs
from supportbot.engine.base import Chunk, FinishReason, SamplingParams
from supportbot.engine.length import answer_limit
from supportbot.errors import DeadlineExceededError, EngineBusyError, ModelError
from supportbot.prompt import Prompt

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

log = structlog.get_logger(__name__)

DEFAULT_MAX_BATCH = 16
"""Rows decoded together: past this a step on two cores gets slower almost as fast as the batch grows."""

_PRECISIONS = {torch.float16: "fp16", torch.bfloat16: "bf16", torch.float32: "fp32"}


@dataclass(eq=False)
class _Request:
    """One row: what was asked, where its tokens go, and what has come so far."""

    prompt_ids: tuple[int, ...]
    params: SamplingParams
    max_length: int
    deadline: float
    loop: asyncio.AbstractEventLoop
    cancelled: threading.Event = field(default_factory=threading.Event)
    received: asyncio.Queue[Chunk | Exception] = field(default_factory=asyncio.Queue)
    token_ids: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.params.seed)  # noqa: S311 - sampling, not secrecy
        self.decoder = DecodeStream(skip_special_tokens=True)

    def post(self, item: Chunk | Exception) -> None:
        try:
            self.loop.call_soon_threadsafe(self.received.put_nowait, item)
        except RuntimeError:  # the loop was closed: nobody is left who could read it
            self.cancelled.set()


class TransformersEngine:
    """Answers with a Hugging Face causal language model; see ``engine.base.Engine``.

    Args:
        model: in ``eval()`` mode, on the device that it stays on.
        tokenizer: the model's own fast tokenizer.
        model_version: name stored with each answer.
        max_batch: rows decoded together; as many again may wait.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        model_version: str,
        *,
        max_batch: int = DEFAULT_MAX_BATCH,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._model_version = model_version
        self._max_batch = max_batch
        self._waiting: queue.Queue[_Request | None] = queue.Queue(maxsize=2 * max_batch)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    @property
    def model_version(self) -> str:
        """Name of what answers."""
        return self._model_version

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The model's own tokenizer."""
        return self._tokenizer

    @property
    def dtype(self) -> torch.dtype:
        """What the arithmetic is done in."""
        return self._model.dtype

    @property
    def arithmetic(self) -> str:
        """Engine, precision and kind of device."""
        return f"transformers {_PRECISIONS.get(self.dtype, self.dtype)} {self._model.device.type}"

    @property
    def capacity(self) -> int:
        """One batch under way and one that waits."""
        return 2 * self._max_batch

    async def stream(self, prompt: Prompt, params: SamplingParams, deadline: float) -> AsyncGenerator[Chunk, None]:
        """Continue a prompt; see ``engine.base.Engine.stream``."""
        limit = answer_limit(prompt, params, int(self._model.config.max_position_embeddings))
        request = _Request(prompt.token_ids, params, limit, deadline, asyncio.get_running_loop())
        try:
            self._waiting.put_nowait(request)
        except queue.Full:
            raise EngineBusyError("The model has as many questions as it can hold; try again shortly.") from None
        try:
            while True:
                async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                    item = await request.received.get()
                if isinstance(item, Exception):
                    raise item
                yield item
                if item.finish:
                    return
        except TimeoutError:
            raise DeadlineExceededError("The answer was not finished in time.") from None
        finally:
            request.cancelled.set()

    async def aclose(self) -> None:
        """Drop what is under way and end the worker thread."""
        self._closing.set()
        while self._thread.is_alive():
            with suppress(queue.Full):  # the thread sees `closing` first, and drains the queue itself
                self._waiting.put_nowait(None)
            await asyncio.to_thread(self._thread.join, 0.05)

    def _run(self) -> None:
        while not self._closing.is_set() and (first := self._waiting.get()) is not None:
            batch = [first, *islice(iter(self._take_waiting, None), self._max_batch - 1)]
            # Rows of one batch share the processors; another set of parameters makes a batch of its own.
            for rows in _group_by_params([row for row in batch if not row.cancelled.is_set()]):
                try:
                    self._decode(rows)
                except ModelError as error:
                    for row in rows:
                        row.post(error)
                except Exception:
                    log.exception("engine.decode_failed", rows=len(rows))
                    for row in rows:
                        row.post(ModelError("The model failed while it was answering."))
        for row in iter(self._take_waiting, None):
            row.post(_closing_error())

    def _take_waiting(self) -> _Request | None:
        try:
            return self._waiting.get_nowait()
        except queue.Empty:
            return None

    @torch.inference_mode()
    def _decode(self, rows: list[_Request]) -> None:
        """Decode a batch to its end, posting each row's tokens as they come."""
        processors = build_processors(rows[0].params)
        device = self._model.device
        width = max(len(row.prompt_ids) for row in rows)
        input_ids = torch.tensor([_pad_left(row.prompt_ids, width) for row in rows], device=device)
        mask = torch.tensor(
            [[0] * (width - len(row.prompt_ids)) + [1] * len(row.prompt_ids) for row in rows], device=device
        )
        # Padding repeats the row's own first token: the repetition penalty counts every token of the history,
        # so any other padding (end-of-text is usual) would make that token less likely in padded rows only.
        history = input_ids
        cache = DynamicCache(config=self._model.config)
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
        while True:
            output = self._model(
                input_ids=input_ids,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            logits = output.logits[:, -1].float()
            scores = processors(cast(torch.LongTensor, history), cast(torch.FloatTensor, logits))
            if rows[0].params.do_sample:
                tokens = draw(scores, [row.random.random() for row in rows])
            else:
                tokens = scores.argmax(dim=-1)
            logprobs = token_logprobs(logits, tokens)
            if not are_finite(logprobs):
                raise ModelError("The model's output is not a number: its weights are damaged or overflow.")
            running = [
                index
                for index, (row, token) in enumerate(zip(rows, tokens.tolist(), strict=True))
                if self._advance(row, token, logprobs[index])
            ]
            if not running:
                return
            if len(running) < len(rows):
                keep = torch.tensor(running, device=device)
                rows = [rows[index] for index in running]
                tokens, mask, history, positions = tokens[keep], mask[keep], history[keep], positions[keep]
                cache.batch_select_indices(keep)
            input_ids = tokens.unsqueeze(1)
            history = torch.cat([history, input_ids], dim=1)
            mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
            positions = positions[:, -1:] + 1

    def _advance(self, row: _Request, token: int, logprob: float) -> bool:
        """Give a row its next token; return whether it goes on."""
        if row.cancelled.is_set():
            return False
        if self._closing.is_set():
            row.post(_closing_error())
            return False
        if time.monotonic() > row.deadline:
            row.post(DeadlineExceededError("The answer was not finished in time."))
            return False
        if token == self._tokenizer.eos_token_id:
            row.post(Chunk((), (), "", "stop"))
            return False
        row.token_ids.append(token)
        at_end = len(row.prompt_ids) + len(row.token_ids) >= row.max_length
        text = row.decoder.step(self._tokenizer.backend_tokenizer, token) or ""
        finish: FinishReason | None = "length" if at_end else None
        row.post(Chunk((token,), (logprob,), text, finish))
        return not at_end


def _closing_error() -> EngineBusyError:
    return EngineBusyError("The bot is being stopped; the question waits until it is back.")


def _pad_left(ids: tuple[int, ...], width: int) -> list[int]:
    return [ids[0]] * (width - len(ids)) + list(ids)


def _group_by_params(rows: list[_Request]) -> list[list[_Request]]:
    groups: dict[tuple[object, ...], list[_Request]] = {}
    for row in rows:
        # A row's own length limit and seed are applied row by row.
        key = tuple(value for name, value in row.params.as_record().items() if name != "max_length")
        groups.setdefault(key, []).append(row)
    return list(groups.values())
