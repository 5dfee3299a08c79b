"""One request: its tokens, its places in the cache, and the results of a step.

A step computes the last token and some drafted ones that may follow it. Each place then draws its token with its
own random number, as if it were alone. The first token that differs from the draft is still right, because all
before it were; only the tokens after it were computed in vain. So drafts change neither the distribution nor the
answer of a seed. (Speculative sampling with a draft that is certain of each token accepts with the same
probability; here the random number decides, so the tokens are the same too.)

This module knows one request; ``serve`` knows all of them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from supportbot.engine.base import FinishReason
from supportbot.engine.openvino.drafts import Drafts
from supportbot.engine.openvino.drawing import Turn
from supportbot.engine.openvino.messages import Piece, Submit
from supportbot.engine.openvino.paged import Segment

_FIRST_DRAFT = 4
"""Drafted tokens while nothing is known about an answer: a wrong one is cheap."""

_MOST_MISSES = 4
"""An answer whose drafts keep failing pauses for 1, 3, 7 and at most 15 steps before the next draft."""


class Decoding:
    """A request and how far it has come.

    Args:
        submit: what was asked.
        blocks: of the cache, for its longest answer.
        cached: tokens of the prompt whose keys and values are in the cache already; fewer than all.
    """

    def __init__(self, submit: Submit, blocks: list[int], cached: int) -> None:
        self.id = submit.id
        self.blocks = blocks
        self._submit = submit
        self._cache = np.array(blocks, np.int32)
        self._ids = np.zeros(submit.max_length, np.int64)
        self._ids[: len(submit.prompt_ids)] = submit.prompt_ids
        self._length = len(submit.prompt_ids)
        self._cached = cached
        self._draft: tuple[int, ...] = ()
        self._draft_tokens = _FIRST_DRAFT
        self._misses = self._pause = 0
        self.held = 0
        """Drafted tokens of the last step that were right."""
        self._random = random.Random(submit.seed)  # noqa: S311 - sampling, not secrecy
        self._uniforms: list[float] = []

    @property
    def answer(self) -> list[int]:
        """Tokens of the answer so far."""
        tokens: list[int] = self._ids[len(self._submit.prompt_ids) : self._length].tolist()
        return tokens

    @property
    def waiting(self) -> int:
        """Tokens that are known and not computed: 1, or the rest of the prompt."""
        return self._length - self._cached

    def suppose(self, drafts: Drafts, most: int) -> int:
        """Draft what may come next; return how many tokens."""
        if self._pause:
            self._pause -= 1
            most = 0
        # The last place is drawn, never drafted.
        most = min(most, self._draft_tokens, self._submit.max_length - self._length - 1)
        self._draft = drafts.propose(self.answer, most) if most > 0 and self.waiting == 1 else ()
        return len(self._draft)

    def segment(self, most: int) -> Segment:
        """Return the next tokens to compute, with at most so many of the prompt."""
        size = min(self.waiting, most)
        end = self._cached + size
        if end < self._length:  # the rest of the prompt comes in another step
            return Segment(self._ids[self._cached : end], self._cached, self._cache, wanted=0)
        after = end + len(self._draft)
        self._ids[end:after] = self._draft
        return Segment(self._ids[self._cached : after], self._cached, self._cache, wanted=1 + len(self._draft))

    def turns(self) -> list[Turn]:
        """Return the places to draw tokens for: after the known tokens, and after each drafted one."""
        submit, known = self._submit, len(self.answer)
        while len(self._uniforms) <= known + len(self._draft):
            self._uniforms.append(self._random.random())
        return [
            Turn(
                history=self._ids[: self._length + place],
                temperature=submit.temperature,
                top_p=submit.top_p,
                top_k=submit.top_k,
                repetition_penalty=submit.repetition_penalty,
                do_sample=submit.do_sample,
                uniform=self._uniforms[known + place],
            )
            for place in range(1 + len(self._draft))
        ]

    def skip(self, size: int) -> None:
        """Note that so many tokens of the prompt were computed, and nothing was drawn."""
        self._cached += size

    def take(self, tokens: Sequence[int], logprobs: Sequence[float]) -> Piece:
        """Take the drawn tokens, as far as the draft was right; return the new ones.

        Args:
            tokens: one for each of ``turns``.
            logprobs: of them.
        """
        submit, draft = self._submit, self._draft
        taken = self.held = 0
        finish: FinishReason | None = None
        for place, token in enumerate(tokens):
            if token == submit.eos_token_id:
                finish = "stop"
                break
            self._ids[self._length + taken] = token
            taken += 1
            if self._length + taken == submit.max_length:
                finish = "length"
                break
            if place == len(draft) or token != draft[place]:
                break
            self.held += 1
        self._length += taken
        self._cached = self._length - 1
        if draft:
            self._draft_tokens = 2 * self._draft_tokens if self.held == len(draft) else max(1, self.held)
            self._misses = 0 if self.held else min(self._misses + 1, _MOST_MISSES)
            self._pause = 2 ** max(0, self._misses - 1) - 1
        return Piece(submit.id, tuple(tokens[:taken]), tuple(logprobs[:taken]), finish)
