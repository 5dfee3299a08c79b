"""Which answers a model of the recipe can give whole, and its tokenizer.

A reply ends where prompt and answer together reach ``MAX_LENGTH`` tokens. The number of an answer's tokens depends
on the tokenizer, which is learned from the answers. So answers that are too long are removed and the tokenizer is
learned again, until all remaining ones fit behind a question of usual length.

This module knows no model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median_low

from transformers import PreTrainedTokenizerBase

from supportbot.engine.prompt import MAX_LENGTH, MIN_ANSWER_TOKENS, encode_training_text
from training.faq.material import Material, Topic
from training.faq.recipe import Recipe
from training.faq.train import learn_tokenizer


@dataclass(frozen=True, slots=True)
class Fitted:
    """The topics that can be learned.

    Attributes:
        material: the topics whose answer fits; there may be none.
        tokenizer: learned from them.
        too_long: the other topics.
    """

    material: Material
    tokenizer: PreTrainedTokenizerBase
    too_long: tuple[Topic, ...]


def fit(material: Material, recipe: Recipe) -> Fitted:
    """Remove the topics whose answer would be cut off."""
    too_long: list[Topic] = []
    while True:
        tokenizer = learn_tokenizer(material, recipe)
        long = _too_long(material, tokenizer)
        if not long:
            return Fitted(material, tokenizer, tuple(too_long))
        too_long += long
        material = replace(material, topics=tuple(topic for topic in material.topics if topic not in long))


def _too_long(material: Material, tokenizer: PreTrainedTokenizerBase) -> list[Topic]:
    if not material.topics:
        return []
    prompts = [len(encode_training_text(tokenizer, wording, "").prompt_ids) for wording, _ in material.pairs()]
    # A longer question is shortened when somebody asks it.
    usual = min(median_low(prompts), MAX_LENGTH - MIN_ANSWER_TOKENS)
    return [
        topic
        for topic in material.topics
        if len(encode_training_text(tokenizer, "", topic.answer).completion_ids) > MAX_LENGTH - usual
    ]
