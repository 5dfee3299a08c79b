"""Redaction: personal data and secrets become placeholders before anything is stored for training.

A text is searched as people read it (``_view``), and each find is hidden in the text as it was typed. A find is a
range of the text and its kind. Finds that overlap are hidden as one, named after the longest of them, so nothing
of either is left over. The result is searched again until nothing is found, hence redacting twice changes nothing.
Better one placeholder too many than a person too few, except where it would take what support is about: orders,
prices, dates, articles.

Only the shape of a text and the words beside it count here; the words of six languages are in ``_words``. Who
wrote it, what was asked, and names that nobody introduced are unknown; no model is loaded and no network is
used. What might be personal is a hint for a curator (``hints``), and is left in the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from supportbot.redact import (
    _accounts,
    _codes,
    _commands,
    _emails,
    _hints,
    _hosts,
    _ids,
    _names,
    _passwords,
    _phones,
    _places,
    _tokens,
    _users,
)
from supportbot.redact._finds import PLACEHOLDER, Find, Kind
from supportbot.redact._view import HIDDEN, View, views

__all__ = ["PLACEHOLDER", "Find", "Kind", "Redacted", "hints", "redact"]

_FINDERS = tuple(
    module.find
    for module in (
        _tokens,
        _passwords,
        _codes,
        _commands,
        _emails,
        _hosts,
        _accounts,
        _phones,
        _ids,
        _users,
        _places,
        _names,
    )
)

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
    # Ends: every round takes something out that is no placeholder, and puts in placeholders only.
    while finds := _merge(_find(text, kept)):
        pieces, end = [], 0
        for find in finds:
            pieces += [text[end : find.start], f"[{find.kind}]"]
            end = find.end
            counts[str(find.kind)] += 1
        text = "".join([*pieces, text[end:]])
    return Redacted(text, MappingProxyType(dict(counts)))


def hints(text: str) -> list[Find]:
    """Return what may be personal in a redacted text, in its order and without overlaps, for a person to look at.

    Street addresses, names in passing and the like: far too many to take out unseen, and most are harmless.
    """
    return _merge([_original(find, view) for view in views(text, PLACEHOLDER) for find in _hints.find(view)])


def _find(text: str, kept: frozenset[str]) -> list[Find]:
    return [
        _original(find, view)
        for view in views(text, PLACEHOLDER)
        for finder in _FINDERS
        for find in finder(view)
        if (found := view.text[find.start : find.end].strip(HIDDEN)) and found.casefold() not in kept
    ]


def _original(find: Find, view: View) -> Find:
    return Find(*view.original(find.start, find.end), find.kind)


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
