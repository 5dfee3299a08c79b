"""What a row is sorted and split by: pure functions of its text, the same today and in a year.

A conversation is held out or trained on as a whole and for ever, by a hash of its name, so nothing that a model
was trained on is ever asked of it as if it were new. Rows of a file that names no conversations are decided on
together instead (``held_out``). The sort key brings questions of nearly the same words next
to each other.

This module knows no database.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata

from supportbot.db.states import Split

HELD_OUT_SHARE = 0.1
"""Share of the conversations that a model is measured on and never trained on."""

SORT_KEY_CHARACTERS = 200
"""PostgreSQL refuses index entries of more than about 2,700 bytes; a character has at most four."""

_WORD = re.compile(r"\w+")
_DIGIT = re.compile(r"\d")
_HASH_BITS = 64


def split_of(conversation: str) -> Split:
    """Return what the rows of a conversation are used for."""
    # surrogatepass: a key of any text has a split, even of text that is no Unicode.
    digest = hashlib.sha256(conversation.encode("utf-8", "surrogatepass")).digest()
    share = int.from_bytes(digest[: _HASH_BITS // 8]) / 2**_HASH_BITS
    return Split.HELD_OUT if share < HELD_OUT_SHARE else Split.TRAIN


def conversation_of(question: str, named: str | None = None) -> str:
    """Return the conversation of a row of a file: the one that the file names, else its question stands for it.

    Args:
        question: redacted; repetitions of it stay together.
        named: a file's own name may be a person's; its hash keeps rows together just as well.
    """
    return f"import:{hashlib.sha256(json.dumps([named]).encode()).hexdigest()}" if named else normalise(question)


def normalise(text: str) -> str:
    """Return the words of a text in lower case; a text without any, such as an emoji, as it is."""
    if text.isascii():  # nothing to compose, and most text is
        folded = text.lower()
    else:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(_WORD.findall(folded)) or folded.strip()


def sort_key_of(question: str) -> str:
    """Return the distinct words of a question, the longest first, cut to ``SORT_KEY_CHARACTERS``.

    The longest words say most: a greeting in front, or another order of words, changes little at the beginning
    of the key, and the beginning decides where a row is sorted to.
    """
    words = set(normalise(question).split())
    return " ".join(sorted(words, key=lambda word: (-len(word), word)))[:SORT_KEY_CHARACTERS]


def numbers_in(normalised: str) -> tuple[str, ...]:
    """Return the words with digits, in their order: order 17 is not order 18, however alike the rest is.

    Args:
        normalised: what ``normalise`` returned.
    """
    # Not one pattern for both: on a long word without a digit that takes the square of its length.
    return tuple(word for word in _WORD.findall(normalised) if _DIGIT.search(word))
