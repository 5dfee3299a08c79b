"""Who somebody is on a platform: ids and mentions of Slack and Discord, and handles of networks.

A bare handle may be a shop's, a group or a word of a program. So it is hidden only where it looks like a person's
name whose plain form was taken, or where a network is named beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.redact._finds import Find, Kind, cue, said_after, said_before
from supportbot.redact._hinted import Hinted
from supportbot.redact._stopwords import NO_NAMES
from supportbot.redact._view import View
from supportbot.redact._words import hinted, listed, said

_USER_BEGINS = re.compile(r"<[@!]|[1-9]\d{7}|[UW][0-9]", re.ASCII)
_USER = re.compile(
    r"<@[!&]?[A-Z0-9]{1,24}(?:\|[^<>\n]{0,80})?>"  # a mention, on Slack and on Discord
    r"|<!subteam\^[A-Z0-9]{1,24}(?:\|[^<>\n]{0,80})?>"
    r"|(?<![\w.#-])[1-9]\d{16,19}(?![\w-]|\.\d)"  # Discord; <#...> is a channel
    r"|(?<![\w\\])[UW](?:0[A-Z0-9]{7,9}|\d{8,10})\b",  # Slack's of today
    re.ASCII,
)
_OLDER_USER = re.compile(r"\b[UW][A-Z0-9]{5,11}\b", re.ASCII)
"""Slack's older ids look like the names of devices (U32J590UQN), so it takes a word that says what they are."""
_USER_CUE = cue(r"(?:user|member|slack)[ _-]?id")
_USER_WORDS = frozenset(("user", "membe", "slack"))

_HANDLE = Hinted(re.compile(r"(?<![\w@./<`])@[^\W\d_][\w.]{1,30}(?![\w@/(`]|-\w)"), signs="@")
_PERSONAL = re.compile(r"@\w+[._]\w+|@[^\W\d]+\d+")
"""A handle of two words or with a number."""

_NETWORK = cue(said("network"))
_NETWORK_AFTER = re.compile(rf"\W{{1,3}}(?:(?:on|at|bei|auf|sur|en|na|no)\W{{1,2}})?(?:{said('network')})\b")

_PROFILE = Hinted(
    re.compile(
        r"\b(?:x|twitter|instagram|facebook|fb|linkedin|tiktok|t|snapchat|github|pinterest|threads|bsky|vk"
        r"|reddit|paypal)"
        r"\.(?:com|me|net|app)/(?:in/|u/|user/|add/|profile/|@)?"
        r"(?!(?:share|intent|watch|explore|groups|pages|hashtag|search|login|help|support"
        r"|home|company|reel|p)\b)"
        r"(?P<name>[\w.-]{3,40})(?![\w/])",
        re.IGNORECASE,
    ),
    signs=(".com/", ".me/", ".net/", ".app/"),
)
_NAMED = Hinted(
    re.compile(
        rf"\b(?P<what>{said('network')})\b"
        r"(?P<by>(?: name| id)? ?[:=] ?| (?:name |id )?(?:is |ist |est |es |jest |lautet )?)"
        r"(?:live:)?(?P<name>[a-z0-9][\w.-]{2,30}(?<![.-])(?:\#\d{4})?)(?!\w|@|:/|\(|/|=)"
    ),
    *hinted("network"),
    folded=True,
)
_MARKED = re.compile(r"#\d{4}|[a-z][._]?\d|[a-z][._][a-z]|\d[a-z]")
_VAGUE = frozenset(listed("login user nick utilisateur usuario utilizador benutzer"))
_SURE = frozenset(listed("username benutzername nutzername anmeldename gamertag loginname"))
_ALONE = re.compile(
    r"[.!]?\s{0,3}(?:$|[\n/;|]"
    r"|,? ?(?:and |und |et |y |i |e )?(?:my |mein )?(?:pw|pass|kennwort|mdp|senha|haslo|contra))"
)
"""What follows a name that stands for itself: nothing, or the password."""
_NO_NAMES = frozenset(
    listed(
        "not no none the wrong locked blocked invalid unknown banned gone required failed broken here still always"
        " error fails page das der die kein nicht falsch gesperrt pas le la bloque non el nie jest o a nao"
    )
)


def find(view: View) -> Iterator[Find]:
    """Yield the platform ids and the handles of a text."""
    if _USER_BEGINS.search(view.text):
        for match in _USER.finditer(view.text):
            yield Find(match.start(), match.end(), Kind.USER)
    if not _USER_WORDS.isdisjoint(view.starts):
        for match in _OLDER_USER.finditer(view.text):
            if said_before(_USER_CUE, view, match.start()):
                yield Find(match.start(), match.end(), Kind.USER)
    for match in _HANDLE.finditer(view):
        end = match.start() + len(match.group().rstrip("."))
        if (
            _PERSONAL.match(match.group())
            or said_before(_NETWORK, view, match.start())
            or said_after(_NETWORK_AFTER, view, end)
        ):
            yield Find(match.start(), end, Kind.USER)
    for match in _PROFILE.finditer(view):
        yield Find(match.start("name"), match.end("name"), Kind.USER)
    for match in _NAMED.finditer(view):
        by = match["by"].strip()
        assigned = by.endswith((":", "="))
        alone = _ALONE.match(view.folded, match.end()) is not None and match["name"] not in NO_NAMES
        # "Login: First, sign in": behind most words a plain word is a name only where it stands for itself.
        sure = (assigned and (match["what"] not in _VAGUE or alone)) or (by and match["what"] in _SURE and alone)
        if (sure and match["name"] not in _NO_NAMES) or _MARKED.search(match["name"]):
            yield Find(match.start("name"), match.end("name"), Kind.USER)
