"""Verified questions that begin as somebody types, or nearly do: for a form that completes what is typed.

It looks at letters only, since few of them mean anything yet: a question that begins so comes first, then one in
which a word does, then one that is alike in spite of typing errors. Of each answer one question is offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from rapidfuzz import fuzz, process

from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.entries import Viewer
from supportbot.knowledge.index import Index, folded

LONGEST_TYPED = 100
"""Characters that are looked at; nobody types more to find a question."""

_LEAST_LETTERS = 4
"""Fewer are alike to too much."""

_LEAST_ALIKE = 75
"""Of a hundred: the typed letters against the best stretch of a question (rapidfuzz's partial ratio). That is one
slip in four letters, as in "refnd" for "refund"."""


class Completion:
    """Questions of one index.

    Args:
        index: the knowledge of a moment.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._wordings = index.wordings
        self._texts = [folded(normalise_question(one.text)) for one in index.wordings]

    def is_of(self, index: Index) -> bool:
        """Return whether an index has the same questions; one with a rule has those of the one without."""
        return index.wordings is self._wordings

    def find(self, typed: str, viewer: Viewer, most: int, longest: int) -> list[str]:
        """Return questions that may be meant, the likeliest first; blocks for some milliseconds.

        Args:
            typed: so far; without a letter, the questions with the most wordings are returned.
            viewer: who types.
            most: how many to return.
            longest: characters of a question; longer ones are left out.
        """
        heard = self._index.heard(viewer)
        rows = range(len(self._wordings)) if heard is None else np.flatnonzero(heard).tolist()
        allowed = [row for row in rows if len(self._wordings[row].text) <= longest]
        begun = folded(" ".join(typed[:LONGEST_TYPED].split()))
        ranked = self._likely(begun, allowed) if begun else self._popular(allowed)
        return self._one_of_each(ranked, most)

    def _likely(self, begun: str, rows: list[int]) -> Iterator[int]:
        texts = self._texts
        yield from (row for row in rows if texts[row].startswith(begun))
        yield from (row for row in rows if f" {begun}" in texts[row])
        if len(begun) >= _LEAST_LETTERS:
            near = process.extract(
                begun,
                {row: texts[row] for row in rows},
                scorer=fuzz.partial_ratio,
                score_cutoff=_LEAST_ALIKE,
                limit=None,
            )
            # In spite of letters only: a text of one letter is a part of everything.
            yield from (row for text, _, row in near if len(text) >= _LEAST_LETTERS)

    def _popular(self, rows: list[int]) -> Iterator[int]:
        owners, entries = self._index.owners, self._index.entries
        return iter(sorted(rows, key=lambda row: -len(entries[owners[row]].wordings)))

    def _one_of_each(self, rows: Iterable[int], most: int) -> list[str]:
        found: dict[int, str] = {}
        for row in rows:
            if len(found) == most:
                break
            found.setdefault(int(self._index.owners[row]), self._wordings[row].text)
        return list(found.values())
