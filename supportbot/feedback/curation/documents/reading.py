"""From what somebody typed to documents: a file, all files of a folder, or a page of the web.

A file is of the kind that its name says, a page of the kind that its server says, or else its name. In a folder
only files of known kinds are looked at; one that cannot be read is named and does not keep the others back.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from supportbot.errors import SupportBotError
from supportbot.feedback.curation.documents import markdown, pages, pdf, plain, word
from supportbot.feedback.curation.documents.errors import DocumentError
from supportbot.feedback.curation.documents.fetching import Page, fetch, is_address
from supportbot.feedback.curation.documents.sections import Document, Section
from supportbot.feedback.curation.reading.opening import File, troubles

_TEXTS: dict[str, Callable[[str], list[Section]]] = {
    "Markdown": markdown.sections,
    "HTML": pages.sections,
    "text": plain.sections,
}
_BINARIES: dict[str, Callable[[BinaryIO, str], list[Section]]] = {"PDF": pdf.sections, "Word": word.sections}
_ENDINGS = {
    ".md": "Markdown",
    ".markdown": "Markdown",
    ".html": "HTML",
    ".htm": "HTML",
    ".xhtml": "HTML",
    ".pdf": "PDF",
    ".docx": "Word",
    ".txt": "text",
}
_CONTENT_TYPES = {
    "text/html": "HTML",
    "application/xhtml+xml": "HTML",
    "text/markdown": "Markdown",
    "text/x-markdown": "Markdown",
    "application/pdf": "PDF",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
}
_UNSURE = frozenset({"text/plain", "application/octet-stream", "binary/octet-stream"})
"""What servers say of files that they don't know; the name knows better."""

_KNOWN = "Markdown (.md), HTML (.html), PDF (.pdf), Word (.docx) or text (.txt)"
_NOT_DOCUMENTS = frozenset({"node_modules", "__pycache__"})
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
_HEAD = 4_096
"""Bytes in which a page says its encoding; browsers look at 1,024."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was found where somebody pointed to: documents, and a sentence for each that cannot be read."""

    documents: tuple[Document, ...]
    unread: tuple[str, ...] = ()


async def read(source: str, *, allow_private: bool = False) -> Read:
    """Read what somebody pointed to.

    Args:
        source: a path or an address.
        allow_private: see ``fetching.fetch``.

    Raises:
        SupportBotError: it cannot be read, or nothing in it can.
    """
    if is_address(source):
        page = await fetch(source, allow_private=allow_private)
        return Read((await asyncio.to_thread(_of_page, page),))
    return await asyncio.to_thread(_of_path, Path(source))


def _of_path(path: Path) -> Read:
    if not path.is_dir():
        return Read((_of_file(path),))
    documents: list[Document] = []
    unread: list[str] = []
    for file in _files(path):
        try:
            documents.append(_of_file(file))
        except SupportBotError as error:
            unread.append(str(error))
    if not documents:
        raise DocumentError(unread[0] if unread else f"'{path}' contains no documents: add {_KNOWN} files.")
    return Read(tuple(documents), tuple(unread))


def _files(folder: Path) -> Iterator[Path]:
    """Yield the documents of a folder and of its subfolders, without hidden files; links are not followed."""
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _NOT_DOCUMENTS)
        yield from (Path(here, name) for name in sorted(names) if not name.startswith(".") and _kind_of(name))


def _kind_of(name: str) -> str:
    return _ENDINGS.get(PurePosixPath(name.lower().removesuffix(".gz")).suffix, "")


def _of_file(path: Path) -> Document:
    if not path.exists():
        raise DocumentError(f"'{path}' cannot be read: there is no such file or folder.")
    kind = _kind_of(path.name)
    if not kind:
        raise DocumentError(f"'{path}' has an unknown format: use {_KNOWN}.")
    file = File.at(path, [*_ENDINGS])
    title = _spoken(path.name.split(".")[0])
    if kind in _BINARIES:
        with troubles(path), file.open_seekable() as stream:
            return _checked(Document(path.name, kind, _BINARIES[kind](stream, str(path)), title), str(path))
    with troubles(path), file.open_text(file.encoding()) as content:
        text = content.read()
    return _checked(_of_text(path.name, kind, text, title), str(path))


def _of_page(page: Page) -> Document:
    name = PurePosixPath(unquote(urlsplit(page.final).path)).name
    kind = _CONTENT_TYPES.get(page.kind, "")
    if not kind and page.kind in _UNSURE:
        kind = _kind_of(name) or ("text" if page.kind == "text/plain" else "")
    if not kind:
        raise DocumentError(f"'{page.address}' has an unknown format: use {_KNOWN}.")
    title = _spoken(name.split(".")[0])
    if kind in _BINARIES:
        sections = _BINARIES[kind](BytesIO(page.content), page.address)
        return _checked(Document(page.address, kind, sections, title), page.address)
    return _checked(_of_text(page.address, kind, _decoded(page), title, page.final), page.address)


def _of_text(name: str, kind: str, text: str, title: str, address: str = "") -> Document:
    if kind == "HTML":
        return Document(name, kind, pages.sections(text, address), pages.title(text) or title)
    return Document(name, kind, _TEXTS[kind](text), title)


def _checked(document: Document, shown: str) -> Document:
    if not any(section.body for section in document.sections):
        raise DocumentError(f"'{shown}' has no text to learn from: check whether it is the right one.")
    return document


def _decoded(page: Page) -> str:
    """Return the text of a page; what no encoding explains is replaced, as browsers do."""
    said = _CHARSET.search(page.content[:_HEAD])
    for charset in (page.charset, said[1].decode("ascii") if said else "", "utf-8-sig"):
        try:
            if charset:
                return page.content.decode("utf-8-sig" if charset.lower() in {"utf-8", "utf8"} else charset)
        except (LookupError, UnicodeError):
            continue
    return page.content.decode("windows-1252", "replace")


def _spoken(stem: str) -> str:
    """Return the name of a file as it would be said."""
    words = re.sub(r"[-_\s]+", " ", stem).strip()
    return words[:1].upper() + words[1:]
