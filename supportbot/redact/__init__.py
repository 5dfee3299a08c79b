"""Redaction: personal data and secrets become placeholders before anything is stored for training.

A find is a stretch of the text and its kind. Finds that overlap are hidden as one, named after the longest of
them, so nothing of either is left over. The result is searched again until nothing is found, hence redacting twice
changes nothing. Better one placeholder too many than a person too few, except where it would take what support is
about: orders, prices, dates, articles.

Only the shape of a text and the words beside it count here. Who wrote it, what was asked, and names that nobody
introduced are unknown; no model is loaded and no network is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from supportbot.redact import _addresses, _numbers, _people, _secrets
from supportbot.redact._finds import PLACEHOLDER, Find, Kind

__all__ = ["Kind", "Redacted", "redact"]

_FINDERS = (_secrets.find, _addresses.find, _numbers.find, _people.find)

_RANK = {kind: rank for rank, kind in enumerate(Kind)}
"""Of equally long finds, the kind that is listed first gives its name: it is the more specific one."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text that may be stored for training.

    Attributes:
        text: the text with a placeholder such as ``[email]`` for each find.
        counts: how many placeholders of each kind were put in; kinds that did not occur are absent.
    """

    text: str
    counts: Mapping[str, int]


def redact(text: str, *, keep: Collection[str] = ()) -> Redacted:
    """Return the text without personal data and secrets; any text is accepted, and the result is a fixed point.

    The first call takes about 0.2 s longer, because it loads the libraries.

    Args:
        text: what somebody typed, or a model.
        keep: what is public although it looks personal, such as the shop's own address and hotline.
    """
    kept = frozenset(value.casefold() for value in keep)
    counts: Counter[str] = Counter()
    # Ends: every round takes characters out of the text, and placeholders are never found again.
    while finds := _merge(_find(text, kept)):
        pieces, end = [], 0
        for find in finds:
            pieces += [text[end : find.start], f"[{find.kind}]"]
            end = find.end
            counts[str(find.kind)] += 1
        text = "".join([*pieces, text[end:]])
    return Redacted(text, MappingProxyType(dict(counts)))


def _find(text: str, kept: frozenset[str]) -> list[Find]:
    finds = (find for finder in _FINDERS for find in finder(text))
    # A placeholder is no find, whatever the finders say, so every round has fewer characters to look at.
    return [
        find
        for find in finds
        if not PLACEHOLDER.fullmatch(found := text[find.start : find.end]) and found.casefold() not in kept
    ]


def _merge(finds: list[Find]) -> list[Find]:
    """Return the finds in the order of the text, each group of overlapping ones as one."""
    merged: list[tuple[int, int, Find]] = []
    for find in sorted(finds, key=lambda find: find.start):
        if merged and find.start < merged[-1][1]:
            start, end, best = merged[-1]
            merged[-1] = (start, max(end, find.end), min(best, find, key=_precedence))
        else:
            merged.append((find.start, find.end, find))
    return [Find(start, end, best.kind) for start, end, best in merged]


def _precedence(find: Find) -> tuple[int, int]:
    return find.start - find.end, _RANK[find.kind]
