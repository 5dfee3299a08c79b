"""A request as the daemon keeps it while the model's process works on it.

It knows the tokens so far. After a restart it skips the same tokens and refuses different ones, so no answer is
ever a mixture of two.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field

from supportbot.engine.base import SamplingParams
from supportbot.engine.openvino.messages import Piece, Submit
from supportbot.errors import ModelError


@dataclass(eq=False)
class Request:
    """The request, its tokens so far, and how often it was sent.

    Attributes:
        prompt_ids: tokens of the prompt.
        params: how tokens are chosen.
        max_length: that of ``params``, or the model's positions.
        eos_token_id: the token that ends an answer.
        pieces: received but not taken yet; nothing follows an error.
        token_ids: all tokens passed on.
        to_repeat: tokens that must come again before new ones are passed on.
        sent: number of processes that got it.
    """

    prompt_ids: tuple[int, ...]
    params: SamplingParams
    max_length: int
    eos_token_id: int
    pieces: asyncio.Queue[Piece | Exception] = field(default_factory=asyncio.Queue)
    token_ids: list[int] = field(default_factory=list)
    to_repeat: list[int] = field(default_factory=list)
    sent: int = 0

    def submit(self, number: int) -> Submit:
        """Return the message for a process, from the beginning."""
        self.sent += 1
        self.to_repeat = list(self.token_ids)
        return Submit(
            id=number,
            prompt_ids=self.prompt_ids,
            eos_token_id=self.eos_token_id,
            max_length=self.max_length,
            temperature=self.params.temperature,
            top_p=self.params.top_p,
            top_k=self.params.top_k,
            repetition_penalty=self.params.repetition_penalty,
            do_sample=self.params.do_sample,
            seed=self.params.seed % 2**64,  # whatever number it is, the library takes these
        )

    def take(self, piece: Piece) -> bool:
        """Pass a piece on, without the tokens that the caller has from before a restart.

        Returns:
            Whether more may come.
        """
        if not all(map(math.isfinite, piece.logprobs)):
            self.fail(ModelError("The model's output is not a number: its weights are damaged or overflow."))
            return False
        known = min(len(self.to_repeat), len(piece.token_ids))
        if list(piece.token_ids[:known]) != self.to_repeat[:known] or (piece.finish and self.to_repeat[known:]):
            self.fail(ModelError("After a restart the model went on differently: ask it again."))
            return False
        del self.to_repeat[:known]
        self.token_ids += piece.token_ids[known:]
        # Rounding can lift a certain token a little above 0.
        logprobs = tuple(min(logprob, 0.0) for logprob in piece.logprobs[known:])
        new = Piece(piece.id, piece.token_ids[known:], logprobs, piece.finish)
        if new.token_ids or new.finish:
            self.pieces.put_nowait(new)
        return piece.finish is None

    def fail(self, error: Exception) -> None:
        """End the request with an error."""
        self.pieces.put_nowait(error)
