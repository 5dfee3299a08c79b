"""The rows of a whole training, each seen once: wordings, typed differently each time, and invented questions.

All randomness comes from one generator that the recipe seeds, so the same material gives the same rows.

This module knows no model.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, cycle, islice

import numpy as np
from transformers import PreTrainedTokenizerBase

from supportbot.engine.prompt import (
    MIN_ANSWER_TOKENS,
    encode_prompt,
    encode_training_text,
    prompt_text,
)
from training.dataset import Row, build_row
from training.faq.augment import augment, split_words
from training.faq.inventor import Inventor
from training.faq.material import Material
from training.faq.recipe import Recipe
from training.faq.teacher import Teacher

_AT_ONCE = 8_192
"""Rows of which the texts are encoded at a time."""


def build_rows(
    material: Material,
    recipe: Recipe,
    tokenizer: PreTrainedTokenizerBase,
    teacher: Teacher,
    as_asked: Callable[[str], str] = str,
) -> list[Row]:
    """Return the rows of the whole training, wordings first.

    Some are the wordings in turn, the others invented questions with the teacher's topic, or foreign ones with any
    topic.

    Args:
        material: to learn.
        recipe: has the shares.
        tokenizer: of the model.
        teacher: not fitted yet.
        as_asked: changes a question as the bot does before it asks the model.
    """
    rng = random.Random(recipe.seed)  # noqa: S311 - variety, not secrecy
    count = recipe.steps * recipe.batch
    invented = round(count * recipe.invented_share)
    foreign = round(count * recipe.foreign_share) if material.foreign else 0
    pairs = material.pairs()
    wordings = islice(cycle(pairs), count - invented - foreign)
    asked = [(as_asked(augment(text, recipe, rng)), number) for text, number in wordings]
    teacher.fit([text for text, _ in pairs], [number for _, number in pairs])
    inventor = Inventor(text for text, _ in pairs)
    questions = [as_asked(augment(inventor.invent(rng), recipe, rng)) for _ in range(invented)]
    topics = draw_topics(teacher, questions, recipe.teacher_sharpness, rng)
    questions += [as_asked(augment(text, recipe, rng)) for text in islice(cycle(material.foreign), foreign)]
    topics += [rng.randrange(len(material.topics)) for _ in range(foreign)]

    completions = [encode_training_text(tokenizer, "", topic.answer).completion_ids for topic in material.topics]
    drafts = []
    for number, (question, topic) in enumerate([*asked, *zip(questions, topics, strict=True)]):
        # An invented or foreign question only teaches the choice of an answer.
        truncated = number >= len(asked) or rng.random() < recipe.truncated_share
        drafts.append(_Draft(question, split_words(question, recipe.split_words, rng), topic, truncated))
    rows = []
    for draft, prompt in zip(drafts, _encode(drafts, recipe, tokenizer), strict=True):
        whole = completions[draft.topic][: recipe.positions - len(prompt)]
        rows.append(build_row(prompt, whole[: recipe.truncated_tokens if draft.truncated else None]))
    return rows


@dataclass(frozen=True, slots=True)
class _Draft:
    """A row before its texts are encoded; ``pieces`` are the question, with some of its words cut."""

    question: str
    pieces: list[str]
    topic: int
    truncated: bool


def draw_topics(teacher: Teacher, questions: Sequence[str], sharpness: float, rng: random.Random) -> list[int]:
    """Draw a topic for each question from its sharpened probabilities."""
    if not questions:
        return []
    weights = np.power(teacher.probabilities(questions), sharpness)
    return [rng.choices(range(len(row)), row)[0] for row in weights.tolist()]


def _encode(
    drafts: Sequence[_Draft], recipe: Recipe, tokenizer: PreTrainedTokenizerBase
) -> Iterator[Sequence[int]]:
    """Yield the prompt of each row; one that leaves no room is shortened as in serving."""
    for start in range(0, len(drafts), _AT_ONCE):
        some = drafts[start : start + _AT_ONCE]
        # The instruction is always the same, so it stays whole.
        texts = [text for one in some for text in (prompt_text(one.pieces[0]), *one.pieces[1:])]
        # As ``encode_text``, which takes several times as long for one text at a time.
        encoded = iter(tokenizer(texts, add_special_tokens=False, split_special_tokens=True)["input_ids"])
        for draft in some:
            prompt = list(chain.from_iterable(islice(encoded, len(draft.pieces))))
            if len(prompt) > recipe.positions - MIN_ANSWER_TOKENS:
                yield encode_prompt(tokenizer, draft.question).token_ids
            else:
                yield prompt
