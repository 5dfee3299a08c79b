"""From a server's events to chunks: token ids, log-probabilities and text without special tokens.

If the ids are exact (vLLM), the text is decoded here, so it equals that of an engine in this process. Otherwise
the text is the server's, and it is encoded again unless the ids make up this text. The ids may then differ from
those that the model drew, though they decode to the same text; if their number differs from that of the server's
tokens, each gets the mean log-probability of that piece. An empty tuple of log-probabilities means that the server
gives none, so the model's confidence is unknown.

This module knows no connection.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from openai.types import CompletionChoice
from openai.types.completion_choice import Logprobs
from tokenizers.decoders import DecodeStream

from supportbot.engine.base import Chunk, FinishReason
from supportbot.engine.prompt import encode_text
from supportbot.engine.tokenizer import ModelTokenizer
from supportbot.errors import ModelError

_FINISHES: dict[str | None, FinishReason | None] = {
    None: None,
    "": None,  # TGI, until the end
    "stop": "stop",
    "eos_token": "stop",  # TGI's own name
    "stop_sequence": "stop",  # as above
    "length": "length",
}

_ID_PREFIX = "token_id:"
"""vLLM's prefix of a token's name when ids are requested."""


class Reader:
    """Reads the pieces of one answer.

    Args:
        tokenizer: the model's own.
    """

    def __init__(self, tokenizer: ModelTokenizer) -> None:
        self._tokenizer = tokenizer
        self._decoder = DecodeStream(skip_special_tokens=True)
        special = [
            token.content
            for token in tokenizer.backend_tokenizer.get_added_tokens_decoder().values()
            if token.special
        ]
        self._special = frozenset(special)
        self._special_text = re.compile("|".join(map(re.escape, special)) or r"(?!)")
        self._waiting: list[float] = []

    def read(self, choice: CompletionChoice) -> Chunk:
        """Return the chunk of a piece, which may be empty.

        Raises:
            ModelError: a log-probability is not a number, or the answer ended for an unknown reason.
        """
        reason: str | None = choice.finish_reason
        if reason not in _FINISHES:
            raise ModelError(f"The server ended the answer for a reason that is no end of an answer: '{reason}'.")
        finish = _FINISHES[reason]
        ids, names, logprobs = _tokens(choice.logprobs)
        if not all(map(math.isfinite, logprobs)):
            raise ModelError(
                "The server's log-probabilities are not numbers: its weights are damaged or overflow."
            )
        logprobs = [min(0.0, logprob) for logprob in logprobs]
        if ids is not None and all(name.startswith(_ID_PREFIX) for name in names):
            return self._exact(ids, logprobs, finish)
        return self._approximate(choice.text or "", ids, names, logprobs, finish)

    def _exact(self, ids: Sequence[int], logprobs: Sequence[float], finish: FinishReason | None) -> Chunk:
        kept = [index for index, id in enumerate(ids) if id != self._tokenizer.eos_token_id]
        text = "".join(self._decoder.step(self._tokenizer.backend_tokenizer, ids[index]) or "" for index in kept)
        values = tuple(logprobs[index] for index in kept) if logprobs else ()
        return Chunk(tuple(ids[index] for index in kept), values, text, finish)

    def _approximate(
        self,
        raw: str,
        ids: Sequence[int] | None,
        names: Sequence[str],
        logprobs: Sequence[float],
        finish: FinishReason | None,
    ) -> Chunk:
        if logprobs:
            self._waiting += [
                value for name, value in zip(names, logprobs, strict=True) if name not in self._special
            ]
        text = self._special_text.sub("", raw)
        if not text:  # an incomplete character: its log-probability waits for the rest
            return Chunk((), (), "", finish)
        if not ids or self._tokenizer.decode(list(ids), skip_special_tokens=False) != text:
            ids = encode_text(self._tokenizer, text)
        values, self._waiting = self._waiting, []
        if values and len(values) != len(ids):
            values = [sum(values) / len(values)] * len(ids)
        return Chunk(tuple(ids), tuple(values), text, finish)


def _tokens(logprobs: Logprobs | None) -> tuple[list[int] | None, list[str], list[float]]:
    """Return ids, if the server gave any, names and log-probabilities of the tokens of a piece."""
    if not isinstance(logprobs, Logprobs):
        return None, [], []
    content = (logprobs.model_extra or {}).get("content")
    if isinstance(content, list):  # llama.cpp: the form that OpenAI uses for chats
        ids = [int(token["id"]) for token in content] if all("id" in token for token in content) else None
        return ids, [token["token"] for token in content], [float(token["logprob"]) for token in content]
    names = logprobs.tokens or []
    values = [value for value in logprobs.token_logprobs or [] if value is not None]
    ids = None
    if names and all(name.startswith(_ID_PREFIX) for name in names):
        ids = [int(name.removeprefix(_ID_PREFIX)) for name in names]
    return ids, names, values if len(values) == len(names) else []
