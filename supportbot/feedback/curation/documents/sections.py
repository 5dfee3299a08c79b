"""What every kind of document is read into: headings, each with the Markdown beneath it.

Sections are in the order of the document. The reader of each format decides what a heading is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what is beneath it until the next one.

    Attributes:
        level: 1 and deeper; 0 for what stands before the first heading.
        title: the text of the heading; empty if there is none.
        body: Markdown, without white space around it.
    """

    level: int
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read.

    Attributes:
        name: of the file, or the address; passages are known again by it.
        kind: for people, such as ``Markdown``.
        sections: of the whole document.
        title: what it is called if it has no headings; may be empty.
    """

    name: str
    kind: str
    sections: Sequence[Section]
    title: str = ""
