"""The step loop: it decodes whatever requests there are together, and they join and leave between steps.

Before it begins, a request reserves the cache blocks of its longest answer, or it waits; so none is ever
preempted. All prompts begin with the same line; its keys and values are computed once and copied.

It knows tokens and a graph; the daemon knows text, questions and deadlines.
"""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice, takewhile
from pathlib import Path

import numpy as np

from supportbot.engine.openvino.decoding import Decoding
from supportbot.engine.openvino.drafts import Drafts
from supportbot.engine.openvino.drawing import draw
from supportbot.engine.openvino.messages import (
    BLOCK_TOKENS,
    Cancel,
    Command,
    Expect,
    Failed,
    Load,
    Loaded,
    Piece,
    Report,
    Stop,
    Submit,
    Tokens,
)
from supportbot.engine.openvino.paged import PagedModel, Segment
from supportbot.engine.openvino.seal import reading

_STEP_TOKENS = 256
"""Prompt tokens in one step, some tenths of a second: a flood of new prompts delays nobody for long."""

_STEP_ROWS = 40
"""Answer tokens in one step, drafted ones included. Up to this number each costs much less than its own step,
because all wait for the same weights; beyond it a step is busy computing and nothing is gained."""

Commands = queue.SimpleQueue[Command]


def serve(commands: Commands, send: Callable[[Report], None]) -> None:
    """Load the graph of the first command, and serve the others until told to stop.

    Raises:
        RuntimeError: the graph cannot be loaded or is not the one that was made, or a step failed.
        OSError: there is none.
    """
    load = commands.get()
    if not isinstance(load, Load):
        return
    began = time.monotonic()
    directory = Path(load.directory)
    with reading(directory, load.seal):
        # One more block, which no request gets, for the common beginning of prompts.
        model = PagedModel(directory, load.precision, load.blocks + 1)
    server = _Server(model, load, send)
    send(Loaded(model.precision, round(time.monotonic() - began, 3)))
    server.run(commands)


class _Server:
    """Requests that wait, requests in progress, and where their tokens go."""

    def __init__(self, model: PagedModel, load: Load, send: Callable[[Report], None]) -> None:
        self._model = model
        self._load = load
        self._send = send
        self._waiting: deque[Submit] = deque()
        self._running: dict[int, Decoding] = {}
        self._free = list(range(load.blocks))[::-1]
        self._drafts = Drafts()
        self._prefix_block = load.blocks
        self._prefix = load.prefix_ids[:BLOCK_TOKENS]
        if self._prefix:
            ids, blocks = np.array(self._prefix, np.int64), np.array([self._prefix_block], np.int32)
            model.forward([Segment(ids, 0, blocks, wanted=1)])

    def run(self, commands: Commands) -> None:
        while self._obey(commands):
            self._admit()
            if self._running:
                self._step()

    def _obey(self, commands: Commands) -> bool:
        """Take the received commands, waiting for one if there is nothing to do; False means stop."""
        while True:
            try:
                command = commands.get(block=not (self._waiting or self._running))
            except queue.Empty:
                return True
            if isinstance(command, Stop):
                return False
            if isinstance(command, Submit):
                self._accept(command)
            elif isinstance(command, Cancel):
                self._cancel(command.id)
            elif isinstance(command, Expect):
                if command.anew:
                    self._drafts = Drafts()
                for text in command.texts:
                    self._drafts.add(text)

    def _accept(self, submit: Submit) -> None:
        # In the middle of a step it would be too late: all others would fail with it.
        if not submit.prompt_ids:
            self._send(Failed(submit.id, "the prompt is empty"))
        elif any(not 0 <= token < self._load.vocabulary for token in submit.prompt_ids):
            self._send(Failed(submit.id, "a token of the prompt is none of the model"))
        elif submit.max_length > self._load.positions:
            self._send(Failed(submit.id, f"{submit.max_length} tokens are more than the model has places for"))
        elif len(submit.prompt_ids) >= submit.max_length:
            self._send(Failed(submit.id, f"the prompt leaves no room for an answer in {submit.max_length} tokens"))
        elif _blocks(submit) > self._load.blocks:
            self._send(Failed(submit.id, f"{submit.max_length} tokens are more than the cache has room for"))
        else:
            self._waiting.append(submit)

    def _cancel(self, number: int) -> None:
        if number in self._running:
            self._forget(number)
        else:
            self._waiting = deque(submit for submit in self._waiting if submit.id != number)

    def _admit(self) -> None:
        """Start waiting requests in their order, as far as there is room."""
        while self._waiting and len(self._running) < self._load.batch:
            if _blocks(self._waiting[0]) > len(self._free):
                return
            submit = self._waiting.popleft()
            blocks = [self._free.pop() for _ in range(_blocks(submit))]
            # At least the last token of a prompt is computed, because the next one is drawn from it.
            pairs = zip(self._prefix, submit.prompt_ids[:-1], strict=False)
            shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
            if shared:
                self._model.copy(self._prefix_block, blocks[0], shared)
            self._running[submit.id] = Decoding(submit, blocks, shared)

    def _step(self) -> None:
        running = list(self._running.values())
        supposed = self._suppose(running)
        segments, computed, room = [], [], _STEP_TOKENS
        for decoding in running:
            # Answers in progress always have their turn; prompts get the room that is left.
            if decoding.waiting > 1 and not room:
                continue
            segment = decoding.segment(max(room, 1))
            segments.append(segment)
            computed.append(decoding)
            room = max(0, room - len(segment.token_ids))
        pieces = self._draw(segments, computed)
        accepted = sum(decoding.held for decoding in computed) if supposed else 0
        for piece in pieces:
            if piece.finish:
                self._drafts.add(self._running[piece.id].answer)
                self._forget(piece.id)
        used = 1 - len(self._free) / self._load.blocks
        self._send(Tokens(pieces, round(100 * used, 1), supposed, accepted))

    def _suppose(self, running: Sequence[Decoding]) -> int:
        """Draft the next tokens of each answer, as many as pay; return how many in all."""
        each = min(self._load.draft_tokens, _STEP_ROWS // len(running) - 1)
        return sum(decoding.suppose(self._drafts, each) for decoding in running)

    def _draw(self, segments: Sequence[Segment], computed: Sequence[Decoding]) -> list[Piece]:
        """Compute a step, and give each request its drawn tokens."""
        logits, log_sums = self._model.forward(segments)
        turns = []
        for segment, decoding in zip(segments, computed, strict=True):
            if segment.wanted:
                turns += decoding.turns()
            else:
                decoding.skip(len(segment.token_ids))
        if not turns:
            return []
        drawn = zip(*draw(logits, log_sums, turns), strict=True)
        pieces = []
        for segment, decoding in zip(segments, computed, strict=True):
            if segment.wanted:
                tokens, logprobs = zip(*islice(drawn, segment.wanted), strict=True)
                pieces.append(decoding.take(tokens, logprobs))
        return pieces

    def _forget(self, number: int) -> None:
        self._free += self._running.pop(number).blocks[::-1]


def _blocks(submit: Submit) -> int:
    """Return how many blocks the longest answer takes."""
    return -(-submit.max_length // BLOCK_TOKENS)
