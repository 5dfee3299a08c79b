"""Tokens and keys, by what they look like.

The shapes of known vendors' tokens are detect-secrets' (its plugins only: nothing is verified over the
network). It is made for source code, so the rest of a token of which it reports the beginning, and the body of
a private key, are our own. So is the rule for all vendors that are not known: a short prefix, and behind it
characters in an order in which no word, date or article number has them.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from supportbot.redact._detectors import entropy, plugins
from supportbot.redact._finds import Find, Kind, cue, said_after, said_before
from supportbot.redact._hinted import Hinted
from supportbot.redact._view import View
from supportbot.redact._words import listed, said

_RUN = re.compile(r"[\x21-\x7e]{16,2048}")
"""Where a token may stand: no white space, and short enough for the plugins that take quadratic time."""

_MIXED = re.compile(r"[0-9]|[A-Z].*[A-Z]")
"""What every token has, and few words."""

_TOKEN_REST = re.compile(r"[\w.+/=~-]*", re.ASCII)
_TOKEN_CHARACTERS = string.ascii_letters + string.digits + "_-"

_OWN_SHAPES = Hinted(
    re.compile(
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r"(?s:.*?)(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)"
        r"|\bxapp-[\w-]{8,}"  # Slack, one app's connections
        r"|\bxox[a-z](?:\.xox[a-z])?-[\w-]{8,}"  # Slack, the newer kinds
        r"|\bgithub_pat_\w{20,}"
        r"|(?<![\w-])sk-[\w-]{20,}"  # OpenAI, Anthropic and those that imitate them
        r"|\bAIza[\w-]{30,}"  # Google
        r"|\bnpm_\w{36,}"
        r"|\bhf_\w{30,}"  # Hugging Face
        r"|(?<=/webhooks/)\d{17,20}/[\w-]{20,}",  # Discord
        re.ASCII,
    ),
    signs=listed("-----begin xapp- xox github_pat_ sk- aiza npm_ hf_ /webhooks/"),
)

_IN_QUERY = Hinted(
    re.compile(
        r"[?&#;][\w.-]{0,40}(?:key|token|secret|sig|signature|auth|session|sessionid|sid"
        r"|password|passwd|pwd"
        r"|hash|jwt)="
        r"(?P<value>[\w.~+/%=-]{6,512})",
        re.I | re.ASCII,
    ),
    signs="=",
)

_HEX = re.compile(r"(?<![\w/-])(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{32,128}(?![\w-])", re.IGNORECASE | re.ASCII)
_RANDOM = re.compile(r"(?<![\w/+=.-])[\w+/=-]{24,1024}(?![\w/+=.-])", re.ASCII)
_PREFIXED = re.compile(
    r"(?<![\w./-])[A-Za-z][A-Za-z0-9]{0,11}(?:[_-][A-Za-z0-9]{1,10}){0,3}[._-](?P<body>[A-Za-z0-9_-]{16,512})",
    re.ASCII,
)
_LONG = re.compile(r"(?<![\w./-])[A-Za-z0-9]{24,512}(?![\w/-])", re.ASCII)
_GROUPS = re.compile(r"(?<![\w-])(?:[A-Z0-9]{4,8}-){3,7}[A-Z0-9]{4,8}(?![\w-])", re.ASCII)
"""Four groups and more of capitals and digits, as licences are printed."""
_UUID = re.compile(
    r"(?<![\w/-])(?P<prefix>(?:[A-Za-z][A-Za-z0-9]{1,11}[_-]){0,3})"
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![\w-])",
    re.IGNORECASE | re.ASCII,
)

_KEY = cue(f"{said('key')}|{said('password')}|key|licen[cs]e|lizenz|licence|licencia|licencja|licenca")
_KEY_AFTER = re.compile(rf"\W{{1,3}}(?:\w{{1,6}}\W){{0,3}}(?:{said('key')})\b")
_ORDER = cue(said("order") + "|order id|file|commit|session", or_sign="#")
_ORDER_PREFIX = re.compile(
    r"(?:ord|order|inv|invoice|ticket|case|ref|rma|sku|item|prod|product|img|image|photo|file|video|doc"
    r"|screenshot|build"
    r"|commit|release|article|art|req|request|parcel|ship|shipment|tracking|track|pkg"
    r"|bestell\w*|rechnung|artikel"
    r"|commande|facture|pedido|factura|fatura|zamowienie|faktura|encomenda|cus|evt|event|page"
    r"|msg)(?:[_-]?id)?[_.-]",
    re.IGNORECASE,
)
"""Numbers of orders and files have prefixes, too."""


def find(view: View) -> Iterator[Find]:
    """Yield the tokens and keys of a text."""
    text = view.text
    for match in _OWN_SHAPES.finditer(view):
        yield _whole(text, *match.span())
    for match in _IN_QUERY.finditer(view):
        yield Find(match.start("value"), match.end("value"), Kind.SECRET)
    for run in _RUN.finditer(text):
        if not _MIXED.search(run.group()):
            continue
        yield from _unknown(view, *run.span())
        yield from _known(view, run.group(), run.start())


def _unknown(view: View, start: int, end: int) -> Iterator[Find]:
    """Yield the keys of a run without white space that are known by their order of characters."""
    text = view.text
    for match in _HEX.finditer(text, start, end):
        if not said_before(_ORDER, view, match.start()):
            yield _whole(text, *match.span())
    for match in _PREFIXED.finditer(text, start, end):
        if _is_jumble(match["body"]) and not (
            _ORDER_PREFIX.match(match.group()) or said_before(_ORDER, view, match.start())
        ):
            yield _whole(text, *match.span())
    for pattern, sure in ((_LONG, _is_jumble), (_GROUPS, _is_licence)):
        for match in pattern.finditer(text, start, end):
            if sure(match.group()) and not said_before(_ORDER, view, match.start()):
                yield Find(match.start(), match.end(), Kind.SECRET)
    for match in _UUID.finditer(text, start, end):
        said_key = said_before(_KEY, view, match.start()) or said_after(_KEY_AFTER, view, match.end())
        if said_key or (match["prefix"] and not _ORDER_PREFIX.match(match.group())):
            yield Find(match.start(), match.end(), Kind.SECRET)


def _known(view: View, run: str, offset: int) -> Iterator[Find]:
    """Yield the vendors' tokens and the random strings of a run without white space."""
    for plugin in plugins():
        for reported in plugin.analyze_string(run):
            start = run.find(reported)
            end = start + len(reported)
            first = len(run[:start].rstrip(_TOKEN_CHARACTERS))
            yield _whole(view.text, offset + first, offset + end)
    if "://" not in run:
        for match in _RANDOM.finditer(run):
            if _is_random(match.group()):
                yield Find(offset + match.start(), offset + match.end(), Kind.SECRET)


def _whole(text: str, start: int, end: int) -> Find:
    """Return a find with the rest of its token: the plugins for Discord and JWT end early, and so does a run."""
    rest = _TOKEN_REST.match(text, end)
    return Find(start, end + len(rest.group().rstrip(".")) if rest else end, Kind.SECRET)


def _is_random(run: str) -> bool:
    """Tell a random token from a long word or the name of a file, by detect-secrets' entropy and its limit."""
    several = 3
    if any(sum(map(kind, run)) < several for kind in (str.isdigit, str.isupper, str.islower)):
        return False
    measure = entropy()
    return measure.calculate_shannon_entropy(run) > measure.entropy_limit


_TURN = re.compile(r"[a-zA-Z](?=\d)|\d(?=[a-zA-Z])", re.ASCII)
_CHANGE = re.compile(r"[a-z](?=[A-Z0-9])|[A-Z](?=[a-z0-9])|\d(?=[a-zA-Z])", re.ASCII)
_PIECE = re.compile(r"[A-Za-z0-9]+")
_SHORTEST = 16
_FEWEST_TURNS = 3  # a time stamp has two or three (20261122T101530Z)
_CHANGES_PER = 4
"""Random characters change between small, capital and digit every second time, words and dates far more seldom."""


def _is_jumble(body: str) -> bool:
    """Tell whether one unbroken piece has letters and digits in no order."""
    return any(
        len(piece) >= _SHORTEST
        and len(_TURN.findall(piece)) >= _FEWEST_TURNS
        and len(_CHANGE.findall(piece)) * _CHANGES_PER >= len(piece)
        for piece in _PIECE.findall(body)
    )


def _is_licence(groups: str) -> bool:
    """Tell whether most groups have letters and digits."""
    parts = groups.split("-")
    mixed = sum(not part.isdigit() and not part.isalpha() for part in parts)
    return mixed * 2 > len(parts)
