"""The step loop: it decodes whatever requests there are together, one token each at a time.

A step holds Python's lock for its whole length, up to tenths of a second, which is why this is no thread of the
daemon. Requests join and leave between steps.

The library takes on more than its cache holds and then throws requests out of it again, which measured as a crash
for a cache that is small enough. So a request gets the blocks for its longest answer before it begins, or waits.

It knows tokens and a graph; text, questions and deadlines are the daemon's.
"""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable

import numpy as np
import openvino as ov
import openvino_genai as genai

from supportbot.engine.openvino.messages import (
    BLOCK_TOKENS,
    Cancel,
    Command,
    Failed,
    Load,
    Loaded,
    Piece,
    Report,
    Stop,
    Submit,
    Tokens,
)

DEVICE = "CPU"

_EXACT = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32"}

_SORTING_TOP_P = float(np.nextafter(np.float32(1), np.float32(0)))
"""Below 1 the library sorts tokens before it draws. At 1 it draws from them in the order of a heap, which
differences in the last digit turn over: beside others a seed gave another answer (25 of 64 at a temperature of 3,
against none)."""

_MOST_PROMPT_TOKENS = 4_096
"""Tokens computed in one step at most: a flood of new prompts must not hold up those under way for long."""

Commands = queue.SimpleQueue[Command]


def serve(commands: Commands, send: Callable[[Report], None]) -> None:
    """Load what the first command says, and serve the others until told to stop.

    Raises:
        RuntimeError: the graph cannot be loaded, or a step failed.
    """
    load = commands.get()
    if not isinstance(load, Load):
        return
    began = time.monotonic()
    pipeline = load_pipeline(load)
    send(Loaded(_precision(exact=load.exact), round(time.monotonic() - began, 3)))
    _Server(pipeline, load, send).run(commands)


def load_pipeline(load: Load) -> genai.ContinuousBatchingPipeline:
    """Load an exported model.

    Raises:
        RuntimeError: there is none, or it is damaged.
    """
    scheduler = genai.SchedulerConfig()
    scheduler.num_kv_blocks = load.blocks
    scheduler.max_num_seqs = load.batch
    scheduler.max_num_batched_tokens = _MOST_PROMPT_TOKENS
    scheduler.dynamic_split_fuse = False
    return genai.ContinuousBatchingPipeline(load.directory, scheduler, DEVICE, _EXACT if load.exact else {})


def generation_config(submit: Submit) -> genai.GenerationConfig:
    """Return the library's form of a request's parameters."""
    config = genai.GenerationConfig()
    config.max_length = submit.max_length
    config.set_eos_token_id(submit.eos_token_id)
    config.repetition_penalty = submit.repetition_penalty
    config.do_sample = submit.do_sample
    if submit.do_sample:
        config.temperature = submit.temperature
        config.top_p = min(submit.top_p, _SORTING_TOP_P)
        # Without a limit the library wants a number beyond every vocabulary.
        config.top_k = submit.top_k or np.iinfo(np.int32).max
        config.rng_seed = submit.seed
    config.logprobs = 1  # those of the tokens that were chosen, before penalty, temperature and cuts
    return config


class _Server:
    """Requests that wait, requests under way, and where their tokens go."""

    def __init__(
        self, pipeline: genai.ContinuousBatchingPipeline, load: Load, send: Callable[[Report], None]
    ) -> None:
        self._pipeline = pipeline
        self._load = load
        self._send = send
        self._waiting: deque[Submit] = deque()
        # A handle that is dropped kills its request without a word.
        self._handles: dict[int, genai.GenerationHandle] = {}
        self._blocks: dict[int, int] = {}
        self._leaving: list[int] = []
        """Cancelled; the library keeps their blocks until the next step."""

    def run(self, commands: Commands) -> None:
        while self._obey(commands):
            self._admit()
            if self._handles or self._leaving:
                self._step()
        for number in list(self._handles):
            self._cancel(number)
        if self._leaving:
            self._pipeline.step()  # a pipeline that ends with blocks in use complains on standard error

    def _obey(self, commands: Commands) -> bool:
        """Take the commands that have come, waiting for one if there is nothing to do; False means stop."""
        while True:
            try:
                command = commands.get(block=not (self._waiting or self._handles or self._leaving))
            except queue.Empty:
                return True
            if isinstance(command, Stop):
                return False
            if isinstance(command, Submit):
                self._accept(command)
            elif isinstance(command, Cancel):
                self._cancel(command.id)

    def _accept(self, submit: Submit) -> None:
        # The library itself would notice these in the middle of a step, or never.
        if any(not 0 <= token < self._load.vocabulary for token in submit.prompt_ids):
            self._send(Failed(submit.id, "a token of the prompt is none of the model"))
        elif submit.max_length > self._load.positions:
            self._send(Failed(submit.id, f"{submit.max_length} tokens are more than the model has places for"))
        elif _blocks(submit) > self._load.blocks:
            self._send(Failed(submit.id, f"{submit.max_length} tokens are more than the cache has room for"))
        else:
            self._waiting.append(submit)

    def _cancel(self, number: int) -> None:
        if handle := self._handles.pop(number, None):
            handle.cancel()
            self._leaving.append(number)
        else:
            self._waiting = deque(submit for submit in self._waiting if submit.id != number)

    def _admit(self) -> None:
        """Begin with those who wait, in their order, as far as there is room."""
        while self._waiting and len(self._blocks) < self._load.batch:
            submit = self._waiting[0]
            if sum(self._blocks.values()) + _blocks(submit) > self._load.blocks:
                return
            self._waiting.popleft()
            prompt = ov.Tensor(np.array([submit.prompt_ids], dtype=np.int64))
            try:
                handle = self._pipeline.add_request(submit.id, prompt, generation_config(submit))
            except (RuntimeError, TypeError) as error:
                self._send(Failed(submit.id, str(error)))
            else:
                self._handles[submit.id] = handle
                self._blocks[submit.id] = _blocks(submit)

    def _step(self) -> None:
        self._pipeline.step()
        for number in self._leaving:
            del self._blocks[number]
        self._leaving.clear()
        pieces = []
        for number, handle in list(self._handles.items()):
            if handle.can_read() and (piece := _read(number, handle)):
                pieces.append(piece)
                if piece.finish:
                    self._forget(number)
            elif handle.get_status() != genai.GenerationStatus.RUNNING:
                # The library gave it up: nothing more will come.
                self._forget(number)
                self._send(Failed(number, f"the request ended as {handle.get_status().name}"))
        self._send(Tokens(pieces, self._pipeline.get_metrics().cache_usage))

    def _forget(self, number: int) -> None:
        del self._handles[number], self._blocks[number]


def _blocks(submit: Submit) -> int:
    """Return how many blocks the longest answer takes."""
    return -(-submit.max_length // BLOCK_TOKENS)


def _read(number: int, handle: genai.GenerationHandle) -> Piece | None:
    """Return what a step gave to a request, if anything."""
    outputs = list(handle.read().values())
    if not outputs:
        return None
    ids, logprobs = outputs[0].generated_ids, outputs[0].generated_log_probs
    if outputs[0].finish_reason == genai.GenerationFinishReason.STOP:
        return Piece(number, tuple(ids[:-1]), tuple(logprobs[:-1]), "stop")
    is_full = outputs[0].finish_reason == genai.GenerationFinishReason.LENGTH
    return Piece(number, tuple(ids), tuple(logprobs), "length" if is_full else None)


def _precision(*, exact: bool) -> str:
    """Return what the library computes in if it may choose."""
    if exact:
        return "fp32"
    return "bf16" if "BF16" in ov.Core().get_property(DEVICE, "OPTIMIZATION_CAPABILITIES") else "fp32"
