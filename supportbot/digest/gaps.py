"""Gaps: questions that were not answered well, those that ask for the same thing as one.

Two questions are as similar as knowledge finds them (``knowledge.features``). They are put together by average
linkage (Sokal and Michener 1958, Univ. Kansas Sci. Bull. 38): the two groups that are most similar on average
become one, as long as that is at least a threshold. So no chain of neighbours joins what is far apart, nobody has
to know how many groups there are, and the same questions always give the same groups.

This module knows no database. What it shows of a question is redacted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.features import Features, Floats, Grams, TextEncoder
from supportbot.redact import redact

ALIKE = 0.5
"""Least mean similarity within a group, with an encoder; docs/digest.md has the measurement."""

ALIKE_BY_LETTERS = 0.4
"""Likewise where texts are compared by n-grams alone."""

_LONGEST = 300
"""Characters of an example; a longer one is cut, since its beginning says what it is about."""


@dataclass(frozen=True, slots=True)
class Unmet:
    """A question that was not answered well.

    Attributes:
        asker: unique within its workspace.
        text: as it was asked.
        is_private: whether only its asker and the bot have seen it.
    """

    asker: str
    text: str
    is_private: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """What was asked and not known.

    Attributes:
        example: one wording of it, redacted; empty where all are private.
        questions: how many asked for it.
        people: how many different people asked these.
    """

    example: str
    questions: int
    people: int


def find_gaps(unmet: Sequence[Unmet], encoder: TextEncoder | None, keep: Collection[str] = ()) -> list[Gap]:
    """Return the gaps, those of most people first; blocks.

    Args:
        unmet: the questions.
        encoder: compares meanings; None for letters alone.
        keep: what is public although it looks personal, as ``redact`` takes it.
    """
    if not unmet:
        return []
    alike = similarities(encoder, [one.text for one in unmet])
    gaps = [_gap(unmet, group, alike, keep) for group in grouped(alike, threshold(encoder))]
    return sorted(gaps, key=lambda gap: (-gap.people, -gap.questions, gap.example))


def threshold(encoder: TextEncoder | None) -> float:
    """Return the least similarity that makes questions one gap."""
    return ALIKE_BY_LETTERS if encoder is None else ALIKE


def similarities(encoder: TextEncoder | None, texts: Sequence[str]) -> Floats:
    """Return the similarity of each text to each, ``[n, n]``; blocks."""
    normalised = [normalise_question(text) for text in texts]
    vectors = encoder.encode(normalised) if encoder else np.zeros((len(texts), 0), np.float32)
    features = Features(vectors, Grams(normalised).of_texts)
    return features.similarities(features)


def grouped(alike: Floats, least: float) -> list[list[int]]:
    """Return which rows belong together, each once, in groups in the order of their first.

    Args:
        alike: similarities of each to each, ``[n, n]``.
        least: mean similarity that two groups must have to become one.
    """
    if len(alike) == 1:
        return [[0]]
    from scipy.cluster.hierarchy import fcluster, linkage  # takes a moment to import

    places = np.triu_indices(len(alike), k=1)
    # Both halves, since rounding makes them differ in the last digit; a distance is never below 0.
    distances = np.maximum(0.0, 1.0 - (alike[places].astype(np.float64) + alike.T[places]) / 2)
    labels = fcluster(linkage(distances, method="average"), t=1.0 - least, criterion="distance")
    groups: dict[int, list[int]] = {}
    for row, label in enumerate(labels):
        groups.setdefault(int(label), []).append(row)
    return list(groups.values())


def _gap(unmet: Sequence[Unmet], group: Sequence[int], alike: Floats, keep: Collection[str]) -> Gap:
    """Return a group as it is shown: by the wording that is most similar to all of it."""
    shown = [row for row in group if not unmet[row].is_private]
    example = ""
    if shown:
        nearest = shown[int(np.argmax(alike[np.ix_(shown, list(group))].mean(axis=1)))]
        # Cut after it is redacted: half an address is none that can be found.
        example = _cut(" ".join(redact(unmet[nearest].text, keep=keep).text.split()))
    return Gap(example, len(group), len({unmet[row].asker for row in group}))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"
