"""A Word document (.docx): mammoth makes HTML of it, after which it is a page like any other.

Headings are paragraphs of a heading style. In a document without any, bold lines of their own are what its writer
meant as headings.
"""

from __future__ import annotations

import re
import zipfile
from typing import Any, BinaryIO
from xml.parsers.expat import ExpatError
from xml.sax import SAXException

from supportbot.extras import Extra, require
from supportbot.feedback.curation.documents import pages
from supportbot.feedback.curation.documents.errors import DocumentError
from supportbot.feedback.curation.documents.sections import Section

_STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name^='toc'] => !
p[style-name^='TOC'] => !
"""
_HEADING = re.compile(r"<h[1-6]\b")
_BOLD_LINE = re.compile(r"<p>(?:<strong>([^<>]{1,100})</strong>)</p>")

_MOST_UNPACKED = 100_000_000
"""Bytes of a document unpacked; a few hundred bytes can be packed so that they fill any memory."""


def sections(stream: BinaryIO, name: str) -> list[Section]:
    """Return the sections of a Word document.

    Raises:
        DocumentError: it is no such document, or one with a password.
        MissingExtraError: what reads it is not installed.
    """
    require(Extra.DOCUMENTS)
    import mammoth  # type: ignore[import-untyped]  # wanted for Word only; ships no type information

    try:
        with zipfile.ZipFile(stream) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
        if unpacked > _MOST_UNPACKED:
            raise DocumentError(f"'{name}' is larger than {_MOST_UNPACKED // 1_000_000} MB: split it first.")
        html = mammoth.convert_to_html(
            stream, style_map=_STYLES, convert_image=mammoth.images.img_element(_no_image)
        ).value
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, ExpatError, SAXException) as error:
        raise DocumentError(
            f"'{name}' is not a readable Word document: save it as .docx again, without a password."
        ) from error
    if not _HEADING.search(html):
        html = _BOLD_LINE.sub(r"<h2>\1</h2>", html)
    return pages.sections(html)


def _no_image(image: Any) -> dict[str, str]:
    """Leave pictures out; mammoth would write each into the text."""
    return {"src": ""}
