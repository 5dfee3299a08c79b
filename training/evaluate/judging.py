"""Which answers are right: those that match the answer of their row, and more than that of any other row.

Rows with near-identical answers share a topic, so its answer is right for all its wordings, even if a curator
worded it slightly differently for one of them.

This module knows texts; ``training.metrics`` compares them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from supportbot.errors import ConfigError
from training.evaluate.rows import Row
from training.metrics import matched_topic, merge_references, words


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides which answers are right.

    Attributes:
        references: one for each topic.
        topics: for each row the index of its topic.
        answers: for each row its own wording of the reference, used in place of the topic's.
    """

    references: tuple[str, ...]
    topics: tuple[int, ...]
    answers: tuple[str, ...]

    def is_right(self, row: int, answer: str) -> bool:
        """Return whether ``answer`` matches the reference of a row, and more than any other reference."""
        topic = self.topics[row]
        others = [reference for index, reference in enumerate(self.references) if index != topic]
        return matched_topic(answer, [self.answers[row], *others]) == 0

    def of_rows(self, rows: slice) -> Judge:
        """Return the judge of some of the rows, which knows all references."""
        return Judge(self.references, self.topics[rows], self.answers[rows])


@dataclass(frozen=True, slots=True)
class Judges:
    """The judges of the held-out rows, and of those that the other model was trained on."""

    held_out: Judge
    learned: Judge


def make_judge(rows: Sequence[Row], canonical: Mapping[str, str] | None = None) -> Judge:
    """Return the judge of some rows.

    Args:
        rows: the questions with their answers.
        canonical: one answer for each topic, for data in which every answer is worded differently; then an answer
            that matches the one of the row's topic is right. Otherwise the distinct answers of the rows are the
            topics.

    Raises:
        ConfigError: a row's topic has no answer in ``canonical``.
    """
    if canonical is None:
        answers = [row.answer for row in rows]
        topics = _topics_of(answers)
        firsts = [answers[topics.index(topic)] for topic in range(len(set(topics)))]
        return Judge(tuple(firsts), tuple(topics), tuple(answers))
    names = list(canonical)
    for row in rows:
        if row.topic not in canonical:
            raise ConfigError(
                f"The references have no answer for the topic '{row.topic}' of the question '{row.question}': "
                "add one, or name the right topic in the data."
            )
    topics = [names.index(str(row.topic)) for row in rows]
    references = tuple(canonical.values())
    return Judge(references, tuple(topics), tuple(references[topic] for topic in topics))


def make_judges(
    held_out: Sequence[Row], learned: Sequence[Row], canonical: Mapping[str, str] | None = None
) -> Judges:
    """Return the judges of both kinds of rows; see ``make_judge``.

    Without ``canonical`` each also knows the answers of the other's rows: if two answers resemble each other,
    giving the other one is wrong, whichever kind of row it belongs to.

    Raises:
        ConfigError: a held-out row's topic has no answer in ``canonical``.
    """
    if canonical is not None:
        return Judges(make_judge(held_out, canonical), make_judge(learned))
    judge = make_judge([*held_out, *learned])
    return Judges(judge.of_rows(slice(len(held_out))), judge.of_rows(slice(len(held_out), None)))


def _topics_of(answers: Sequence[str]) -> list[int]:
    """Return the topic of each answer, numbered as they appear; near-identical ones share one.

    Answers with different numbers never do: 5 days are not 15, however alike the rest is.
    """
    numbers = [tuple(word for word in words(answer) if any(map(str.isdigit, word))) for answer in answers]
    topics: dict[int, tuple[object, int]] = {}
    for group in dict.fromkeys(numbers):
        places = [place for place, found in enumerate(numbers) if found == group]
        merged = merge_references([answers[place] for place in places])
        topics.update({place: (group, topic) for place, topic in zip(places, merged, strict=True)})
    order: dict[tuple[object, int], int] = {}
    return [order.setdefault(topics[place], len(order)) for place in range(len(answers))]
