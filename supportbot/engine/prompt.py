"""The one prompt format, used by training, serving and evaluation alike, so that they cannot drift apart.

``prompt = INSTRUCTION + newline + question``; a training text goes on with a newline, the answer and the
end-of-text token. A prompt ends at the question: the model emits the newline itself, and the answer is stripped. A
user's text is always encoded as plain text, so a typed ``<|endoftext|>`` is a few ordinary tokens and never the
real one.

This module knows no model and no database; it takes any fast Hugging Face tokenizer, or an object that is called
like one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

INSTRUCTION = "Answer this customer support question professionally and helpfully:"

MAX_LENGTH = 200
"""Tokens of prompt and answer together, as documented."""

MIN_ANSWER_TOKENS = 80
"""Tokens that always remain for the answer: a question that is too long is shortened in the middle."""

_ELLIPSIS = " … "
_MAX_CHARACTERS = 8_000
"""Longer questions are cut to this many characters before they are tokenized; at most 120 tokens are kept."""


class TextEncoder(Protocol):
    """What is needed of a tokenizer: a fast one of Hugging Face, or ``engine.tokenizer.ModelTokenizer``."""

    @property
    def eos_token_id(self) -> Any:
        """The end-of-text token, if there is one."""

    def __call__(
        self,
        text: str,
        *,
        add_special_tokens: bool,
        split_special_tokens: bool,
        return_offsets_mapping: bool = ...,
        verbose: bool = ...,
    ) -> Mapping[str, Any]:
        """Return ``input_ids``, and ``offset_mapping`` if it is wanted."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked.

    Attributes:
        text: the prompt, instruction included.
        token_ids: the same in the tokens of the model.
        shortened: whether the middle of the question was left out.
    """

    text: str
    token_ids: tuple[int, ...]
    shortened: bool


@dataclass(frozen=True, slots=True)
class TrainingText:
    """One training row: the loss counts the completion (newline, answer, end-of-text) only."""

    prompt_ids: tuple[int, ...]
    completion_ids: tuple[int, ...]


def prompt_text(question: str) -> str:
    """Return the documented prompt of a question."""
    return f"{INSTRUCTION}\n{question}"


def answer_text(answer: str) -> str:
    """Return an answer as it follows a prompt; the end-of-text token comes after it."""
    return f"\n{answer.strip()}"


def encode_text(tokenizer: TextEncoder, text: str) -> list[int]:
    """Return the token ids of ``text``, in which special tokens are plain text and none is added."""
    # verbose=False: a long question is not worth the tokenizer's warning, it is shortened below.
    encoded = tokenizer(text, add_special_tokens=False, split_special_tokens=True, verbose=False)
    return list(encoded["input_ids"])


def encode_prompt(
    tokenizer: TextEncoder,
    question: str,
    *,
    earlier: Sequence[str] = (),
    max_length: int = MAX_LENGTH,
    min_answer_tokens: int = MIN_ANSWER_TOKENS,
) -> Prompt:
    """Return the prompt of a question, shortened in the middle if too little would remain for the answer.

    Args:
        tokenizer: the model's own fast tokenizer.
        question: the text of a user.
        earlier: what was said before it, the newest last. As much of it as fits is put before the question, the
            newest first; without any, the prompt is the documented one.
        max_length: tokens of prompt and answer together.
        min_answer_tokens: tokens of ``max_length`` that must remain for the answer.

    Raises:
        ValueError: the instruction alone leaves fewer than ``min_answer_tokens``.
    """
    budget = max_length - min_answer_tokens
    text = question.strip()
    shortened = len(text) > _MAX_CHARACTERS
    if shortened:
        text = text[: _MAX_CHARACTERS // 2] + _ELLIPSIS + text[-_MAX_CHARACTERS // 2 :]
    ids = encode_text(tokenizer, prompt_text(text))
    if len(ids) > budget:
        shortened = True
        text, ids = _shorten(tokenizer, text, budget)
    for said in reversed(earlier):
        longer = f"{' '.join(said.split())}\n{text}"
        more = encode_text(tokenizer, prompt_text(longer)) if len(longer) <= _MAX_CHARACTERS else ()
        if not more or len(more) > budget:
            break
        text, ids = longer, list(more)
    return Prompt(prompt_text(text), tuple(ids), shortened)


def encode_same(
    tokenizer: TextEncoder,
    text: str,
    *,
    shortened: bool,
    max_length: int = MAX_LENGTH,
    min_answer_tokens: int = MIN_ANSWER_TOKENS,
) -> Prompt | None:
    """Return an earlier prompt, to draw from it once more.

    Args:
        tokenizer: the model's own fast tokenizer.
        text: of the prompt, as stored with an answer.
        shortened: whether it leaves out the middle of the question.
        max_length: as in ``encode_prompt``.
        min_answer_tokens: likewise.

    Returns:
        The prompt; None if it is too long in the tokens of this model.
    """
    ids = encode_text(tokenizer, text)
    return Prompt(text, tuple(ids), shortened) if len(ids) <= max_length - min_answer_tokens else None


def _shorten(tokenizer: TextEncoder, question: str, budget: int) -> tuple[str, list[int]]:
    """Keep the beginning and the end of a question, whole characters only, within ``budget`` tokens."""
    encoded = tokenizer(
        question,
        add_special_tokens=False,
        split_special_tokens=True,
        return_offsets_mapping=True,
        verbose=False,
    )
    offsets = encoded["offset_mapping"]
    keep = min(len(offsets), budget)
    while keep > 0:
        head, tail = (keep + 1) // 2, keep // 2
        end = offsets[head - 1][1]
        # All tokens of a character share its offset: the tail never begins before the head ends.
        start = max(end, offsets[len(offsets) - tail][0]) if tail else len(question)
        text = question[:end].rstrip() + _ELLIPSIS + question[start:].lstrip()
        ids = encode_text(tokenizer, prompt_text(text.strip()))
        if len(ids) <= budget:
            return text.strip(), ids
        keep -= max(1, len(ids) - budget)
    raise ValueError(f"The instruction alone takes more than the {budget} tokens that a prompt may have.")


def encode_training_text(tokenizer: TextEncoder, question: str, answer: str) -> TrainingText:
    """Return a question and its answer as training tokens, encoded piecewise just as serving sees them.

    The prompt is encoded alone, as when serving, so no token spans the border of prompt and completion.

    Raises:
        ValueError: the tokenizer has no end-of-text token.
    """
    if tokenizer.eos_token_id is None:
        raise ValueError("The tokenizer has no end-of-text token, so a model could never learn to stop.")
    prompt_ids = encode_text(tokenizer, prompt_text(question.strip()))
    completion_ids = encode_text(tokenizer, answer_text(answer))
    return TrainingText(tuple(prompt_ids), (*completion_ids, int(tokenizer.eos_token_id)))
