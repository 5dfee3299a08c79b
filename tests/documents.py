"""The documents, and the blocks of commands in them.

The line above each block says whether a test runs it: ``<!-- run -->``, or ``<!-- not run: why -->``.
``tests/e2e/test_documents.py`` runs the first kind; ``tests/test_docs.py`` has the parsers take both.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]

_BLOCK = re.compile(r"^ *```(?:console|sh|bash)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"<!-- (run|not run: [^>]+) -->\n\Z")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of commands.

    Attributes:
        line: where it begins.
        mark: what is said above it, ``run`` or ``not run: …``; nothing if it has no mark.
        commands: the words of each, without prompts, comments and what they print.
    """

    line: int
    mark: str
    commands: list[list[str]]

    @property
    def is_run(self) -> bool:
        """Whether a test runs it."""
        return self.mark == "run"


def read_blocks(document: Path) -> list[Block]:
    """Return the blocks of commands of a document, in their order."""
    text = document.read_text("utf-8")
    blocks = []
    for found in _BLOCK.finditer(text):
        before = text[: found.start()]
        mark = _MARK.search(before)
        blocks.append(Block(before.count("\n") + 1, mark[1] if mark else "", list(_commands(found[1]))))
    return blocks


def without_blocks(text: str) -> str:
    """Return a text without its blocks of commands."""
    return _BLOCK.sub("", text)


def _commands(block: str) -> Iterator[list[str]]:
    lines = block.replace("\\\n", " ").splitlines()
    has_prompts = any(line.startswith("$ ") for line in lines)
    for line in lines:
        if line.startswith("$ ") or not has_prompts:
            yield from _split(line.removeprefix("$ "))


def _split(line: str) -> Iterator[list[str]]:
    """Yield the commands of a line, continued by ``&&``, without comments."""
    words: list[str] = []
    for word in [*shlex.split(line, comments=True), "&&"]:
        if word != "&&":
            words.append(word)
        elif words:
            yield words
            words = []
