"""Figures about answers as texts: whether one is right, how much it repeats itself, and the confidence floor.

An answer is right if it matches the right reference, and more than any other reference. Overlap is measured in
words (token-F1 as in SQuAD, https://arxiv.org/abs/1606.05250, section 4.2): case and punctuation do not count, the
order of words does not either. It is meant for models that recall stored answers, not for judging free prose.

This module knows no model: it compares texts and numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

RIGHT_F1 = 0.6
"""Least overlap with the right reference; answers of different topics overlap by about a third."""

SAME_F1 = 0.8
"""Two references that overlap this much are wordings of one answer, not answers of two topics."""

FLOOR_KEEPS = 0.97
"""Share of the right answers that the confidence floor lets through; it costs 3 in 100 good answers."""

_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """Return the words of a text in any script, without case and punctuation."""
    return _WORD.findall(text.casefold())


def token_f1(answer: str, reference: str) -> float:
    """Return the harmonic mean of precision and recall of the words of ``answer``, 0 to 1.

    Two texts without any word overlap fully, one such text and another not at all.
    """
    given, wanted = _word_counts(answer), _word_counts(reference)
    if not given or not wanted:
        return float(given == wanted)
    return 2 * (given & wanted).total() / (given.total() + wanted.total())


def matched_topic(answer: str, references: Sequence[str]) -> int | None:
    """Return the index of the reference that an answer matches, or None without a clear match.

    An answer matches a reference when their token-F1 reaches ``RIGHT_F1`` and is higher than that with every
    other reference.

    Args:
        answer: a model's text.
        references: the approved answer of each topic.
    """
    scores = [token_f1(answer, reference) for reference in references]
    best = max(scores, default=0.0)
    if best < RIGHT_F1 or scores.count(best) > 1:
        return None
    return scores.index(best)


def merge_references(references: Sequence[str]) -> list[int]:
    """Return the topic of each reference: near-identical ones (``SAME_F1``) share the topic of the first of them.

    Without this, an answer that two rows give in almost the same words would tie between them and count as wrong.
    """
    firsts: list[str] = []
    topics = []
    for reference in references:
        same = (topic for topic, first in enumerate(firsts) if token_f1(reference, first) >= SAME_F1)
        topic = next(same, len(firsts))
        if topic == len(firsts):
            firsts.append(reference)
        topics.append(topic)
    return topics


def repeated_share(text: str, n: int = 4) -> float:
    """Return the share of a text's word n-grams that occurred before; 0 for a text of fewer words."""
    total, distinct = _count_ngrams(text, n)
    return 1 - distinct / total if total else 0.0


def distinct_share(text: str, n: int = 2) -> float:
    """Return distinct-n (https://arxiv.org/abs/1510.03055), the share of different n-grams; 1 if there is none."""
    total, distinct = _count_ngrams(text, n)
    return distinct / total if total else 1.0


def confidence_floor(right: ArrayLike) -> float:
    """Return the confidence that ``FLOOR_KEEPS`` of the right answers exceed, in nats.

    Args:
        right: the confidence of each right answer, at least one.
    """
    return float(np.quantile(np.asarray(right, dtype=float), 1 - FLOOR_KEEPS))


def _count_ngrams(text: str, n: int) -> tuple[int, int]:
    found = words(text)
    ngrams = list(zip(*(found[start:] for start in range(n)), strict=False))  # the shifted lists get shorter
    return len(ngrams), len(set(ngrams))


@lru_cache(maxsize=4096)  # every answer is compared with the same few references
def _word_counts(text: str) -> Counter[str]:
    return Counter(words(text))
