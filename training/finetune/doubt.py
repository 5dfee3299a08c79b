"""Rows that keep a model unsure of what it cannot know: out-of-scope questions with the beginning of any answer.

A model that only learns to answer becomes surer of everything. In a trial, a few dozen corrections left a model
below its confidence floor for 39 % of out-of-scope questions instead of 91 %; with one row of this kind to four
others it was 95 %. Only the first tokens are learned, because they decide the confidence of an answer, and no
model should memorise nonsense. For the same reason every epoch has new rows: in ten epochs of the same rows a
model memorised them and was sure of foreign questions (AUROC .78 instead of .94).

The questions are those of the starter model's training, not those for measuring models.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from transformers import PreTrainedTokenizerBase

from supportbot.engine.prompt import encode_training_text
from training.dataset import Row, build_row
from training.starter.data import load_faq

_FIRST_TOKENS = 5
_KEPT_ANSWERS = 1_000
"""Answers to draw from; more would only take memory."""


class Doubt:
    """Collects answers while rows are prepared, and then makes rows of doubt.

    Args:
        tokenizer: of the base.
        max_length: tokens of a row at most.
        seed: of the run; the same answers give the same rows.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, max_length: int, seed: int) -> None:
        self._tokenizer = tokenizer
        self._max_length = max_length
        self._random = random.Random(seed)  # noqa: S311 - variety, not secrecy
        self._answers: list[str] = []
        self._seen = 0

    def remember(self, answer: str) -> None:
        """Add an answer to the sample of all answers (reservoir sampling, Vitter's algorithm R)."""
        self._seen += 1
        if len(self._answers) < _KEPT_ANSWERS:
            self._answers.append(answer)
        elif (place := self._random.randrange(self._seen)) < _KEPT_ANSWERS:
            self._answers[place] = answer

    def count(self, share: float) -> int:
        """Return the number of rows that is ``share`` of the seen answers."""
        return round(share * self._seen)

    def rows(self, count: int) -> Iterator[Row]:
        """Yield ``count`` rows; a repeated question gets the beginning of another answer."""
        questions = list(load_faq().foreign)
        for number in range(count):
            if number % len(questions) == 0:
                self._random.shuffle(questions)
            question = questions[number % len(questions)]
            text = encode_training_text(self._tokenizer, question, self._random.choice(self._answers))
            yield build_row(
                text.prompt_ids[: self._max_length - _FIRST_TOKENS], text.completion_ids[:_FIRST_TOKENS]
            )
