"""Every number behind a model, in one frozen object, each with its reason.

The starter's manifest has the digests of the recipe and of its data: if they differ, the weights were made with
other numbers and must be trained again. The figures behind the reasons are in ``docs/starter-log.md``.

The recipe knows neither the texts nor the model classes. It also computes the steps for other material than the
starter's.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace

from training.faq.material import Material


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Hyperparameters of a model that is trained from scratch.

    Attributes:
        seed: of the weights, the order of the rows and the augmentation.
        vocabulary: tokens of the byte-level BPE, 257 of them bytes and end-of-text. GPT-2's own 50,257 tokens
            would make most of the weights embeddings of words that never occur, and training seven times slower.
        answer_weight: how many times each answer counts among the texts that the BPE is learned from. With more,
            the words of answers become single tokens, the first of which decides the topic at once.
        layers: one finds the words that decide the topic and recites an answer; a second doubled the time and got
            no more wordings right.
        width: of the residual stream; 0.75 M parameters in all, 1.5 MB in fp16. 192 and 256 did no better.
        heads: of the attention, 8 wide: each can attend to other words. Fewer did a little worse.
        positions: the longest text; above the documented 200 tokens so that a longer limit can be set.
        dropout: of embeddings and residuals. Augmentation is the regulariser here and costs no capacity.
        steps: of the optimizer. Each row is made for one step and seen once.
        batch: rows a step; larger ones waste two cores' time on padding, smaller ones on overhead.
        learning_rate: its peak; a model this small, trained from scratch, needs ten times what fine-tuning takes.
        warmup: share of the steps in which the learning rate rises.
        schedule: how the learning rate falls afterwards, as transformers names it.
        weight_decay: of matrices.
        adam_beta2: shorter memory than the usual 0.999, for a run of a few thousand steps.
        max_grad_norm: gradients longer than this are shortened.
        truncated_share: share of rows with a wording that end after ``truncated_tokens``: the first tokens decide
            the answer, and few repetitions suffice to memorise the rest. With one row in twenty whole, answers
            were garbled.
        truncated_tokens: completion tokens of such a row, and of all rows with other questions.
        invented_share: share of rows with an invented question and the teacher's answer.
        foreign_share: share of rows with a question that no topic answers and the answer of any topic, which teach
            the model that it cannot know.
        teacher_c: inverse strength of the classifier's regularisation.
        teacher_sharpness: power to which the classifier's probabilities are raised before a topic is drawn. Higher
            makes the model surer of itself, of foreign questions too.
        spelling_scale: size of the initial token embeddings; see ``spelling``.
        split_words: probability that a word is cut in two before it is encoded, so that its parts are learned
            as well as the whole. It does what BPE dropout does, but tokenizers' own cannot be seeded.
        drop_words: probability of each word to be left out, in rows that lose words at all.
        typos: probability of each word to get one typing mistake, in rows that get mistakes at all.
        noisy_share: share of rows that lose words, and likewise of rows that get mistakes.
        recase_share: share of rows in lower case, without the punctuation, or (a tenth of them) in capitals.
        wrap_share: share of rows with words of politeness around the question.
    """

    seed: int = 42
    vocabulary: int = 2048
    answer_weight: int = 16
    layers: int = 1
    width: int = 128
    heads: int = 16
    positions: int = 256
    dropout: float = 0.0
    steps: int = 4000
    batch: int = 32
    learning_rate: float = 3e-3
    warmup: float = 0.05
    schedule: str = "linear"
    weight_decay: float = 0.1
    adam_beta2: float = 0.99
    max_grad_norm: float = 1.0
    truncated_share: float = 0.75
    truncated_tokens: int = 5
    invented_share: float = 0.5
    foreign_share: float = 0.08
    teacher_c: float = 30.0
    teacher_sharpness: float = 5.0
    spelling_scale: float = 0.12
    split_words: float = 0.15
    drop_words: float = 0.3
    typos: float = 0.15
    noisy_share: float = 0.7
    recase_share: float = 0.6
    wrap_share: float = 0.4

    def digest(self) -> str:
        """Return the sha256 of the canonical JSON of all the numbers."""
        canonical = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


RECIPE = Recipe()
"""The recipe of the starter, the model that ships; other models differ only in steps and seed."""

LOGIT_SCALE = 2.0
"""Of models other than the starter, see ``model.save_model``. With the documented sampling, two models lost 2 to 3
of the 92 to 93 % that they answer rightly in greedy decoding; with 2 they lose 1 or less, for .005 to .02 of the
AUROC against foreign questions. 3 gave no more right answers."""

_STEPS_OF_AN_ANSWER = 200
_STEPS = range(1500, 4801)
"""Least and most: an answer must be repeated until it is memorised, and the whole must end in minutes."""


def recipe_for(material: Material, seed: int) -> Recipe:
    """Return the recipe with the steps for a number of answers."""
    steps = _STEPS_OF_AN_ANSWER * len(material.topics)
    return replace(RECIPE, seed=seed, steps=min(max(steps, _STEPS.start), _STEPS.stop - 1))
