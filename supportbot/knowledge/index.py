"""Everything that is known at one moment, ready to be asked: matrices in memory, and the rule over them.

An index never changes. When knowledge changes, another takes its place: first one that decides by the nearest
wording, which takes no fitting, then one with a fitted rule. A question that is a known wording to the letter
needs neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.calibration import LeftOut, calibrate
from supportbot.knowledge.decision import Candidate, Decision
from supportbot.knowledge.entries import KnownEntry, Viewer
from supportbot.knowledge.features import Features, Floats, Grams, TextEncoder, Tokens
from supportbot.knowledge.folding import folded
from supportbot.knowledge.foreign import ForeignQuestion
from supportbot.knowledge.nearest import (
    FEW,
    SHORTLIST,
    Shortlist,
    beside_answers,
    best_of,
    nearest_row,
    sample_size,
)
from supportbot.knowledge.rule import Rule, fit
from supportbot.knowledge.scores import choose, confidences_of, probabilities_of
from supportbot.knowledge.spelling import Spelling
from supportbot.knowledge.visibility import Visibility

MOST_FITTED_ANSWERS = 2_500
"""Answers up to which a rule is fitted; beyond, the nearest wording decides."""

LEAST_SUGGESTED = 0.25
"""Similarity from which on a verified question is worth suggesting."""


class Index:
    """Approved answers that can be asked; made by ``build``, and by ``fitted`` from another.

    Args:
        entries: the live ones, each with one wording at least.
        encoder: None compares by n-grams alone.
        vectors: of the wordings, in the order of the entries and their wordings, ``[wordings, d]``.
        answer_vectors: of the answers, ``[entries, d]``.
        tokens: of the wordings and of the answers, in these orders; none compare whole texts alone.
        foreign: questions that a curator marked as none of ours.
        wrong_rate: see ``calibrate``.
    """

    def __init__(
        self,
        entries: Sequence[KnownEntry],
        encoder: TextEncoder | None,
        vectors: Floats,
        answer_vectors: Floats,
        *,
        tokens: tuple[Sequence[Tokens], Sequence[Tokens]] = ((), ()),
        foreign: Sequence[str] = (),
        wrong_rate: float,
    ) -> None:
        self.entries = tuple(entries)
        self.wordings = tuple(wording for entry in self.entries for wording in entry.wordings)
        self.owners = np.repeat(np.arange(len(self.entries)), [len(entry.wordings) for entry in self.entries])
        self._encoder = encoder
        self._foreign = tuple(foreign)
        self.wrong_rate = wrong_rate
        texts = [normalise_question(wording.text) for wording in self.wordings]
        self._spelling = (
            Spelling((*texts, *(entry.answer for entry in self.entries)), encoder.is_word) if encoder else None
        )
        self._grams = Grams(texts)
        self._features = Features(vectors, self._grams.of_texts, tuple(tokens[0]))
        of_answers = self._grams.of([" ".join(one.answer.split()) for one in self.entries])
        self._answers = Features(answer_vectors, of_answers, tuple(tokens[1]))
        self.texts = [folded(text) for text in texts]
        """Of the wordings, as they are compared to the letter."""
        self._exact: dict[str, list[int]] = {}
        for row, text in enumerate(self.texts):
            self._exact.setdefault(text, []).append(row)
        self._visibility = Visibility(self.entries, self.wordings, self.owners)
        self.rule: Rule | None = None
        self.left_out = self._nearest_left_out()
        """What the threshold is based on."""
        self.calibration = calibrate(self.left_out, wrong_rate=wrong_rate)

    @cached_property
    def _starts(self) -> NDArray[np.intp]:
        """The first wording of each entry; those of an entry are neighbours."""
        return np.searchsorted(self.owners, np.arange(len(self.entries)))

    @cached_property
    def multiple(self) -> NDArray[np.bool_]:
        """Whether each wording's answer has others, ``[wordings]``."""
        return np.bincount(self.owners, minlength=len(self.entries))[self.owners] > 1

    def features(self, questions: Sequence[str]) -> Features:
        """Return normalised questions as they are compared, typing errors put right; blocks while encoding."""
        if self._spelling is not None:
            questions = [self._spelling.corrected(question) for question in questions]
        encoder = self._encoder
        nothing = np.zeros((len(questions), 0), np.float32), list[Tokens]()
        vectors, tokens = encoder.encode_with_tokens(questions) if encoder else nothing
        return Features(vectors, self._grams.of(questions), tuple(tokens))

    def fitted(self, foreign: Sequence[ForeignQuestion], vectors: Floats | None = None) -> Index:
        """Return the same index with a fitted rule, or this one if it is too large for one; blocks.

        Args:
            foreign: questions that hardly any FAQ answers.
            vectors: theirs, if they are there already.
        """
        if len(self.entries) > MOST_FITTED_ANSWERS:
            return self
        texts = [normalise_question(question.text) for question in foreign]
        strange = [row for row, text in enumerate(texts) if folded(text) not in self._exact]
        marked = self.features([normalise_question(text) for text in self._foreign])
        none = self.features(texts) if vectors is None else Features(vectors, self._grams.of(texts))
        known = self._features if not self.left_out.is_too_little else replace(self._features, tokens=())
        result = fit(known, self.owners, self._answers, none.take(strange))
        index = copy(self)
        index.rule = result.rule
        index.left_out = LeftOut(
            confidence=result.without_row.confidence,
            right=result.without_row.chosen == self.owners,
            comparable=self.multiple,
            foreign=result.without_class.confidence,
            answers=len(self.entries),
            marked=choose(result.rule.values(marked)).confidence if len(marked) else np.zeros(0, np.float32),
        )
        return index.calibrated(self.wrong_rate)

    def calibrated(self, wrong_rate: float) -> Index:
        """Return the same index with the threshold for another share of wrong answers; that takes no time."""
        index = copy(self)
        index.wrong_rate, index.calibration = wrong_rate, calibrate(self.left_out, wrong_rate=wrong_rate)
        return index

    def decide(self, question: str, viewer: Viewer, *, most: int = 3) -> Decision:
        """Return what is known about a question; blocks for some milliseconds.

        Args:
            question: normalised.
            viewer: who asks.
            most: candidates to return.
        """
        return self.decide_all([(question, viewer)], most=most)[0]

    def decide_all(self, asked: Sequence[tuple[str, Viewer]], *, most: int = 3) -> list[Decision]:
        """Return what is known about each of some questions; together they take less time than one by one.

        Args:
            asked: normalised questions, and who asks each.
            most: candidates of each to return.
        """
        exact = [self._exactly(question, viewer) for question, viewer in asked]
        near = iter(self._nearly([one for one, known in zip(asked, exact, strict=True) if known is None], most))
        return [next(near) if known is None else known for known in exact]

    def _exactly(self, question: str, viewer: Viewer) -> Decision | None:
        if not (rows := self._exact.get(folded(question), ())):
            return None
        heard = self.heard(viewer)
        if not (rows := [row for row in rows if heard is None or heard[row]]):
            return None
        row = max(rows, key=lambda row: precedence(self.entries[self.owners[row]]))
        candidate = Candidate(self.entries[self.owners[row]], self.wordings[row], 1.0, 1.0, 1.0)
        return Decision((candidate,), sure=True, exact=True, threshold=self.calibration.threshold)

    def _nearly(self, asked: Sequence[tuple[str, Viewer]], most: int) -> list[Decision]:
        if not asked:
            return []
        together = self.features([question for question, _ in asked])
        values, similarities = self._compared(together)
        decisions = []
        for row, (_, viewer) in enumerate(asked):
            one, heard = together.take([row]), self.heard(viewer)
            near = self._listed(one, heard) if similarities is None else similarities[row]
            if heard is not None:
                near[~heard] = -1
            candidates = self._ranked(one, near, None if values is None else values[row], most)
            sure = bool(candidates) and candidates[0].confidence >= self.calibration.threshold
            decisions.append(Decision(candidates, sure=sure, exact=False, threshold=self.calibration.threshold))
        return decisions

    def heard(self, viewer: Viewer) -> NDArray[np.bool_] | None:
        """Return which wordings count for somebody, ``[wordings]``; None for all."""
        return self._visibility.heard(viewer)

    def _compared(self, asked: Features) -> tuple[Floats | None, Floats | None]:
        """Return the scores of some questions, ``[n, entries + 1]``, and their similarities, ``[n, wordings]``.

        There are none of the former without a rule, and of the latter where the wordings are too many for it.
        """
        if self.rule is not None and self.rule.wordings:
            return self.rule.values_and_similarities(asked)
        values = None if self.rule is None else self.rule.values(asked)
        is_small = not self._features.vectors.shape[1] or len(self.wordings) <= FEW
        return values, asked.similarities(self._features) if is_small else None

    def _listed(self, asked: Features, heard: NDArray[np.bool_] | None) -> Floats:
        """Return the similarity of one question to each wording; -1 where it does not count, or is far away."""
        near = self._shortlist.find(asked.vectors[0], heard)
        found = np.full(len(self.wordings), -1, np.float32)
        found[near] = asked.similarities(self._features.take(near))[0]
        return found

    @cached_property
    def _shortlist(self) -> Shortlist:
        return Shortlist(self._features.vectors)

    def _ranked(
        self, asked: Features, similarities: Floats, values: Floats | None, most: int
    ) -> tuple[Candidate, ...]:
        nearest: Floats = np.maximum.reduceat(similarities, self._starts)
        probabilities: Floats | None = None
        if values is None:
            places = np.flatnonzero(nearest > -1)
            to_answers = np.zeros(len(nearest), np.float32)
            if len(places) <= SHORTLIST:  # only these are compared, and taking so few costs little
                to_answers[places] = asked.similarities(self._answers.take(places))[0]
            else:
                to_answers = asked.similarities(self._answers)[0]
            ranked = confidences = beside_answers(nearest, to_answers)
        else:
            ranked = values[:-1]  # what is far away has a confidence of 0, and an order all the same
            ranked[nearest <= -1] = -np.inf
            probabilities = probabilities_of(values[None])[0, :-1]
            confidences = confidences_of(ranked, probabilities)
        return tuple(
            Candidate(
                self.entries[position],
                self.wordings[nearest_row(position, self._starts, similarities)],
                float(nearest[position]),
                float(probabilities[position]) if probabilities is not None else None,
                float(confidences[position]),
            )
            for position in best_of(ranked, most)
            if nearest[position] > -1
        )

    def _nearest_left_out(self) -> LeftOut:
        """Ask a sample of the wordings as if they, and as if their whole answers, were not there."""
        rows = np.arange(len(self.wordings))
        most = sample_size(len(rows))
        if len(rows) > most:
            rows = rows[:: len(rows) // most][:most]
        sample, own = self._features.take(rows), self.owners[rows]
        similarities: Floats = sample.similarities(self._features)
        similarities[np.arange(len(rows)), rows] = -1
        nearest = np.maximum.reduceat(similarities, self._starts, axis=1)
        to_answers = sample.similarities(self._answers)
        confidences = beside_answers(nearest, to_answers)
        chosen = confidences.argmax(1)
        confidence = confidences.max(1)
        confidences[np.arange(len(rows)), own] = -1
        return LeftOut(
            confidence=confidence,
            right=chosen == own,
            comparable=self.multiple[rows],
            foreign=confidences.max(1) if len(self.entries) > 1 else np.zeros(0, np.float32),
            answers=len(self.entries),
            marked=self._confidence_of_marked(),
        )

    def _confidence_of_marked(self) -> Floats:
        if not self._foreign:
            return np.zeros(0, np.float32)
        asked = self.features([normalise_question(text) for text in self._foreign])
        nearest = np.maximum.reduceat(asked.similarities(self._features), self._starts, axis=1)
        highest: Floats = beside_answers(nearest, asked.similarities(self._answers)).max(1)
        return highest


def precedence(entry: KnownEntry) -> tuple[bool, datetime]:
    """Order entries that claim one wording: one for just this workspace first, then what was approved last."""
    return entry.workspace_id is not None, entry.approved_at
