"""The Markdown that answers are written in: CommonMark with tables and strikes; in it nothing vanishes.

Definitions of references, entities and HTML are text. Two rules of ours keep what support answers are full of:
names of files, with their backslashes, and addresses in running text, with their underscores.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, escape

_SCHEME_BEFORE = re.compile(r"(?<![\w/])https?$")
_REST_OF_ADDRESS = re.compile(r"://[^\s<>\[\]\"`|]+")
_AFTER_ADDRESS = ".,:;!?'*_~"


class _Parser(MarkdownIt):
    def normalizeLink(self, url: str) -> str:  # the library's name
        return url  # an address is shown as it was typed, not in percent signs


def build_parser(deepest: int) -> MarkdownIt:
    """Return a parser that drops what lies deeper than so many levels of quotes and lists."""
    parser = _Parser("js-default", {"maxNesting": deepest}).disable(["reference", "entity"])
    parser.inline.ruler.at("escape", _read_escape)
    parser.inline.ruler.before("escape", "address", _read_address)
    return parser


def _read_escape(state: StateInline, silent: bool) -> bool:
    """Read a backslash: it takes the meaning from a sign, but stays in names of files such as C:\\me\\.ssh."""
    before, after = state.src[max(0, state.pos - 1) : state.pos], state.src[state.pos + 1 : state.pos + 2]
    if state.src[state.pos] == "\\" and (after == "\\" or (after == "." and not before.isdigit())):
        if not silent:
            state.pending += "\\" + after
        state.pos += 2
        return True
    return escape(state, silent)


def _read_address(state: StateInline, silent: bool) -> bool:
    """Read an address in running text, whose underscores mean nothing."""
    scheme = _SCHEME_BEFORE.search(state.src[max(0, state.pos - 6) : state.pos])
    found = _REST_OF_ADDRESS.match(state.src, state.pos)
    if scheme is None or found is None or state.linkLevel:
        return False
    rest = found.group().rstrip(_AFTER_ADDRESS)
    while rest.endswith(")") and rest.count(")") > rest.count("("):
        rest = rest[:-1].rstrip(_AFTER_ADDRESS)
    if not silent:
        state.pending = state.pending.removesuffix(scheme.group())
        token = state.push("link_open", "a", 1)
        token.attrSet("href", scheme.group() + rest)
        state.push("text", "", 0).content = scheme.group() + rest
        state.push("link_close", "a", -1)
    state.pos += len(rest)
    return True
