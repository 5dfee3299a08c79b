"""The words by which people say what follows, in one table: a topic, and for each language its phrases.

The table is in three parts: ``_words_secrets``, ``_words_numbers`` and ``_words_contact``. A language is added
there, a line in each topic. Phrases are written as a dictionary writes them and compared without capitals and
accents, as many people type. Between the words of a phrase may be a blank, a hyphen or
nothing; a star stands for an ending or the rest of a compound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.redact._trie import any_of
from supportbot.redact._view import View
from supportbot.redact._words_contact import CONTACT
from supportbot.redact._words_numbers import NUMBERS
from supportbot.redact._words_secrets import SECRETS

TABLE = SECRETS | NUMBERS | CONTACT

LANGUAGES = ("en", "de", "fr", "es", "pl", "pt")


def phrases(topic: str, *languages: str) -> Iterator[str]:
    """Yield the phrases of a topic, folded; of all languages unless some are named."""
    for language in languages or LANGUAGES:
        yield from (folded(phrase.strip()) for phrase in TABLE[topic][language].split(","))


def folded(words: str) -> str:
    """Return words in small letters without accents."""
    return View(words, None).folded


def listed(words: str) -> list[str]:
    """Return the words of one line, folded."""
    return folded(words).split()


def said(topic: str, *languages: str) -> str:
    """Return a topic as one part of a regular expression that is tried on folded text."""
    return any_of([_MEANT.get(sign, re.escape(sign)) for sign in phrase] for phrase in phrases(topic, *languages))


_MEANT = {" ": "[ _-]{0,2}", "*": r"\w{0,24}"}


def hinted(topic: str, *languages: str) -> set[str]:
    """Return words of which a text with a phrase of the topic has one for certain, as ``Hinted`` takes them.

    It is the longest word, alone or written together with those beside it.
    """
    return {hint for phrase in phrases(topic, *languages) for hint in _hints(phrase.replace("*", "").split())}


def _hints(words: list[str]) -> Iterator[str]:
    longest = words.index(max(words, key=len))
    for first in range(longest + 1):
        for last in range(longest, len(words)):
            # Other signs than letters part words.
            yield max(_RUN.findall("".join(words[first : last + 1])), key=len)


_RUN = re.compile(r"[a-z0-9]+")
