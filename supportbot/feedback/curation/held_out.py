"""Which wordings of an answer are held out: a tenth of each answer's own, so that no topic is only trained on.

A file may have many wordings of one answer. Were each drawn by itself, an answer might be measured by none of them
or learned from none, and of two wordings that are nearly alike one would be trained on and the other asked. So the
wordings of an answer are decided on together, and nearly alike ones stay on one side. What the database has
already keeps its side for ever: the tenth is filled up from what is new.

A bad answer says nothing about a topic: its row goes where its question goes. A question with several answers is
trained on. This module knows texts only, no file and no record.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

import numpy as np
from rapidfuzz import fuzz, process

from supportbot.db.states import Split
from supportbot.feedback.curation.keys import sort_key_of

_ALIKE = 90.0
"""Least similarity, in percent, of wordings that stay on one side; that of near-duplicates (``duplicates``)."""

_MOST_COMPARED = 500
"""Wordings of one answer up to which each is compared with each; beyond, with its neighbours in sorted order."""

_WINDOW = 20
"""Neighbours that are compared, as in ``duplicates``."""

_HELD, _TRAINED = 1, 0


def tenth_of(wordings: int) -> int:
    """Return how many of an answer's wordings are held out: a tenth, halves rounded up, so one from five on."""
    return (wordings + 5) // 10


def hold_out(wordings: Collection[str], settled: Mapping[str, Split]) -> set[str]:
    """Return which wordings of one answer are held out.

    Args:
        wordings: normalised (``keys.normalise``) and distinct.
        settled: the sides that some of them have already.
    """
    names = sorted(wordings)
    held = {name for name in names if settled.get(name) is Split.HELD_OUT}
    wanted = tenth_of(len(names))
    if not wanted and not held:
        return held
    free: list[list[str]] = []
    for group in _groups(names):
        sides = {settled[name] for name in group if name in settled}
        if not sides:
            free.append(group)
        elif sides == {Split.HELD_OUT}:
            held.update(group)
    for group in sorted(free, key=lambda group: min(map(_digest, group))):
        if len(held) + len(group) <= wanted:
            held.update(group)
    return held


class Wordings:
    """The wordings of all answers of a file, in a table that is on disk when it is large.

    It belongs to one thread at a time, and is gone when it is closed.
    """

    def __init__(self) -> None:
        # A database without a name is private, spills to a temporary file and is deleted at its end.
        self._db = sqlite3.connect("", check_same_thread=False)
        self._db.executescript(
            "CREATE TABLE wording (answer TEXT, text TEXT, PRIMARY KEY (answer, text)) WITHOUT ROWID;"
            "CREATE TABLE settled (text TEXT PRIMARY KEY, held INTEGER NOT NULL) WITHOUT ROWID;"
        )

    def add(self, answer: str, text: str) -> None:
        """Add a wording of an answer; known twice, it counts once.

        Args:
            answer: whatever stands for it.
            text: normalised.
        """
        self._db.execute("INSERT OR IGNORE INTO wording VALUES (?, ?)", (answer, text))

    def settle(self, text: str, split: Split) -> None:
        """Say on which side a text is already; what was trained on somewhere stays trained on."""
        self._db.execute(
            "INSERT INTO settled VALUES (?, ?) ON CONFLICT DO UPDATE SET held = min(held, excluded.held)",
            (text, _HELD if split is Split.HELD_OUT else _TRAINED),
        )

    def held_out(self) -> frozenset[str]:
        """Return the texts that are held out; blocks."""
        self._db.execute(
            "INSERT OR IGNORE INTO settled SELECT text, ? FROM wording GROUP BY text HAVING count(*) > 1",
            (_TRAINED,),
        )
        held = {text for (text,) in self._db.execute("SELECT text FROM settled WHERE held")}
        rows = self._db.execute(
            "SELECT answer, text, held FROM wording LEFT JOIN settled USING (text) ORDER BY answer"
        )
        for _, group in groupby(rows, key=itemgetter(0)):
            sides = {text: side for _, text, side in group}
            settled = {
                text: Split.HELD_OUT if side == _HELD else Split.TRAIN
                for text, side in sides.items()
                if side is not None
            }
            held |= hold_out(sides, settled)
        return frozenset(held)

    def close(self) -> None:
        """Forget everything."""
        self._db.close()


def _groups(names: Sequence[str]) -> list[list[str]]:
    """Return the names in groups of which each member is nearly like another one."""
    leader = list(range(len(names)))

    def find(place: int) -> int:
        while leader[place] != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    for one, other in _alike(names):
        leader[find(one)] = find(other)
    groups: dict[int, list[str]] = {}
    for place, name in enumerate(names):
        groups.setdefault(find(place), []).append(name)
    return list(groups.values())


def _alike(names: Sequence[str]) -> Iterator[tuple[int, int]]:
    if len(names) <= _MOST_COMPARED:
        alike = process.cdist(names, names, scorer=fuzz.ratio, score_cutoff=_ALIKE, dtype=np.uint8)
        yield from ((int(one), int(other)) for one, other in np.argwhere(np.triu(alike, 1)))
        return
    keys = [sort_key_of(name) for name in names]
    order = sorted(range(len(names)), key=keys.__getitem__)
    for place, one in enumerate(order):
        for other in order[place + 1 : place + 1 + _WINDOW]:
            if fuzz.ratio(names[one], names[other], score_cutoff=_ALIKE):
                yield one, other


def _digest(text: str) -> bytes:
    # surrogatepass, as for the split of a conversation: text of any kind is decided on.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
