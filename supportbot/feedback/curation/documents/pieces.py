"""A long passage divided: between paragraphs only, never inside a list, a table or code.

A list stays with the lines directly above it, and a paragraph that ends with a colon with what it announces. What
cannot be divided so stays long.
"""

from __future__ import annotations

MOST = 1_500
"""Characters of a piece; a page of them is the most that is read in a chat."""

_LEAST = 200
"""Of the last piece; less is the end of the one before."""


def pieces(body: str) -> list[str]:
    """Return a passage in pieces of at most about ``MOST`` characters where it can be divided."""
    if len(body) <= MOST:
        return [body]
    found: list[str] = []
    for block in _with_what_they_announce(_blocks(body)):
        if found and len(found[-1]) + len(block) < MOST:
            found[-1] = f"{found[-1]}\n\n{block}"
        else:
            found.append(block)
    if len(found) > 1 and len(found[-1]) < _LEAST:
        last = found.pop()
        found[-1] = f"{found[-1]}\n\n{last}"
    return found


def _with_what_they_announce(blocks: list[str]) -> list[str]:
    joined: list[str] = []
    for block in blocks:
        if joined and joined[-1].endswith(":"):
            joined[-1] = f"{joined[-1]}\n\n{block}"
        else:
            joined.append(block)
    return joined


def _blocks(body: str) -> list[str]:
    """Return what stands between empty lines; inside a list, a table or code there are none to divide at."""
    from markdown_it import MarkdownIt  # wanted for long passages only

    lines = body.split("\n")
    starts = {
        token.map[0]
        for token in MarkdownIt().enable("table").parse(body)
        if token.level == 0
        and token.map is not None
        and (token.map[0] == 0 or not lines[token.map[0] - 1].strip())
    }
    ordered = sorted(starts | {0})
    ends = [*ordered[1:], len(lines)]
    blocks = ["\n".join(lines[begin:end]).strip("\n").rstrip() for begin, end in zip(ordered, ends, strict=True)]
    return [block for block in blocks if block]
