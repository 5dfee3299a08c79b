"""E-mail addresses: by shape, also where signs are spelled out, bracketed or set apart with blanks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.redact._finds import Find, Kind
from supportbot.redact._hinted import Hinted
from supportbot.redact._view import View
from supportbot.redact._words import listed

# Every repetition is bounded, as the standards bound them, so that the time grows with the length only.
_EMAIL = Hinted(
    re.compile(
        r"(?:[\w.!#$%&*+/=?^{}~-][\w.!#$%&'*+/=?^{}~-]{0,62})?[\w+-]@(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,62}"
    ),
    signs="@",
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
_LOCAL = re.compile(rf"(?<![\w.@])[\w+-]{{1,40}}(?:(?:\.|{_DOT_SAID}|{_DOT_BRACKETED})[\w+-]{{1,40}}){{0,4}}$")
_LONGEST_LOCAL = 100
_ANY_DOT = rf"(?:\.|{_DOT_BRACKETED}|{_DOT_SAID})"

_BRACKETED = Hinted(
    re.compile(
        # "anna (at) example.com", with any dots
        rf"{_AT_BRACKETED}[\w-]{{1,63}}(?:{_ANY_DOT}[\w-]{{1,63}}){{0,4}}{_ANY_DOT}[^\W\d_]{{2,20}}"
    ),
    signs=[bracket + blank + at for bracket in "[({<" for blank in ("", " ", "  ") for at in "a@m"],
    folded=True,
)
_SPELLED = Hinted(
    re.compile(
        # "anna at example dot com": a spelled dot is what tells it from "look at example.com"
        "|".join(
            rf"[ _]{{1,2}}{at}[ _]{{1,2}}(?!(?:the|a|any|this|that|one)\b)[\w-]{{1,63}}"
            rf"(?:(?:\.|[ _]{{1,2}}{dot}[ _]{{1,2}})[\w-]{{1,63}}){{0,3}}"
            rf"[ _]{{1,2}}{dot}[ _]{{1,2}}[^\W\d_]{{2,20}}(?!\w)"
            for at, dot in _SPELLED_SIGNS
        )
    ),
    *listed("dot punkt point punto ponto kropka"),
    folded=True,
)

_HOSTS = listed(
    "gmail googlemail hotmail outlook live yahoo ymail icloud me aol gmx web t-online freenet posteo mailbox"
    " proton"
    " protonmail orange free laposte sfr wanadoo wp o2 onet interia op uol bol terra sapo mail zoho yandex msn"
)
"""Where most people have their mail."""
_AT_HOST = Hinted(
    # "anna at gmail.com": of a host that is known for mail
    re.compile(rf"(?: at |[_-]at[_-])(?:{'|'.join(_HOSTS)})\.{_TOP}(?!\w)"),
    "at",
    folded=True,
)
_AT_WORD = Hinted(
    # "anna arroba gmail.com": a word that people use only for the sign
    re.compile(r"[ _]{1,2}(?:arroba|arobase|malpa)[ _]{1,2}[\w-]{1,63}(?:\.[\w-]{1,63}){1,3}"),
    *listed("arobase arroba malpa"),
    folded=True,
)
_SAID = Hinted(
    # "my mail anna at example.com": behind a word that says it is an address
    re.compile(r"(?<=mail )[\w+.-]{1,40} at (?:[\w-]{1,63}\.){1,3}[a-z]{2,20}(?!\w)"),
    *listed("mail email"),
    folded=True,
)
_NO_DOT = Hinted(
    re.compile(
        r"(?:mail|correo|courriel|adress\w?)\b[ :]{1,3}(?:is |ist |est |es |to |e |me |at |a )?"
        r"(?P<before>[\w.+-]{2,40}@[a-z][\w-]{1,40})(?![\w.@])"
        r"|(?<![\w.@])(?P<after>[\w.+-]{2,40}@[a-z][\w-]{1,40}) (?:is|ist|est|es|to|e) (?:my|meine?|mon"
        r"|mi|moj|o meu)\b"
    ),
    signs="@",
    folded=True,
)
_APART = Hinted(
    re.compile(
        # "anna @ example.com" and "anna@ example.com", but not the handle in "follow @example.com"
        r"(?<![\w.@])[\w.+-]{1,63}(?: {0,2}@ {1,2}|@)(?:[\w-]{1,63}(?: {0,2}\. {0,2}|,)){1,3}"
        rf"(?:{_TOP})(?!\w)"
    ),
    signs="@",
    folded=True,
)


def find(view: View) -> Iterator[Find]:
    """Yield the e-mail addresses of a text."""
    for match in _NO_DOT.finditer(view):
        yield Find(*match.span("before" if match["before"] else "after"), Kind.EMAIL)
    for pattern in (_EMAIL, _SAID, _APART):
        for match in pattern.finditer(view):
            yield Find(match.start(), match.end(), Kind.EMAIL)
    for pattern in (_BRACKETED, _SPELLED, _AT_HOST, _AT_WORD):
        for match in pattern.finditer(view):
            first = max(0, match.start() - _LONGEST_LOCAL)
            if local := _LOCAL.search(view.folded[first : match.start()]):
                yield Find(first + local.start(), match.end(), Kind.EMAIL)
