"""Verified questions that begin as somebody types, or nearly do: for a form that completes what is typed.

It looks at letters only, since few of them mean anything yet: a question that begins so comes first, then one in
which a word does, then one that is alike in spite of typing errors. Of each answer one question is offered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from rapidfuzz import fuzz, process

from supportbot.knowledge.entries import Viewer
from supportbot.knowledge.folding import folded
from supportbot.knowledge.index import Index

LONGEST_TYPED = 100
"""Characters that are looked at; nobody types more to find a question."""

_LEAST_LETTERS = 4
"""Fewer are alike to too much."""

_LEAST_ALIKE = 75
"""Of a hundred: the typed letters against the best stretch of a question (rapidfuzz's partial ratio). That is one
slip in four letters, as in "refnd" for "refund"."""


def complete(index: Index, typed: str, viewer: Viewer, most: int, longest: int) -> list[str]:
    """Return questions that may be meant, the likeliest first; blocks for some milliseconds.

    Args:
        index: what is known.
        typed: so far; without a letter, the questions with the most wordings are returned.
        viewer: who types.
        most: how many to return.
        longest: characters of a question; longer ones are left out.
    """
    heard = index.heard(viewer)
    rows = range(len(index.wordings)) if heard is None else np.flatnonzero(heard).tolist()
    allowed = [row for row in rows if len(index.wordings[row].text) <= longest]
    begun = folded(" ".join(typed[:LONGEST_TYPED].split()))
    found: dict[int, str] = {}
    for row in _likely(index.texts, begun, allowed) if begun else _popular(index, allowed):
        if len(found) == most:
            break
        found.setdefault(int(index.owners[row]), index.wordings[row].text)
    return list(found.values())


def _likely(texts: Sequence[str], begun: str, rows: Sequence[int]) -> Iterator[int]:
    yield from (row for row in rows if texts[row].startswith(begun))
    yield from (row for row in rows if f" {begun}" in texts[row])
    if len(begun) >= _LEAST_LETTERS:
        # A text of a letter or two is a part of everything.
        choices = {row: texts[row] for row in rows if len(texts[row]) >= _LEAST_LETTERS}
        near = process.extract(begun, choices, scorer=fuzz.partial_ratio, score_cutoff=_LEAST_ALIKE, limit=None)
        yield from (row for _, _, row in near)


def _popular(index: Index, rows: Sequence[int]) -> Iterator[int]:
    yield from sorted(rows, key=lambda row: -len(index.entries[index.owners[row]].wordings))
