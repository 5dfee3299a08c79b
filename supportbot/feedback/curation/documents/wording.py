"""What a person would ask to be shown a passage: its heading, or with the heading above where one says too little.

"Returns > Refund status" becomes "Returns: refund status". A heading that asks stands by itself. Letters are made
small in English only; elsewhere a capital may belong to the word, as in German.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_MARKS = ("?", "\N{FULLWIDTH QUESTION MARK}", "\N{ARABIC QUESTION MARK}")
_ASKING = re.compile(
    r"(?:how|what|why|when|where|who|which|can|may|do|does|is|are|should|will|wie|was|warum|wann|wo|wer|welche[rs]?)\s",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\A(?:(?:\d+\.)+\d*\)?|\d+\)|[QA]\d*[:.])\s+(?=\S)")
_ABOUT_THE_PAGE = re.compile(
    r"(?:faqs?|frequently asked questions|questions|questions and answers|help|help cent(?:er|re)|support"
    r"|knowledge base|documentation|docs|manual|handbook|guide|guidelines|user guide|home|welcome|index|readme"
    r"|häufige fragen|hilfe|handbuch|dokumentation)",
    re.IGNORECASE,
)
"""Headings of a whole page that say nothing about a passage in it."""

_ENGLISH = re.compile(r"\b(?:the|of|and|you|your|with)\b")
_WORDS_TO_AN_ENGLISH_ONE = 50
"""In English every tenth word is one of these; elsewhere next to none is."""

_TITLE_CASE = re.compile(r"[A-Z][a-z’']+(?:-[A-Z]?[a-z’']+)*")
_LONG = 4
"""Letters of a word that titles in title case begin with a capital; shorter ones such as "to" they may not."""

_CODE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)

_MOST_OF_A_LEAD = 80
"""Characters of a first sentence that tells pieces of a passage apart."""


def asks(title: str) -> bool:
    """Return whether a heading is a question by itself."""
    return title.rstrip().endswith(_MARKS) or _ASKING.match(title) is not None


def is_english(text: str) -> bool:
    """Return whether a text may be taken for English."""
    return len(_ENGLISH.findall(text)) * _WORDS_TO_AN_ENGLISH_ONE > len(text.split())


def question(path: Sequence[str], *, english: bool) -> str:
    """Return the question of a section.

    Args:
        path: the headings above it and its own, the outermost first.
        english: whether the document is.
    """
    title = _bare(path[-1])
    if asks(title):
        return title
    above = [name for each in path[:-1] if not _ABOUT_THE_PAGE.fullmatch(name := _bare(each))]
    if not above or above[-1].casefold() == title.casefold():
        return title
    if above[-1].endswith(_MARKS):
        return f"{above[-1]} {title}"
    return f"{above[-1]}: {_small(title) if english else title}"


def question_of_piece(asked: str, piece: str) -> str:
    """Return the question of a further piece of a long passage: its first sentence tells it apart."""
    lines = [line for line in plain(_CODE.sub("", piece)).split("\n") if any(map(str.isalnum, line))]
    first = re.split(r"(?<=[.!?:])\s", lines[0] if lines else piece.strip("`\n").split("\n")[0], maxsplit=1)[0]
    first = first.strip(" .:|").replace(" | ", ", ")
    if len(first) > _MOST_OF_A_LEAD:
        first = first[:_MOST_OF_A_LEAD].rsplit(" ", 1)[0] + "…"
    return f"{asked} {first}" if asked.endswith(_MARKS) else f"{asked}: {first}"


def plain(text: str) -> str:
    """Return Markdown without its signs, pictures and addresses, to be measured or shown in a line."""
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)|<[^<>]+>", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"^\s*(?:[-*+>#|]+|\d+[.)])\s+", "", text, flags=re.MULTILINE)
    return re.sub(r"[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}", "", text).strip()


def _bare(title: str) -> str:
    return _NUMBER.sub("", title.strip(), count=1).rstrip("¶#: ").strip() or title.strip()


def _small(title: str) -> str:
    """Return a heading as it goes on behind a colon; names of products and abbreviations stay."""
    words = title.split(" ")
    in_title_case = all(word[0].isupper() for word in words[1:] if len(word) >= _LONG and word[0].isalpha())
    words[1:] = [_small_word(word) if in_title_case else word for word in words[1:]]
    return " ".join([_small_word(words[0]), *words[1:]])


def _small_word(word: str) -> str:
    return word.lower() if _TITLE_CASE.fullmatch(word) else word
