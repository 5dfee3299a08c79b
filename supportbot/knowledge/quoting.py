"""Which passage of a document a question is near to, and how near it must be to be quoted.

A passage is a class of the decision rule, with its heading as the only wording and its text as the answer.
Passages with the same text are one class with several headings. The threshold is the highest of three values.

* What 2 % of foreign questions reach: questions in any language that hardly any FAQ answers. Every other one of
  them is a row of the rule, and the rest, which the rule has not seen, are asked.
* What 2 % of the questions reach that a curator marked as none of ours.
* What half of the headings reach, each asked with its whole passage left out. Headings of a document ("status due
  date", "status due amount") are far nearer to one another than typed questions are to any of them. So the 2 %
  that applies to wordings would never allow a quotation.

This module knows numbers and texts; other modules know where passages come from and what is verified.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.excerpt import Excerpt, excerpt
from supportbot.knowledge.features import Features, Floats, Grams, TextEncoder
from supportbot.knowledge.folding import folded
from supportbot.knowledge.foreign import ForeignQuestion
from supportbot.knowledge.rule import fit
from supportbot.knowledge.scores import choose

FOREIGN_SHARE = 0.02
"""Of foreign questions this share may be answered with a passage."""

LEFT_OUT_SHARE = 0.5
"""Of headings whose whole passage is left out this share may be answered with another one. On a handbook and four
sets of our own no lower share than half covered a fifth of the questions of each, and at half at most 2.5 % were
answered wrongly."""

LEAST_PASSAGES = 12
"""Fewer are too little to calibrate on, so none of them is quoted."""

MOST_PASSAGES = 2_500
"""Passages that a rule is fitted to; of more, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A passage that may be quoted.

    Attributes:
        id: that of the example that proposes it.
        question: made of its headings, or as a curator has edited it.
        text: word for word.
        document: the name of the file, or the address, as people are shown it.
        heading: its own one.
    """

    id: int
    question: str
    text: str
    document: str
    heading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotable:
    """The passage that is nearest to a question.

    Attributes:
        passage: with the heading that is nearest, if several have the same text.
        excerpt: what of its text would be shown.
        similarity: of the question to its heading or its text, whichever is nearer.
        confidence: what the threshold is compared with.
        threshold: the least confidence with which it is quoted.
    """

    passage: Passage
    excerpt: Excerpt
    similarity: float
    confidence: float
    threshold: float

    @property
    def sure(self) -> bool:
        """Whether calibration allows it to be quoted."""
        return self.confidence >= self.threshold

    def figures(self) -> dict[str, Any]:
        """Return what decided, for the record of an answer."""
        return {
            "quote_confidence": round(self.confidence, 4),
            "quote_threshold": round(self.threshold, 4),
            "quote_similarity": round(self.similarity, 4),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteCalibration:
    """The threshold of passages with its figures; shares are from 0 to 1.

    Attributes:
        threshold: the least confidence of a passage that is quoted.
        foreign: share of the foreign questions, not seen before, that would be answered.
        left_out: share of the headings that would be answered with another passage.
    """

    threshold: float
    foreign: float
    left_out: float

    def as_record(self) -> dict[str, Any]:
        """Return this as JSON can hold it."""
        return asdict(self)


class Shelf:
    """Passages that can be asked; it never changes.

    Args:
        passages: at least ``LEAST_PASSAGES``, each with an excerpt.
        vectors: of their questions, ``[passages, d]``.
        text_vectors: of their texts, ``[passages, d]``.
        encoder: that made the vectors; None compares by n-grams alone.
        foreign: questions that hardly any FAQ answers.
        foreign_vectors: theirs, ``[foreign, d]``.
        marked: questions that a curator marked as none of ours.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        vectors: Floats,
        text_vectors: Floats,
        encoder: TextEncoder | None,
        *,
        foreign: Sequence[ForeignQuestion],
        foreign_vectors: Floats,
        marked: Sequence[str] = (),
    ) -> None:
        self.passages = tuple(passages)
        self._encoder = encoder
        classes: dict[str, int] = {}
        owners = [classes.setdefault(" ".join(one.text.split()), len(classes)) for one in self.passages]
        self._owners = np.array(owners)
        questions = [normalise_question(one.question) for one in self.passages]
        self._grams = Grams(questions)
        self._questions = Features(vectors, self._grams.of_texts)
        firsts = [owners.index(number) for number in range(len(classes))]
        self._texts = Features(text_vectors[firsts], self._grams.of(list(classes)))
        known = {folded(question) for question in questions}
        texts = [normalise_question(question.text) for question in foreign]
        strange = [row for row, text in enumerate(texts) if folded(text) not in known]
        none = Features(foreign_vectors, self._grams.of(texts))
        fitted = fit(self._questions, self._owners, self._texts, none.take(strange[::2]))
        self._rule = fitted.rule
        apart = choose(self._rule.values(none.take(strange[1::2]))).confidence
        languages = np.array([foreign[row].language for row in strange[1::2]])
        others = fitted.without_class.confidence
        reached = [_reached(apart[languages == one], FOREIGN_SHARE) for one in np.unique(languages)]
        reached.append(_reached(others, LEFT_OUT_SHARE))
        if marked:
            asked = self._features([normalise_question(text) for text in marked])
            reached.append(_reached(choose(self._rule.values(asked)).confidence, FOREIGN_SHARE))
        threshold = max(reached)
        self.calibration = QuoteCalibration(
            threshold=threshold,
            foreign=float((apart >= threshold).mean()),
            left_out=float((others >= threshold).mean()),
        )

    def find(self, question: str) -> Quotable | None:
        """Return the passage that is nearest to a question; blocks for some milliseconds.

        Args:
            question: normalised.
        """
        asked = self._features([question])
        best = choose(self._rule.values(asked))
        owner = int(best.chosen[0])
        rows = np.flatnonzero(self._owners == owner)
        to_headings = asked.similarities(self._questions.take(rows))[0]
        passage = self.passages[rows[to_headings.argmax()]]
        if (shown := excerpt(passage.text)) is None:
            return None
        return Quotable(
            passage=passage,
            excerpt=shown,
            similarity=max(float(to_headings.max()), float(asked.similarities(self._texts.take([owner]))[0, 0])),
            confidence=float(best.confidence[0]),
            threshold=self.calibration.threshold,
        )

    def _features(self, questions: Sequence[str]) -> Features:
        if self._encoder is None:
            return Features(np.zeros((len(questions), 0), np.float32), self._grams.of(questions))
        return Features(self._encoder.encode(questions), self._grams.of(questions))


def _reached(confidence: Floats, share: float) -> float:
    """Return the lowest threshold that at most this share of some confidences reaches."""
    if not len(confidence):
        return 0.0
    descending = np.sort(confidence)[::-1]
    return float(np.nextafter(descending[int(share * len(descending))], np.float32(np.inf)))
