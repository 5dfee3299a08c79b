"""What the recipe learns: answers with their questions, and questions without an answer.

An answer with its questions is a class: the model learns to distinguish the classes and to write each answer. Rows
with the same answer, apart from white space, are one class; answers that differ in a word are two, because they
may promise different things.

This module knows no token, no file and no database.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from training.metrics import words

MOST_ANSWERS = 125
"""As in a trial, with three in four right; more were never tried."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One answer and its wordings.

    Attributes:
        answer: the bot's text.
        wordings: questions that are trained on, at least one.
    """

    answer: str
    wordings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """All texts of a model.

    Attributes:
        topics: in a fixed order, because their positions are the labels of the classes.
        foreign: questions without an answer, which teach the model to be unsure.
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
        foreign: questions of somebody else. Those that ``rows`` answers are left out, whatever their case and
            punctuation.
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
    """Return the key of an answer; equal for answers of one class."""
    return " ".join(answer.split())
