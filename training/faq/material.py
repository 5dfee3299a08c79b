"""What the recipe learns: answers, each with the questions that ask for it, and questions that none answers.

An answer with its questions is a class: the model learns to tell the classes apart, and to say each answer. Rows
of the same answer are one class, white space aside; answers that differ in a word are two, since they may differ
in what they promise.

This module knows no token, no file and no database.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from training.metrics import words

MOST_ANSWERS = 125
"""As many as a trial had, with three in four right; more were never tried."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One answer and the ways of asking for it.

    Attributes:
        answer: what the bot is to say.
        wordings: questions that are trained on, at least one.
    """

    answer: str
    wordings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """All that a model is made of.

    Attributes:
        topics: in a fixed order, for their places are the labels of the classes.
        foreign: questions without an answer, to learn from what it is to be unsure.
    """

    topics: tuple[Topic, ...]
    foreign: tuple[str, ...]

    def pairs(self) -> list[tuple[str, int]]:
        """Return every wording with the place of its topic."""
        return [(wording, number) for number, topic in enumerate(self.topics) for wording in topic.wordings]


def group(rows: Iterable[tuple[str, str]], foreign: Iterable[str]) -> Material:
    """Make material of rows.

    Args:
        rows: question and answer; the order of the answers becomes that of the topics, and the first spelling of
            an answer is kept.
        foreign: questions of somebody else. Those that are asked in ``rows``, case and punctuation aside, are
            left out: they do have an answer.
    """
    answers: dict[str, str] = {}
    wordings: dict[str, dict[str, None]] = {}
    for question, answer in rows:
        key = key_of(answer)
        answers.setdefault(key, answer)
        wordings.setdefault(key, {})[question] = None
    asked = {tuple(words(question)) for questions in wordings.values() for question in questions}
    return Material(
        tuple(Topic(answers[key], tuple(questions)) for key, questions in wordings.items()),
        tuple(question for question in foreign if tuple(words(question)) not in asked),
    )


def key_of(answer: str) -> str:
    """Return what answers that are one have in common."""
    return " ".join(answer.split())
