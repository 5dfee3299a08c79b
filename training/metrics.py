"""Whether an answer is right: it says what the right reference says, and says it more than any other reference.

Overlap is measured in words (token-F1 as in SQuAD, https://arxiv.org/abs/1606.05250, section 4.2): case and
punctuation do not count, the order of words does not either. It is meant for models that recall stored answers,
not for judging free prose.

This module knows no model: it compares texts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

RIGHT_F1 = 0.6
"""Least overlap with the right reference; answers of different topics overlap by about a third."""

_WORD = re.compile(r"\w+")


def token_f1(answer: str, reference: str) -> float:
    """Return the harmonic mean of precision and recall of the words of ``answer``, 0 to 1.

    Two texts without any word overlap fully, one such text and another not at all.
    """
    given, wanted = Counter(_words(answer)), Counter(_words(reference))
    if not given or not wanted:
        return float(given == wanted)
    return 2 * (given & wanted).total() / (given.total() + wanted.total())


def matched_topic(answer: str, references: Sequence[str]) -> int | None:
    """Return the index of the reference that an answer says, or None if it says none of them clearly.

    An answer matches a reference when their token-F1 reaches ``RIGHT_F1`` and is higher than that with every
    other reference.

    Args:
        answer: what a model said.
        references: the approved answer of each topic.
    """
    scores = [token_f1(answer, reference) for reference in references]
    best = max(scores, default=0.0)
    if best < RIGHT_F1 or scores.count(best) > 1:
        return None
    return scores.index(best)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
