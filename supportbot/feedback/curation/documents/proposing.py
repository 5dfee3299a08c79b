"""Which sections of a document are proposed, with which question, and which are none: pure functions of its text.

Headings alone, tables of contents, menus and text that is on every page are no answers. A heading that is a
question includes the deeper ones that are not, as steps of its answer, while all of it is short enough to read in
a chat.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from supportbot.feedback.curation.documents.pieces import MOST, pieces
from supportbot.feedback.curation.documents.sections import Document, Section
from supportbot.feedback.curation.documents.wording import (
    asks,
    is_english,
    plain,
    question,
    question_of_piece,
)

ORIGIN = "document:"
"""Before the digest of a passage; an entry made of such a candidate says that it comes from a document."""

_LEAST = 20
"""Characters of a passage that may answer something."""

_MOST_OF_A_CAPTION = 100
"""Characters of a line that only says what a group of sections is about."""

_NAVIGATION = re.compile(
    r"(?:table of )?contents|toc|on this page|in this article|navigation|see also|related"
    r"(?: (?:articles|pages|links|topics))?|further reading|next steps|share(?: this.*)?|follow us|newsletter"
    r"|was this (?:page|article) helpful\??|cookies? (?:settings|notice|preferences)|we use cookies"
    r"|leave a (?:comment|reply)|copyright|imprint|inhalt(?:sverzeichnis)?|siehe auch|impressum",
    re.IGNORECASE,
)
_LINK = re.compile(r"\[[^\]]*\]\([^)]*\)|\(https?://[^\s)]*\)|https?://\S+")
_ITEM = re.compile(r"\s*(?:[-*+•|]|\d+[.)])\s*(.*)")
_SENTENCE_ENDS = (".", "!", "?", ":", "…", "。")


class Skip(StrEnum):
    """Why a section is not proposed."""

    EMPTY = "empty"
    """A heading without a text of its own, or with a line that only says what the group is about."""

    SHORT = "short"
    NAVIGATION = "navigation"
    UNTITLED = "untitled"
    """Text before the first heading."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A passage that may become an entry; ``origin`` is the same as long as nothing of it changes.

    ``heading`` is the one that the passage stands beneath, as it is.
    """

    origin: str
    question: str
    answer: str
    heading: str


@dataclass(frozen=True, slots=True)
class Proposals:
    """What a document offers.

    Attributes:
        proposals: in the order of the document, each once.
        sections: of the document, those that are skipped too.
        skipped: how many of these, by reason.
        long: proposals that are long because they cannot be divided.
    """

    proposals: Sequence[Proposal]
    sections: int
    skipped: Mapping[Skip, int]
    long: int


def propose(document: Document) -> Proposals:
    """Return the passages of a document that may become entries."""
    sections = [section for section in document.sections if section.title or section.body]
    if len(sections) == 1 and not sections[0].title:
        sections = [Section(0, document.title, sections[0].body)]
    english = is_english(" ".join(section.body for section in sections))
    skipped: Counter[Skip] = Counter()
    found: dict[str, Proposal] = {}
    for path, body, reason in _passages(sections):
        if reason is not None:
            skipped[reason] += 1
            continue
        asked = question(path, english=english)
        for number, piece in enumerate(pieces(body)):
            wording = question_of_piece(asked, piece) if number else asked
            origin = ORIGIN + _digest(document.name, path, piece)
            found[origin] = Proposal(origin, wording, piece, path[-1].strip())
    long = sum(len(proposal.answer) > MOST for proposal in found.values())
    return Proposals(list(found.values()), len(sections), dict(skipped), long)


def _passages(sections: Sequence[Section]) -> Iterator[tuple[list[str], str, Skip | None]]:
    """Yield each passage with its headings and, if it is none to propose, the reason."""
    above: list[Section] = []
    at = 0
    while at < len(sections):
        section = sections[at]
        at += 1
        above = [each for each in above if each.level < section.level]
        path = [each.title for each in (*above, section) if each.title]
        above.append(section)
        if any(_NAVIGATION.fullmatch(title.strip(" :#¶")) for title in path):
            yield path, section.body, Skip.NAVIGATION
            continue
        body, taken = _with_steps(section, sections[at:])
        at += taken
        follows = sections[at] if at < len(sections) else None
        heads_others = follows is not None and follows.level > section.level
        yield path, body, _reason(section, body, heads_others=heads_others)


def _with_steps(section: Section, following: Sequence[Section]) -> tuple[str, int]:
    """Return what is beneath a heading that asks, with deeper headings, and how many sections those were."""
    steps: list[Section] = []
    if asks(section.title):
        for step in following:
            if step.level <= section.level or asks(step.title):
                break
            steps.append(step)
    whole = "\n\n".join([section.body, *(f"**{step.title}**\n\n{step.body}" for step in steps)]).strip()
    return (whole, len(steps)) if steps and len(whole) <= MOST else (section.body, 0)


def _reason(section: Section, body: str, *, heads_others: bool) -> Skip | None:
    if not body.strip():
        return Skip.EMPTY
    if not section.title:
        return Skip.UNTITLED
    if _only_links(body):
        return Skip.NAVIGATION
    text = plain(body)
    if heads_others and "\n" not in body and len(text) <= _MOST_OF_A_CAPTION and not text.endswith(_SENTENCE_ENDS):
        return Skip.EMPTY
    return Skip.SHORT if len(text) < _LEAST else None


def _only_links(body: str) -> bool:
    """Return whether a passage is a list of which every item is a link and nothing more."""
    lines = [line for line in body.split("\n") if line.strip()]
    items = [found[1] for line in lines if (found := _ITEM.fullmatch(line)) is not None]
    links = [item for item in items if _LINK.search(item) and not _LINK.sub("", item).strip(" .|–-")]
    return len(lines) > 1 and len(links) == len(lines)


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
