"""A PDF: lines of larger or bold letters are headings; where all look alike, it is read as plain text.

Lines of a paragraph become one again, and words that were divided at a line's end whole. A PDF of pictures has no
text and is refused: nothing here reads pictures.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import BinaryIO

from supportbot.extras import Extra, require
from supportbot.feedback.curation.documents import plain
from supportbot.feedback.curation.documents._pdf_lines import Line, lines_of
from supportbot.feedback.curation.documents.errors import DocumentError
from supportbot.feedback.curation.documents.sections import Section

_LARGER = 1.12
"""How much larger than the text a heading is at least: 12 points above 10.5."""

_MOST = 120
"""Characters of a heading."""

_WIDER = 1.3
"""How much wider than usual the space above a new paragraph is."""

_NEXT = 1.6
"""Heights of a letter from one line of a heading to the next."""

_BULLET = re.compile(r"[•●▪◦‣∙·]\s*")
_NUMBERED = re.compile(r"\(?\d{1,2}[.)]\s")
_DIVIDED = re.compile(r"(?<=[^\W\d_])-\Z")
_CHAPTER = re.compile(r"\A(?:Chapter\s+)?\d+(?:\.\d+)*[.:]?\s+(?=\S)")
_SUBCHAPTER = re.compile(r"\d+\.\d+")
_LEADERS = re.compile(r"(?:\.\s?){4,}\s*\w+\Z")
"""The dots of a table of contents, before a page's number."""


def sections(stream: BinaryIO, name: str) -> list[Section]:
    """Return the sections of a PDF.

    Raises:
        DocumentError: it is damaged, has a password, or holds no text.
    """
    lines = [line for line in _read(stream, name) if not _LEADERS.search(line.text)]
    if not any(character.isalpha() for line in lines for character in line.text):
        raise DocumentError(f"'{name}' has no text, only pictures of it: run text recognition (OCR) on it first.")
    levels = _levels(lines)
    if not any(levels):
        return plain.sections(_text(lines))
    found: list[tuple[int, str, list[Line]]] = [(0, "", [])]
    for at, (line, level) in enumerate(zip(lines, levels, strict=True)):
        above, title, beneath = found[-1]
        if not level:
            beneath.append(line)
        elif level == above and not beneath and _goes_on(lines[at - 1], line):
            found[-1] = (level, f"{title} {line.text}", beneath)  # a heading of two lines
        else:
            found.append((level, line.text, []))
    # A number before a heading is no part of it where chapters are numbered; elsewhere it may be "3 ways to pay".
    if any(_SUBCHAPTER.match(title) for _, title, _ in found):
        found = [(level, _CHAPTER.sub("", title, count=1), beneath) for level, title, beneath in found]
    return [Section(level, title, _text(beneath)) for level, title, beneath in found]


def _read(stream: BinaryIO, name: str) -> list[Line]:
    require(Extra.DOCUMENTS)
    from pypdf import PdfReader  # wanted for PDF only
    from pypdf.errors import DependencyError, PyPdfError

    # It remarks on every flaw that it reads past; what it cannot read is an error.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(stream)
        # An empty password opens a file that is only protected against changes.
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError(f"'{name}' is protected with a password: save it without one first.")
        return lines_of(list(reader.pages))
    except DependencyError as error:
        raise DocumentError(f"'{name}' is encrypted: save it without a password first.") from error
    # Beside errors of its own, pypdf stumbles over a damaged file in many ways.
    except (PyPdfError, ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as error:
        raise DocumentError(f"'{name}' is damaged or not a PDF: download or save it again.") from error


def _levels(lines: Sequence[Line]) -> list[int]:
    """Return the level of each line that is a heading; 0 is text."""
    letters: Counter[float] = Counter()
    for line in lines:
        letters[line.height] += len(line.text)
    text = letters.most_common(1)[0][0]
    bold_is_usual = sum(len(line.text) for line in lines if line.bold) * 2 > letters.total()
    sizes = sorted({line.height for line in lines if _may_be_title(line, text)}, reverse=True)

    def level(line: Line) -> int:
        if _may_be_title(line, text):
            return sizes.index(line.height) + 1
        is_bold_title = line.bold and not bold_is_usual and line.height >= text and _is_short(line)
        return len(sizes) + 1 if is_bold_title else 0

    return [level(line) for line in lines]


def _may_be_title(line: Line, text: float) -> bool:
    return line.height >= text * _LARGER and len(line.text) <= _MOST and any(map(str.isalpha, line.text))


def _is_short(line: Line) -> bool:
    return len(line.text) <= _MOST and not line.text.endswith((".", ":", ",", ";")) and not _is_item(line)


def _goes_on(before: Line, line: Line) -> bool:
    """Return whether a line of a heading is directly beneath another one of it."""
    return before.page == line.page and 0 < before.place - line.place <= _NEXT * line.height


def _is_item(line: Line) -> bool:
    return _BULLET.match(line.text) is not None or _NUMBERED.match(line.text) is not None


def _text(lines: Sequence[Line]) -> str:
    """Return lines as paragraphs and lists."""
    gaps = [upper.place - lower.place for upper, lower in pairwise(lines) if upper.place > lower.place]
    usual = median(gaps) if gaps else 0.0
    parts: list[str] = []
    for at, line in enumerate(lines):
        text = _BULLET.sub("- ", line.text, count=1) if _BULLET.match(line.text) else line.text
        before = lines[at - 1] if at else None
        if before is None or _begins_paragraph(before, line, usual):
            # Items of a list stay together, however far apart they are on the page.
            together = before is not None and _is_item(line) and parts[-1].startswith(("- ", "1", "2", "3", "4"))
            parts.append(f"\n{text}" if together else f"\n\n{text}")
        elif _is_item(line):
            parts.append(f"\n{text}")
        elif _DIVIDED.search(parts[-1]) and text[0].islower():
            parts[-1] = _DIVIDED.sub("", parts[-1]) + text
        else:
            parts[-1] += f" {text}"
    return "".join(parts).strip()


def _begins_paragraph(before: Line, line: Line, usual: float) -> bool:
    if before.page != line.page:
        return before.text.endswith((".", "!", "?", ":"))
    return before.place - line.place > usual * _WIDER
