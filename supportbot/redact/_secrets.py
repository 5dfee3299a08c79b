"""Tokens, keys and passwords.

The shapes of vendors' tokens are detect-secrets' (its plugins only: nothing is verified over the network). It is
made for source code, so three things are our own: the rest of a token of which it reports the beginning, the body
of a private key, and what people say in a sentence ("my password is ...").
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from supportbot.redact._finds import PLACEHOLDER, Find, Hinted, Kind

if TYPE_CHECKING:
    from detect_secrets.plugins.base import RegexBasedDetector
    from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString

_RUN = re.compile(r"[\x21-\x7e]{16,2048}")
"""Where a token may stand: no white space, and short enough for the plugins that take quadratic time."""

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
    "-----begin",
    "xapp-",
    "xox",
    "github_pat_",
    "sk-",
    "aiza",
    "npm_",
    "hf_",
    "/webhooks/",
)

_CREDENTIALS = Hinted(re.compile(r"(?<=://)[^\s/:@\[]{1,64}:[^\s/@\[]{1,128}@[\w.-]{1,253}"), "://")
"""Name and password in an address, with the host, which would look like the end of an e-mail address."""
_HEX = re.compile(r"(?<![\w/-])(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{32,128}(?![\w-])", re.IGNORECASE | re.ASCII)
_RANDOM = re.compile(r"(?<![\w/+=.-])[\w+/=-]{24,1024}(?![\w/+=.-])", re.ASCII)

_VALUE = rf"(?:\"[^\"\n]{{1,200}}\"|'[^'\n]{{1,200}}'|(?:(?!{PLACEHOLDER.pattern})[^\s\"']){{1,200}})"
_WORDS = (
    r"\b(?:pass(?:word|wort|code|phrase|wd|(?=\s{0,3}[:=]))|pwd|pw"
    r"|(?:api|access|secret|private|account|licen[cs]e)[ _-]?key"
    r"|\w{0,30}_(?:key|token|secret|password)|(?:(?:access|auth|api|refresh|bot)[ _-]?)?token|(?:client )?secret)"
)
_SAID = Hinted(
    re.compile(
        rf"(?P<what>{_WORDS})(?:\s{{1,3}}(?:for|of|on|to|at|in)(?:\s{{1,3}}[\w.'-]{{1,30}}){{1,4}}?)?"
        rf"(?P<by>\s{{0,3}}[:=]{{1,3}}\s{{0,3}}"
        r"|(?:\s{1,3}(?:is|was)|['’]s)\s{0,3}:?\s{1,3}(?:set to |still |now )?)"
        rf"(?P<value>{_VALUE})",
        re.IGNORECASE,
    ),
    "pass",
    "pwd",
    "pw",
    "key",
    "token",
    "secret",
)
_SAID_NEXT = Hinted(
    re.compile(
        rf"{_WORDS}\s{{1,3}}(?P<value>(?=[a-z]{{0,40}}\d)(?=\d{{0,40}}[a-z])[^\W_]{{6,60}})(?!\w)",
        re.IGNORECASE,
    ),
    "pass",
    "pwd",
    "pw",
    "key",
    "token",
    "secret",
)
"""Letters and digits right after the word ("password hunter2 is refused")."""

_SAID_DIGITS = Hinted(
    re.compile(
        r"\b(?:pin(?: code| number)?|cvv2?|cvc2?|otp|(?:verification|security|log-?in|one-time|2fa) code)"
        r"(?:\s{1,3}(?:for|of|on|to)(?:\s{1,3}\w{1,30}){1,4}?)?\s{0,3}(?:[:=]|\bis\b|\bwas\b)?\s{0,3}"
        r"(?P<value>\d{3,8})(?!\w|[.,-]\d)",
        re.IGNORECASE,
    ),
    "pin",
    "cv",
    "otp",
    "code",
)
_BEARER = Hinted(re.compile(r"\bbearer\s{1,3}(?P<value>[\w.~+/=-]{16,})", re.IGNORECASE | re.ASCII), "bearer")

_UNIT = re.compile(
    r"\s{1,3}(?:characters?|digits?|letters?|symbols?|numbers?|days?|hours?|minutes?|times?|signs?)\b", re.I
)
_LINE_END = re.compile(r"[ \t]{0,9}(?:[\r\n]|$)")
_SENTENCE_END = ".,;:!?)>\"'"
_NO_PASSWORDS = re.compile(
    "required|optional|incorrect|invalid|wrong|forgotten|reset|lost|expired|missing|unknown|none|yes|no|help|please"
    "|hidden|changed",
    re.IGNORECASE,
)
"""What may stand alone after "password:" without being it."""
_NO_SIGNS = "-/'’.,()[]{}"
"""Signs that words and program text have too ("case-sensitive", "config[...]")."""
_SHORTEST = 4
_NO_SENTENCE = 16
"""Letters in one piece that are no word of a sentence any more."""


def find(text: str) -> Iterator[Find]:
    """Yield the secrets of a text."""
    for pattern in (_OWN_SHAPES, _HEX):
        yield from (_whole(text, *match.span()) for match in pattern.finditer(text))
    for pattern in (_SAID_NEXT, _SAID_DIGITS, _BEARER):
        for match in pattern.finditer(text):
            yield Find(match.start("value"), match.end("value"), Kind.SECRET)
    for match in _CREDENTIALS.finditer(text):
        yield Find(match.start(), match.end(), Kind.SECRET)
    yield from _said(text)
    for run in _RUN.finditer(text):
        yield from _tokens(text, run.group(), run.start())


def _said(text: str) -> Iterator[Find]:
    """Yield the values that a sentence or an assignment calls a password, a key or a token."""
    for match in _SAID.finditer(text):
        start, end = match.span("value")
        quoted = match["value"][0] in "\"'"
        value = match["value"] if quoted else match["value"].rstrip(_SENTENCE_END)
        assigned = match["by"].rstrip().endswith((":", "="))
        # A key or a token is never a word, but a password may be one.
        word = assigned and match["what"][:1] in "pP" and value and not _NO_PASSWORDS.fullmatch(value)
        alone = bool(word) and _LINE_END.match(text, end) is not None
        end = start + len(value)
        if (quoted or alone or _looks_secret(value)) and not _UNIT.match(text, end):
            yield Find(start, end, Kind.SECRET)


def _looks_secret(value: str) -> bool:
    """Tell a password from a word of the sentence ("my password is wrong")."""
    if len(value) < _SHORTEST or "://" in value:
        return False
    digit = any(character.isdigit() for character in value)
    mixed = any(one.islower() and two.isupper() for one, two in pairwise(value))
    sign = any(not character.isalnum() and character not in _NO_SIGNS for character in value)
    return digit or mixed or sign or (len(value) >= _NO_SENTENCE and "-" not in value)


def _tokens(text: str, run: str, offset: int) -> Iterator[Find]:
    """Yield the vendors' tokens and the random strings of a run without white space."""
    for plugin in _plugins():
        for reported in plugin.analyze_string(run):
            start = run.find(reported)
            end = start + len(reported)
            first = len(run[:start].rstrip(_TOKEN_CHARACTERS))
            yield _whole(text, offset + first, offset + end)
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
    entropy = _entropy()
    return entropy.calculate_shannon_entropy(run) > entropy.entropy_limit


@cache
def _plugins() -> tuple[RegexBasedDetector, ...]:
    """Load the plugins whose time is bounded and that take no word of a sentence for a token.

    Left out: Artifactory and Cloudant (capitals match), keywords (the rest of the line goes), npm and OpenAI
    (quadratic; their shapes are above), basic auth (as above), private keys (the first line only), public IPs.
    """
    from detect_secrets.plugins.aws import AWSKeyDetector
    from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
    from detect_secrets.plugins.discord import DiscordBotTokenDetector
    from detect_secrets.plugins.github_token import GitHubTokenDetector
    from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
    from detect_secrets.plugins.jwt import JwtTokenDetector
    from detect_secrets.plugins.mailchimp import MailchimpDetector
    from detect_secrets.plugins.pypi_token import PypiTokenDetector
    from detect_secrets.plugins.sendgrid import SendGridDetector
    from detect_secrets.plugins.slack import SlackDetector
    from detect_secrets.plugins.square_oauth import SquareOAuthDetector
    from detect_secrets.plugins.stripe import StripeDetector
    from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
    from detect_secrets.plugins.twilio import TwilioKeyDetector

    return (
        AWSKeyDetector(),
        AzureStorageKeyDetector(),
        DiscordBotTokenDetector(),
        GitHubTokenDetector(),
        GitLabTokenDetector(),
        JwtTokenDetector(),
        MailchimpDetector(),
        PypiTokenDetector(),
        SendGridDetector(),
        SlackDetector(),
        SquareOAuthDetector(),
        StripeDetector(),
        TelegramBotTokenDetector(),
        TwilioKeyDetector(),
    )


@cache
def _entropy() -> Base64HighEntropyString:
    from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString

    return Base64HighEntropyString()
