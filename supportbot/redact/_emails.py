"""E-mail addresses: by shape, also where signs are spelled out, bracketed or set apart with blanks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.redact._finds import Find, Hinted, Kind
from supportbot.redact._view import View

# Every repetition is bounded, as the standards bound them, so that the time grows with the length only.
_EMAIL = Hinted(
    re.compile(
        r"(?:[\w.!#$%&*+/=?^{}~-][\w.!#$%&'*+/=?^{}~-]{0,62})?[\w+-]@(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,62}"
    ),
    "@",
)

_SPELLED_SIGNS = (
    ("at", "dot"),
    ("at", "punkt"),  # folded: "ät"
    ("arobase", "point"),
    ("arroba", "punto"),
    ("arroba", "ponto"),
    ("malpa", "kropka"),
)
"""How "@" and "." are said, the two of one language together: "if at any point you" is no address."""

_DOT_WORDS = r"(?:dot|punkt|point|punto|kropka|ponto)"
_TOP = r"(?:com|net|org|info|biz|eu|io|me|co|uk|us|de|at|ch|fr|be|es|mx|ar|pl|pt|br|it|nl|example|test|invalid)"
"""Common ends of a domain, by which "anna@firma . de" is told from the end of a sentence."""

_AT_BRACKETED = r" {0,2}[\[({<] {0,2}(?:at|a|@|arobase|arroba|malpa) {0,2}[\])}>] {0,2}"
_DOT_BRACKETED = rf" {{0,2}}[\[({{<] {{0,2}}(?:{_DOT_WORDS}|\.) {{0,2}}[\])}}>] {{0,2}}"
_DOT_SAID = rf" {{1,2}}{_DOT_WORDS} {{1,2}}"
_LOCAL = rf"(?<![\w.@])[\w+-]{{1,40}}(?:(?:\.|{_DOT_SAID}|{_DOT_BRACKETED})[\w+-]{{1,40}}){{0,4}}"
_ANY_DOT = rf"(?:\.|{_DOT_BRACKETED}|{_DOT_SAID})"

_SPELLED = Hinted(
    re.compile(
        # "anna (at) example.com", with any dots
        rf"{_LOCAL}{_AT_BRACKETED}[\w-]{{1,63}}(?:{_ANY_DOT}[\w-]{{1,63}}){{0,4}}{_ANY_DOT}[^\W\d_]{{2,20}}"
        # "anna at example dot com": a spelled dot is what tells it from "look at example.com"
        + "".join(
            rf"|{_LOCAL}[ _]{{1,2}}{at}[ _]{{1,2}}(?!(?:the|a|any|this|that|one)\b)[\w-]{{1,63}}"
            rf"(?:(?:\."
            rf"|[ _]{{1,2}}{dot}[ _]{{1,2}})[\w-]{{1,63}}){{0,3}}[ _]{{1,2}}{dot}[ _]{{1,2}}[^\W\d_]{{2,20}}(?!\w)"
            for at, dot in _SPELLED_SIGNS
        )
    ),
    " at ",
    "_at_",
    "at)",
    "at]",
    "at}",
    "at>",
    "arobase",
    "arroba",
    "malpa",
    "(@",
    "[@",
    "(a)",
    "[a]",
    "{@",
    folded=True,
)
_APART = Hinted(
    re.compile(
        # "anna @ example.com" and "anna@ example.com", but not the handle in "follow @example.com"
        r"(?<![\w.@])[\w.+-]{1,63}(?: {0,2}@ {1,2}|@)(?:[\w-]{1,63} {0,2}\. {0,2}){1,3}(?<![,;])"
        rf"(?:{_TOP})(?!\w)"
    ),
    "@",
    folded=True,
)


def find(view: View) -> Iterator[Find]:
    """Yield the e-mail addresses of a text."""
    for pattern in (_EMAIL, _SPELLED, _APART):
        for match in pattern.finditer(view):
            yield Find(match.start(), match.end(), Kind.EMAIL)
