"""The questions that ship with the program, and their vectors."""

from __future__ import annotations

from collections import Counter

import numpy as np

from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.encoder.encoder import Encoder
from supportbot.knowledge.foreign import foreign_vectors, shipped_foreign


def test_each_language_has_questions_and_none_comes_twice() -> None:
    """A language with a few of them would say nothing about how near its questions are to one another."""
    questions = shipped_foreign()
    assert min(Counter(question.language for question in questions).values()) >= 18
    assert len({question.text.casefold() for question in questions}) == len(questions)


def test_the_vectors_are_those_of_the_shipped_encoder(minilm: Encoder) -> None:
    """If this fails after a change of the questions or of the encoder: python -m supportbot.knowledge.foreign."""
    computed = minilm.encode([normalise_question(question.text) for question in shipped_foreign()])
    shipped = foreign_vectors(minilm)
    assert shipped is foreign_vectors(minilm)  # not computed here
    assert np.einsum("nd,nd->n", computed, shipped).min() > 0.995
