"""A long text in pieces whose Markdown can be read one by one, as if they were read together.

It is divided where a paragraph begins at the margin after an empty line, and never within a block of code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_FENCE = re.compile(r"[ \t]*(?P<marker>`{3,}|~{3,})(?P<rest>.*)")


def pieces(text: str, limit: int) -> Iterator[str]:
    """Yield a text in as few pieces as hold it; one is longer than ``limit`` where it can't be divided."""
    current = ""
    for section in _sections(text):
        if current and len(current) + len(section) > limit:
            yield current
            current = ""
        current += section
    if current:
        yield current


def _sections(text: str) -> Iterator[str]:
    """Yield the smallest pieces."""
    section: list[str] = []
    fence = ""
    is_after_blank = False
    for line in text.splitlines(keepends=True):
        if is_after_blank and not line[0].isspace():
            yield "".join(section)
            section = []
        if found := _FENCE.match(line):
            if not fence:
                fence = found["marker"]
            elif found["marker"].startswith(fence) and not found["rest"].strip():
                fence = ""
        is_after_blank = not fence and not line.strip()
        section.append(line)
    yield "".join(section)
