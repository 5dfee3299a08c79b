"""Whether a line of chat asks for help, by its form alone: for a bot that listens where people talk.

A question to nobody in particular, or a request for help, begins in few ways: with a question word and a verb,
with a verb before its subject, with "anyone know", "I can't log in", "help with". What colleagues say to each
other begins in those ways as well ("how are you?", "can we start?"); the tables know the usual ones. A line that
names a person is for that person; text in quotation marks, in code or in an address is ignored.

A question about the room's keys has the form of one about a refund. Which is whose business only the knowledge can
tell; this module knows none, and no platform either: only that "@name" and "<@...>" are people.
"""

from __future__ import annotations

import re

from supportbot.intake import _question_words as words

_LONGEST = 2_000
"""Characters that are looked at; nobody asks in passing with more."""

_LEAST_WORDS = 2
"""A single word ("lunch?", "why?") is for those who know what it is about, unless it is "help"."""

_EVERYBODY = re.compile(r"<!(?:here|channel|everyone)(?:\|[^>]*)?>|(?<![\w.])@(?:here|channel|everyone|all)\b")
_PERSON = re.compile(r"<[@!][^<>]+>|(?<![\w.])@[\w.-]+")
_CODE = re.compile(
    r"^[ \t]*[$#/]|[{};]\s*$|\w\(.*\)|==|&&|=>|\?\?|^[\w.]*(?:Error|Exception):|^\w+ ERR!|^SELECT\b", re.MULTILINE
)
_NOT_SAID = re.compile(
    r"```.*?(?:```|\Z)|`[^`]*`|^[ \t]*>[^\n]*|(?:https?://|www\.)\S+|\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|(?<!\w)'[^']{3,}'(?!\w)",
    re.MULTILINE | re.DOTALL,
)
_STAND_IN = " it "
"""What is left of something quoted: a word, so that what follows does not begin a sentence."""

_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+|\s+-\s+")
_SIGNS_BEFORE = re.compile(r"\A[^\w<@]+")
_APOSTROPHE = re.compile(r"(?<=n)'(?=t\b)|'(?=(?:[sdm]|ve)\b)")
_WORD = re.compile(r"[\w'-]+")
_HELP = re.compile(r"(?:help|hilfe)\b")

_GREETING = r"(?:(?:hi|hello|hey|yo|ok|okay|hallo|moin|thanks?|danke)\s+)?"
_NAMED = tuple(
    re.compile(form)
    for form in (
        rf"(?i:{_GREETING})[A-Z]\w+\s*[,:]\s",  # "Ben, can you ..."
        rf"(?i:{_GREETING}\w+\s+(?:can|could|do|did|will|would|are|have)\s+(?:you|u)\b)",  # "pat can you ..."
        r"[A-Z][a-z]+\s+(?:what|where|when|why|how|who|hast|kannst|bist)\s",  # "Sam what do you ..."
        r"[a-z]+:\s+(?:what|where|when|why|how|can|could|do|did|are|is)\b",  # "sara: what's ..."
    )
)
_NO_NAME = re.compile(
    rf"{_GREETING}(?:hi|hello|hey|hallo|moin|there|all|team|everyone|everybody|guys|folks|support|bot|zusammen|"
    r"alle|ok|okay|and|but|so|or|also|then|well|und|aber|please|bitte|sorry|help|hilfe|question|frage|quick|yes|no|morning|thanks?|"
    r"danke|how|what|when|where|why|who|which)\b",
    re.IGNORECASE,
)
"""What stands where a name could, and is none."""

_NAMED_LAST = re.compile(r",\s*(?!OK\b|Ok\b)[A-Z][a-z]+\s*\?+\Z")  # "..., Ben?"


def is_question(text: str) -> bool:
    """Return whether a line of chat is a question, or a request for help, to nobody in particular.

    Args:
        text: as received; what normalising takes away says whom it is for.
    """
    text = _EVERYBODY.sub(" ", text[:_LONGEST].replace("’", "'"))
    if _PERSON.search(text) or _CODE.search(text):
        return False
    return any(_asks(sentence) for sentence in _SENTENCE.split(_NOT_SAID.sub(_STAND_IN, text)))


def _asks(sentence: str) -> bool:
    sentence = _SIGNS_BEFORE.sub("", sentence.strip())
    is_named = any(form.match(sentence) for form in _NAMED) and not _NO_NAME.match(sentence)
    if is_named or _NAMED_LAST.search(sentence):
        return False
    plain = words.BEFORE.sub("", _APOSTROPHE.sub("", sentence.lower()))
    if len(_WORD.findall(plain)) < _LEAST_WORDS and not _HELP.match(plain):
        return False
    if words.TAG.search(plain) or words.SOCIAL.match(plain):
        return False
    if words.SEEKS_HELP.match(plain) or words.GERMAN.match(plain):
        return True
    is_marked = plain.endswith("?")
    if words.LEISURE.search(plain) or (words.STATED.match(plain) and not is_marked):
        return False
    return bool(words.ASKS.match(plain) or (is_marked and words.TURNED.match(plain)))
