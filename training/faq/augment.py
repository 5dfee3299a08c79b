"""Other ways of typing the same question: less care, more politeness, mistakes, missing words.

A model memorises a few hundred wordings in seconds, but it should learn which words matter. So each row has random
changes to its wording that keep the meaning. All randomness comes from the generator that is passed in, so a seed
fixes every row.

This module knows no topics and no shop's words, only how people type.
"""

from __future__ import annotations

import random
import string

from training.faq.recipe import Recipe

_OPENINGS = (
    "hi, ",
    "hi ",
    "hello, ",
    "hey, ",
    "hey ",
    "Hello. ",
    "Good morning, ",
    "good evening. ",
    "Hi there! ",
    "please help: ",
    "Question: ",
    "quick question, ",
    "Sorry to bother you, ",
    "excuse me, ",
    "help! ",
    "can you help? ",
    "um ",
    "ok so ",
    "Dear team, ",
    "Hello support, ",
)
_CLOSINGS = (
    " please",
    " pls",
    " thanks",
    " thank you",
    " thx",
    ", thanks!",
    " Thank you.",
    " Please advise.",
    " any help appreciated",
    " can you help me",
    "??",
    "?",
    "!",
    "...",
    " asap",
    " Kind regards",
)
_DROPPED_PUNCTUATION = str.maketrans("", "", "?!.,;:'")
_CAPITALS_SHARE = 0.1
"""Share of capitals among questions whose case changes; few people shout."""


def augment(question: str, recipe: Recipe, rng: random.Random) -> str:
    """Return the question as somebody else might have typed it; never empty."""
    words = question.split()
    if rng.random() < recipe.noisy_share and len(words) > 2:
        # A single word may decide the topic, so at most a third is dropped.
        kept = [word for word in words if rng.random() >= recipe.drop_words]
        words = kept if 3 * len(kept) >= 2 * len(words) else words
    if rng.random() < recipe.noisy_share:
        words = [_mistype(word, rng) if rng.random() < recipe.typos else word for word in words]
    text = " ".join(words)
    if rng.random() < recipe.recase_share:
        text = text.upper() if rng.random() < _CAPITALS_SHARE else _carelessly(text, rng)
    if rng.random() < recipe.wrap_share:
        text = _wrap(text, rng)
    return text


def _carelessly(text: str, rng: random.Random) -> str:
    """Type in lower case, half of the time without punctuation."""
    text = text.lower()
    if rng.random() < 0.5:
        text = text.translate(_DROPPED_PUNCTUATION)
    return text


def _wrap(text: str, rng: random.Random) -> str:
    if rng.random() < 0.6:
        opening = rng.choice(_OPENINGS)
        text = opening + (text if rng.random() < 0.5 else text[:1].lower() + text[1:])
    if rng.random() < 0.6:
        text = text.rstrip("?!.") + rng.choice(_CLOSINGS)
    return text


def _mistype(word: str, rng: random.Random) -> str:
    """Swap, drop, double or replace one letter; words of up to three letters stay, or nobody could read them."""
    if len(word) < 4:
        return word
    at = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[: at + 1] + word[at:]
    return word[:at] + rng.choice(string.ascii_lowercase) + word[at + 1 :]


def split_words(text: str, probability: float, rng: random.Random) -> list[str]:
    """Cut a text inside some of its words; the pieces joined are the text again.

    Encoded one by one, the pieces show a model parts of words that it otherwise sees only whole.
    """
    pieces: list[str] = []
    start = at = 0
    for word in text.split(" "):
        if len(word) >= 4 and rng.random() < probability:
            cut = at + rng.randrange(1, len(word))
            pieces.append(text[start:cut])
            start = cut
        at += len(word) + 1
    pieces.append(text[start:])
    return pieces
