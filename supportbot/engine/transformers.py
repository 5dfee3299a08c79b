"""The reference engine: the documented Hugging Face model in this process, decoded on one worker thread.

Waiting requests are decoded together as one batch, by ``_decoding`` on a CPU and ``_static`` on CUDA; a row leaves
the batch as soon as it ends, is cancelled or is too late. Tokens go to the event loop at once. The loop itself
never touches a tensor. If the bounded queue is full, callers get ``EngineBusyError`` and the question waits in the
inbox.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

import structlog
import torch
from transformers import PreTrainedModel

from supportbot.engine._decoding import Decoder, DynamicDecoder
from supportbot.engine._graphs import Recorder
from supportbot.engine._request import Request, closing_error, group_by_batch_key
from supportbot.engine._static import StaticDecoder, suits_static
from supportbot.engine.base import Chunk, SamplingParams
from supportbot.engine.length import answer_limit
from supportbot.engine.prompt import Prompt
from supportbot.errors import DeadlineExceededError, EngineBusyError, ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

log = structlog.get_logger(__name__)

DYNAMIC_MAX_BATCH = 16
"""Rows decoded together: beyond this, a step on two cores slows down almost as fast as the batch grows."""

STATIC_MAX_BATCH = 32
"""The same on a GPU, where a step takes little longer until arithmetic costs as much as reading the weights."""

_PRECISIONS = {torch.float16: "fp16", torch.bfloat16: "bf16", torch.float32: "fp32"}


class TransformersEngine:
    """Answers with a Hugging Face causal language model; see ``engine.base.Engine``.

    Args:
        model: in ``eval()`` mode, on the device that it stays on.
        tokenizer: the model's own fast tokenizer.
        model_version: name stored with each answer.
        max_batch: rows decoded together; as many again may wait. By default as many as suit the decoding.
        static: whether steps have a constant shape; by default where that pays, which is on CUDA.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        model_version: str,
        *,
        max_batch: int | None = None,
        static: bool | None = None,
    ) -> None:
        static = suits_static(model) if static is None else static
        max_batch = max_batch or (STATIC_MAX_BATCH if static else DYNAMIC_MAX_BATCH)
        self._model = model
        self._tokenizer = tokenizer
        self._model_version = model_version
        self._max_batch = max_batch
        recorder = Recorder(model.device) if model.device.type == "cuda" else None
        self._decoder: Decoder = StaticDecoder(model, max_batch, recorder) if static else DynamicDecoder(model)
        self._waiting: queue.Queue[Request | None] = queue.Queue(maxsize=2 * max_batch)
        self._head: Request | None = None  # taken out of the queue, but not into a batch yet
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
        """The arithmetic."""
        return self._model.dtype

    @property
    def arithmetic(self) -> str:
        """Engine, precision and kind of device."""
        return f"transformers {_PRECISIONS.get(self.dtype, self.dtype)} {self._model.device.type}"

    @property
    def capacity(self) -> int:
        """One batch in progress and one that waits."""
        return 2 * self._max_batch

    async def stream(self, prompt: Prompt, params: SamplingParams, deadline: float) -> AsyncGenerator[Chunk, None]:
        """Continue a prompt; see ``engine.base.Engine.stream``."""
        limit = answer_limit(prompt, params, int(self._model.config.max_position_embeddings))
        loop = asyncio.get_running_loop()
        request = Request(prompt.token_ids, params, limit, deadline, loop, self._tokenizer, self._closing)
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

    def expect(self, answers: Sequence[str]) -> None:
        """Ignore the texts: the reference computes one token at a time."""

    async def aclose(self) -> None:
        """Drop all requests and end the worker thread."""
        self._closing.set()
        while self._thread.is_alive():
            with suppress(queue.Full):  # the thread sees `closing` first, and drains the queue itself
                self._waiting.put_nowait(None)
            await asyncio.to_thread(self._thread.join, 0.05)

    def _run(self) -> None:
        while not self._closing.is_set() and (first := self._take_head() or self._waiting.get()) is not None:
            batch = [first, *islice(iter(self._take_waiting, None), self._max_batch - 1)]
            # Rows of one batch share the processors; another set of parameters makes a batch of its own.
            groups = group_by_batch_key([row for row in batch if not row.cancelled.is_set()])
            while groups:
                rows = groups.pop(0)
                self._decode(rows, joinable=not groups)
        for row in iter(self._take_waiting, None):
            row.post(closing_error())

    def _decode(self, rows: list[Request], *, joinable: bool) -> None:
        """Decode a batch to its end; others may join it unless some already wait for that end."""
        under_way = list(rows)

        def more(room: int) -> list[Request]:
            joining = self._take_alike(rows[0], room) if joinable else []
            under_way.extend(joining)
            return joining

        try:
            self._decoder.decode(rows, more)
        except ModelError as error:
            for row in under_way:
                row.post(error)
        except Exception:
            log.exception("engine.decode_failed", rows=len(under_way))
            for row in under_way:
                row.post(ModelError("The model failed while it was answering."))

    def _take_alike(self, like: Request, room: int) -> list[Request]:
        """Take waiting requests in their order, up to the first that cannot share a batch with another one."""
        taken: list[Request] = []
        while len(taken) < room and not self._closing.is_set() and (row := self._take_waiting()) is not None:
            if row.batch_key != like.batch_key:
                self._head = row
                break
            if not row.cancelled.is_set():
                taken.append(row)
        return taken

    def _take_waiting(self) -> Request | None:
        try:
            return self._take_head() or self._waiting.get_nowait()
        except queue.Empty:
            return None

    def _take_head(self) -> Request | None:
        head, self._head = self._head, None
        return head
