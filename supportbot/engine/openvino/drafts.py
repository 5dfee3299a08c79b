"""What an answer may go on with: texts that were said before, kept to be supposed again.

A support bot says the same things many times. Where the last tokens of an answer stand in an earlier text, what
followed there is supposed to follow here. A supposition costs little, because a step computes several tokens in
hardly more than the time of one, and it changes nothing: each token is drawn as ever, and what was supposed
otherwise is thrown away (``decoding``). So this may be as wrong as it likes.

This module knows tokens, and no probabilities.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence

MOST_TOKENS = 60_000
"""Of all texts that are kept, some hundred answers; about 15 MB."""

_CONTEXTS = (8, 3)
"""So many last tokens are looked for, the longest first: few are found often, many are seldom wrong."""

_START = -1
"""Stands before a text, so that its first tokens have a context as well."""

Text = tuple[int, ...]


class Drafts:
    """Texts, and where in them each context was seen last.

    Args:
        most_tokens: kept at most; the texts that were said longest ago go first.
    """

    def __init__(self, most_tokens: int = MOST_TOKENS) -> None:
        self._most_tokens = most_tokens
        self._tokens = 0
        self._numbers: OrderedDict[Text, int] = OrderedDict()  # what was said last comes last
        self._texts: dict[int, Text] = {}
        self._next = 0
        # By the hash of a context, which takes a third of the memory; two of one hash are one wrong supposition.
        self._places: dict[int, tuple[int, int]] = {}

    def __len__(self) -> int:
        """Return how many texts are kept."""
        return len(self._texts)

    def add(self, text: Sequence[int]) -> None:
        """Keep a text, or note that it was said again."""
        known = tuple(text)
        if not known or len(known) > self._most_tokens:
            return
        if known in self._numbers:
            self._numbers.move_to_end(known)
            return
        number, self._next = self._next, self._next + 1
        self._numbers[known] = number
        self._texts[number] = known
        self._tokens += len(known)
        for context, place in _contexts(known):
            self._places[context] = (number, place)
        while self._tokens > self._most_tokens:
            self._forget_oldest()

    def propose(self, answer: Sequence[int], most: int) -> Text:
        """Return what may follow an answer so far, at most so many tokens; nothing for one that has none yet."""
        if not answer:
            return ()
        for size in _CONTEXTS:
            last = tuple(answer[-size:])
            found = self._places.get(hash((_START,) * (size - len(last)) + last))
            if found is not None:
                number, place = found
                return self._texts[number][place : place + most]
        return ()

    def _forget_oldest(self) -> None:
        text, number = self._numbers.popitem(last=False)
        del self._texts[number]
        self._tokens -= len(text)
        for context, _ in _contexts(text):
            if context in self._places and self._places[context][0] == number:
                del self._places[context]


def _contexts(text: Text) -> Iterator[tuple[int, int]]:
    """Yield the hash of what stands before each place of a text, and the place."""
    for size in _CONTEXTS:
        padded = (_START,) * size + text
        for place in range(len(text)):
            yield hash(padded[place : place + size]), place
