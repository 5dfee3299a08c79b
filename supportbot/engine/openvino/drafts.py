"""Drafts of how an answer may continue, taken from earlier texts.

A support bot says the same things many times. If the last tokens of an answer occur in an earlier text, the tokens
that followed there are the draft. A draft costs little, because a step computes several tokens in hardly more than
the time of one, and it changes nothing: each token is drawn as usual, and a wrong draft is thrown away
(``decoding``). So a draft may be wrong.

This module knows tokens, but no probabilities.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence

MOST_TOKENS = 60_000
"""In all stored texts: some hundred answers, about 15 MB."""

_CONTEXTS = (8, 3)
"""Numbers of last tokens to look up, the largest first: few are often found, many are seldom wrong."""

_START = -1
"""Precedes a text, so that its first tokens have a context too."""

Text = tuple[int, ...]


class Drafts:
    """Texts, and where each context occurred last.

    Args:
        most_tokens: kept at most; the texts that were said longest ago go first.
    """

    def __init__(self, most_tokens: int = MOST_TOKENS) -> None:
        self._most_tokens = most_tokens
        self._tokens = 0
        self._numbers: OrderedDict[Text, int] = OrderedDict()  # what was said last comes last
        self._texts: dict[int, Text] = {}
        self._next = 0
        # By the hash of a context, which takes a third of the memory; a collision is one wrong draft.
        self._places: dict[int, tuple[int, int]] = {}

    def __len__(self) -> int:
        """Return how many texts are kept."""
        return len(self._texts)

    def add(self, text: Sequence[int]) -> None:
        """Store a text, or note that it was said again."""
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
        """Return a draft of at most so many tokens for an answer so far; nothing for an empty answer."""
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
    """Yield each place of a text with the hash of its context."""
    for size in _CONTEXTS:
        padded = (_START,) * size + text
        for place in range(len(text)):
            yield hash(padded[place : place + size]), place
