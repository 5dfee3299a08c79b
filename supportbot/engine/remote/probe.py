"""Whether a server has the tokenizer of our prompts; otherwise its answers would be nonsense.

A fixed text is tokenized there (``POST /tokenize``) and here, and the ids are compared. One request has the fields
of every server that offers such a page, since each ignores those of the others:

* **vLLM** and SGLang read ``prompt`` and give ``tokens``, and in ``max_model_len`` the places for tokens.
* **llama.cpp** reads ``content`` and gives ``tokens``.
* **TGI** reads ``inputs`` and gives a list of objects with an ``id``; special tokens are always added.

A server without such a page, or with another format, is used unchecked, and the log says so once. This module
knows no connection and no schedule.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import openai
import structlog

from supportbot.engine.prompt import MAX_LENGTH, encode_text
from supportbot.engine.remote.failures import ServerOutError, explain
from supportbot.engine.tokenizer import ModelTokenizer

log = structlog.get_logger(__name__)

PROBE = "Where is order 4711?\n\tIt's for 東京  and cost €12.50 – naïve, wasn't I? Grüße 🙂"
"""Words, digits, scripts and kinds of white space: tokenizers that split all of it alike are the same."""

_NOT_NOW = (408, 429)
"""Statuses below 500 that say nothing about the page: too slow, and too many requests."""

_NOT_IMPLEMENTED = 501


class Probe:
    """The request to servers, and the right answer.

    Args:
        tokenizer: encodes the prompts.
    """

    def __init__(self, tokenizer: ModelTokenizer) -> None:
        self._ids = encode_text(tokenizer, PROBE)
        self._ids_with_special = tokenizer.backend_tokenizer.encode(PROBE, add_special_tokens=True).ids
        self._told: set[str] = set()

    def body(self, model: str) -> dict[str, Any]:
        """Return the request body for the page ``page_url``."""
        return {
            "model": model,
            "prompt": PROBE,
            "add_special_tokens": False,
            "content": PROBE,
            "add_special": False,
            "inputs": PROBE,
        }

    def judge(self, page: object, url: str) -> None:
        """Compare a server's answer.

        Raises:
            ServerOutError: it has another tokenizer, or too few positions for an answer.
        """
        ids = _ids(page)
        if ids is None:
            self._tell(url)
            return
        if ids not in (self._ids, self._ids_with_special):
            raise ServerOutError(
                f"The server at {url} has another tokenizer than the model of SUPPORTBOT_MODEL "
                f"({_difference(ids, self._ids)}): set SUPPORTBOT_MODEL to the model that this server runs.",
                setting=True,
            )
        places = page.get("max_model_len") if isinstance(page, dict) else None
        if isinstance(places, int) and places < MAX_LENGTH:
            raise ServerOutError(
                f"The server at {url} has places for {places} tokens of question and answer together, and "
                f"{MAX_LENGTH} are needed: start it with as many (vLLM: --max-model-len {MAX_LENGTH}).",
                setting=True,
            )

    def excuse(self, error: openai.OpenAIError | ValueError, url: str) -> None:
        """Accept an error that means: this server has no such page.

        Raises:
            ServerOutError: it means something else.
        """
        if isinstance(error, openai.APIStatusError):
            status = error.status_code
            has_no_page = (status < 500 and status not in _NOT_NOW) or status == _NOT_IMPLEMENTED
        else:
            has_no_page = not isinstance(error, openai.APIConnectionError)  # an answer, but no JSON
        if not has_no_page:
            raise explain(error, url) from error
        self._tell(url)

    def _tell(self, url: str) -> None:
        if url not in self._told:
            log.warning(
                "engine.tokenizer_unchecked",
                url=url,
                means="This server has no usable page /tokenize, so nothing tells whether SUPPORTBOT_MODEL names "
                "the model that it runs.",
            )
        self._told.add(url)


def page_url(url: str) -> str:
    """Return the address of a server's tokenize page, given the base of its API."""
    return f"{url.removesuffix('/v1')}/tokenize"


def _ids(page: object) -> list[int] | None:
    """Return the token ids on a page, or None in an unknown format."""
    tokens = page.get("tokens") if isinstance(page, dict) else page
    if not isinstance(tokens, list) or not tokens:
        return None
    values = (token.get("id") if isinstance(token, dict) else token for token in tokens)
    ids = [value for value in values if type(value) is int]  # True is no id, though an int
    return ids if len(ids) == len(tokens) else None


def _difference(theirs: Sequence[int], ours: Sequence[int]) -> str:
    """Say where two different encodings begin to differ."""
    shorter = min(len(theirs), len(ours))
    place = next((place for place in range(shorter) if theirs[place] != ours[place]), None)
    if place is None:
        return f"it makes {len(theirs)} tokens of a test text instead of {len(ours)}"
    return f"token {place + 1} of a test text is {theirs[place]} there and {ours[place]} here"
