"""The rows of a whole training, each seen once: wordings, differently typed each time, and invented questions.

All randomness comes from one generator that the recipe seeds, so the same material gives the same rows.

This module knows no model.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import cycle, islice

import numpy as np
from transformers import PreTrainedTokenizerBase

from supportbot.engine.prompt import (
    MIN_ANSWER_TOKENS,
    encode_prompt,
    encode_text,
    encode_training_text,
    prompt_text,
)
from training.dataset import Row, build_row
from training.faq.augment import augment, split_words
from training.faq.inventor import Inventor
from training.faq.material import Material
from training.faq.recipe import Recipe
from training.faq.teacher import Teacher


def build_rows(
    material: Material,
    recipe: Recipe,
    tokenizer: PreTrainedTokenizerBase,
    teacher: Teacher,
    as_asked: Callable[[str], str] = str,
) -> list[Row]:
    """Return the rows of the whole training, wordings first.

    A part of them are the wordings in turn, and the others invented questions with the topic that the teacher
    says, or foreign ones with any topic.

    Args:
        material: what to learn.
        recipe: how much of each there is.
        tokenizer: of the model.
        teacher: not fitted yet.
        as_asked: what is done to a question before the model is asked it, so that rows look like that, too.
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
    rows = []
    for number, (question, topic) in enumerate([*asked, *zip(questions, topics, strict=True)]):
        # An invented or foreign question only teaches which answer it is.
        truncated = number >= len(asked) or rng.random() < recipe.truncated_share
        prompt = _encode(question, recipe, tokenizer, rng)
        whole = completions[topic][: recipe.positions - len(prompt)]
        rows.append(build_row(prompt, whole[: recipe.truncated_tokens if truncated else None]))
    return rows


def draw_topics(teacher: Teacher, questions: Sequence[str], sharpness: float, rng: random.Random) -> list[int]:
    """Draw a topic for each question, as likely as the sharpened opinion on it says."""
    if not questions:
        return []
    weights = np.power(teacher.probabilities(questions), sharpness)
    return [rng.choices(range(len(row)), row)[0] for row in weights.tolist()]


def _encode(
    question: str, recipe: Recipe, tokenizer: PreTrainedTokenizerBase, rng: random.Random
) -> Sequence[int]:
    """Encode a prompt with some of its words cut; one that leaves no room is shortened as it is when serving."""
    first, *rest = split_words(question, recipe.split_words, rng)
    pieces = [prompt_text(first), *rest]  # the instruction is always the same, so it stays whole
    prompt = [token for piece in pieces for token in encode_text(tokenizer, piece)]
    if len(prompt) > recipe.positions - MIN_ANSWER_TOKENS:
        return encode_prompt(tokenizer, question).token_ids
    return prompt
