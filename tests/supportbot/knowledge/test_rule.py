"""The decision rule: what it says of its own rows is what a rule without them says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from supportbot.knowledge import rule as rule_module
from supportbot.knowledge.features import Features, Grams, join
from supportbot.knowledge.rule import fit
from supportbot.knowledge.scores import Scores, choose
from tests.supportbot.knowledge.faq import GYM

FOREIGN = ("will it rain tomorrow", "who won the match", "tell me a joke", "how tall is the eiffel tower")
ANSWERS = tuple(GYM)
WORDINGS = tuple(text for wordings in GYM.values() for text in wordings)
CLASSES: NDArray[np.intp] = np.repeat(np.arange(len(GYM)), [len(wordings) for wordings in GYM.values()])


def _features(grams: Grams, texts: tuple[str, ...]) -> Features:
    return Features(np.zeros((len(texts), 0), np.float32), grams.of(texts))


@pytest.fixture(scope="module")
def parts() -> tuple[Features, Features, Features]:
    """Wordings, answers and foreign questions, compared by letters: no encoder is needed for the algebra."""
    grams = Grams(WORDINGS)
    return tuple(_features(grams, texts) for texts in (WORDINGS, ANSWERS, FOREIGN))  # type: ignore[return-value]


def _same(scores: Scores, expected: Scores, row: int) -> None:
    assert scores.chosen[row] == expected.chosen[0]
    assert scores.raw[row] == pytest.approx(expected.raw[0], abs=2e-3)
    assert scores.probability[row] == pytest.approx(expected.probability[0], abs=2e-3)


def test_leaving_an_answer_out_is_exact(parts: tuple[Features, Features, Features]) -> None:
    """For each answer, what the fit says without it is what a rule fitted without all its rows says."""
    wordings, answers, foreign = parts
    result = fit(wordings, CLASSES, answers, foreign)
    for label in range(len(GYM)):
        rest = np.flatnonzero(label != CLASSES)
        others = np.delete(np.arange(len(GYM)), label)
        # Without its rows a class stays as a column that nothing speaks for, so weights and offsets are those of
        # the whole fit: the block is emptied by giving its rows to nobody.
        without = _fit_without(wordings, answers, foreign, rest, others)
        for row in map(int, np.flatnonzero(label == CLASSES)):
            values = without.values(wordings.take([row]))
            values[:, label] = -np.inf
            _same(result.without_class, choose(values), row)


def _fit_without(
    wordings: Features, answers: Features, foreign: Features, rows: NDArray[np.intp], kept: NDArray[np.intp]
) -> rule_module.Rule:
    """Fit by hand on some rows, with the weights that they have in the whole fit."""
    number = len(answers)
    labels = np.concatenate([CLASSES[rows], kept, np.full(len(foreign), number)])
    counts = np.bincount(CLASSES, minlength=number)
    weights = np.concatenate(
        [
            counts.sum() / number / counts[CLASSES[rows]],
            np.ones(len(kept)),
            np.full(len(foreign), min(1.0, 0.5 * len(wordings) / len(foreign))),
        ]
    )
    features = join(wordings.take(rows), answers.take(kept), foreign)
    return rule_module._Ridge(features, labels, weights, number + 1).rule(len(rows))


def test_leaving_a_wording_out_is_exact(parts: tuple[Features, Features, Features]) -> None:
    """For each wording, what the fit says without it is what a rule fitted without that row says."""
    wordings, answers, foreign = parts
    result = fit(wordings, CLASSES, answers, foreign)
    everything = np.arange(len(GYM))
    for row in range(len(WORDINGS)):
        without = _fit_without(wordings, answers, foreign, np.delete(np.arange(len(WORDINGS)), row), everything)
        _same(result.without_row, choose(without.values(wordings.take([row]))), row)


def test_values_and_similarities_come_from_one_comparison(parts: tuple[Features, Features, Features]) -> None:
    """They are what each would be by itself, with sentence vectors and without."""
    rng = np.random.default_rng(0)
    vectors = [rng.normal(size=(len(part), 8)).astype(np.float32) for part in parts]
    with_vectors = [
        Features(vector / np.linalg.norm(vector, axis=1, keepdims=True), part.grams)
        for vector, part in zip(vectors, parts, strict=True)
    ]
    for wordings, answers, foreign in (parts, with_vectors):
        rule = fit(wordings, CLASSES, answers, foreign).rule
        values, similarities = rule.values_and_similarities(foreign)
        assert values == pytest.approx(rule.values(foreign), abs=1e-5)
        assert similarities == pytest.approx(foreign.similarities(wordings), abs=1e-5)


def test_beyond_the_landmarks_the_rule_is_nearly_the_same(
    parts: tuple[Features, Features, Features], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With two thirds of the rows as landmarks, hardly any wording is answered otherwise."""
    wordings, answers, foreign = parts
    exact = choose(fit(wordings, CLASSES, answers, foreign).rule.values(wordings))
    monkeypatch.setattr(rule_module, "LANDMARKS", 22)
    rough = choose(fit(wordings, CLASSES, answers, foreign).rule.values(wordings))
    assert (exact.chosen == CLASSES).all()
    assert (rough.chosen == CLASSES).mean() >= 0.9


def test_what_is_far_from_everything_is_not_sure(parts: tuple[Features, Features, Features]) -> None:
    """A text without a letter in common with any row has hardly any confidence."""
    wordings, answers, foreign = parts
    result = fit(wordings, CLASSES, answers, foreign)
    grams = Grams(WORDINGS)
    strange = choose(result.rule.values(_features(grams, ("ξψφ ωλπ",))))
    known = choose(result.rule.values(wordings))
    assert strange.confidence[0] < 0.5 * known.confidence.min()


def _turned(texts: tuple[str, ...], angles: NDArray[np.float64], grams: Grams) -> Features:
    """Return texts with unit vectors in a plane."""
    return Features(np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32), grams.of(texts))


def test_letters_tell_apart_what_the_encoder_thinks_alike() -> None:
    """Two products of which the encoder thinks the same are told apart, and letters alone are not enough."""
    texts = ("price of the falcon", "falcon, how much", "price of the heron", "heron, how much")
    grams = Grams(texts)
    answers = _turned(("The falcon is 20.", "The heron is 30."), np.zeros(2), grams)
    rule = fit(
        _turned(texts, np.zeros(4), grams),
        np.array([0, 0, 1, 1]),
        answers,
        _turned(("rain?",), np.full(1, 2), grams),
    ).rule
    asked = ("what is the cost of a heron", "falcon cost")
    same = choose(rule.values(_turned(asked, np.zeros(2), grams)))
    other = choose(rule.values(_turned(asked, np.full(2, 2.0), grams)))
    assert same.chosen.tolist() == [1, 0]
    assert (other.confidence < 0.5 * same.confidence).all()


@given(
    angles=arrays(np.float64, 12, elements=st.floats(0, 6)),
    texts=st.lists(st.text(max_size=20), min_size=12, max_size=12),
    counts=st.lists(st.integers(1, 5), min_size=1, max_size=4),
)
@settings(max_examples=40)
def test_any_rows_can_be_fitted(angles: NDArray[np.float64], texts: list[str], counts: list[int]) -> None:
    """One answer or several, one wording each or all the same: scores are numbers, probabilities are shares."""
    owners = np.repeat(np.arange(len(counts)), counts)[:12]
    number = int(owners[-1]) + 1
    grams = Grams(texts)
    everything = _turned(tuple(texts), angles, grams)
    wordings, answers = everything.take(range(len(owners))), everything.take(range(number))
    result = fit(wordings, owners, answers, everything.take(range(12 - number, 12)))
    for scores in (result.without_row, result.without_class, choose(result.rule.values(everything))):
        assert not np.isnan(scores.confidence).any()
        assert ((scores.probability >= 0) & (scores.probability <= 1.0001)).all()


def test_ten_thousand_wordings_are_all_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Far beyond the landmarks each wording still has its own say, and is known by the others."""
    monkeypatch.setattr(rule_module, "LANDMARKS", 200)
    owners = np.repeat(np.arange(25), 400)
    texts = [f"{chr(97 + label) * 3} {row % 400}" for row, label in enumerate(owners)]
    grams = Grams(texts)
    answers = _features(grams, tuple(chr(97 + label) * 3 for label in range(25)))
    result = fit(_features(grams, tuple(texts)), owners, answers, _features(grams, FOREIGN))
    assert len(result.without_row.chosen) == len(result.without_class.chosen) == 10_000
    assert (result.without_row.chosen == owners).mean() > 0.99
    assert (result.without_class.chosen != owners).all()
