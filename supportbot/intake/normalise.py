"""The question without what keyboards, chat programs and politeness add to it. People paste non-breaking spaces,
break lines in the middle of a sentence, write in capitals, greet and sign. A model and an encoder saw little of
that in training, so the same question in another form would get another answer. It is normalised once, before the
prompt, the encoder and the gate see it, and training rows are normalised in the same way. The log keeps the typed
text. A text that needs no change is returned unchanged. This module knows no platform, but the tokens that
platforms write for emoji, people, channels and times are read as words.
"""

from __future__ import annotations

import re
import unicodedata

_PLATFORM_TOKENS = (
    (re.compile(r"<a?:(\w{1,64}):\d{1,20}>"), r" \1 "),  # Discord's custom emoji
    (re.compile(r"<(https?://[^<>|\s]+)\|([^<>]*)>"), r"\2 \1"),  # a link of Slack with its words
    (re.compile(r"<(?:https?://|mailto:)[^<>\s]+>"), lambda found: found.group()[1:-1].removeprefix("mailto:")),
    (re.compile(r"<[@#!][^<>|]+\|([^<>]+)>"), r"\1"),  # a person, channel or group with its name
    (re.compile(r"<(?:@[!&]?\w+)>"), "someone"),
    (re.compile(r"<#\w+>"), "a channel"),
    (re.compile(r"<t:-?\d+(?::\w)?>"), "a certain time"),
    (re.compile(r"<!\w+(?:\^[^<>]*)?>"), "everyone"),
    (re.compile(r"<id:\w+>"), "a channel"),
    (re.compile(r"(?<![\w:]):([a-z][a-z0-9_+-]{1,63}):(?!\w)"), r" \1 "),  # a short code, unlike 12:30:15
)

_GREETING = (
    r"(?:hi|hiya|hello|hey|heya|howdy|greetings|good\s+(?:morning|afternoon|evening|day)|dear\s+(?:all|sir|madam|team|"
    r"support|customer\s+(?:service|support)|sir\s+or\s+madam)|to\s+whom\s+it\s+may\s+concern|yo|"
    r"hallo|moin|servus|gr(?:ü|ue)(?:ß|ss)\s+gott|guten\s+(?:tag|morgen|abend)|bonjour|bonsoir|salut|hola|"
    r"buen[oa]s(?:\s+(?:d[ií]as|tardes|noches))?|ciao|buongiorno|ol[áa]|bom\s+dia|hej|hoi)"
)
_EVERYBODY = r"(?:there|all|team|everyone|everybody|guys|folks|support(?:\s+team)?|bot|again|zusammen)"
# On a line of its own anything may be greeted; in front of a question one name, if a sign sets it off.
_GREETING_LINE = re.compile(rf"^\W*{_GREETING}(?:\s+[^\n?]{{1,30}})?\s*[,.!:;–—-]*\s*$", re.IGNORECASE)
_GREETING_BEFORE = re.compile(
    rf"\W{{0,9}}{_GREETING}(?:(?:\s+{_EVERYBODY}|\s+[^\W\d_]{{2,20}})?(?:\s*[,.!:;]+|\s+[–—-]+)|\s+{_EVERYBODY}\b|(?=\s))\s*",
    re.IGNORECASE,
)

_CLOSING = (
    r"(?:(?:many\s+|kind\s+|best\s+|warm\s+|with\s+(?:kind|best)\s+)?regards|best(?:\s+wishes)?|all\s+the\s+best|"
    r"(?:yours\s+)?(?:sincerely|faithfully|truly)(?:\s+yours)?|cheers|(?:many\s+)?thanks?(?:\s+(?:you|a\s+lot|so\s+much|"
    r"very\s+much|again|a\s+million|all|everyone|team))*(?:\s+(?:in\s+advance|for\s+(?:your|any|the)\s+\w+))?|"
    r"thank\s*you(?:\s+(?:so|very)\s+much)?(?:\s+(?:in\s+advance|for\s+(?:your|any|the)\s+\w+))?|thx|ty|tia|"
    r"have\s+a\s+(?:nice|good|great|lovely)\s+\w+|(?:best|kind)\s+wishes|greetings|looking\s+forward\s+to\s+[^\n]{1,40}|"
    r"mit\s+freundlichen\s+gr(?:ü|ue)(?:ß|ss)en|mfg|(?:viele|liebe|beste|sch(?:ö|oe)ne)\s+gr(?:ü|ue)(?:ß|ss)e|lg|vg|"
    r"(?:vielen\s+)?dank(?:e)?(?:\s+(?:im\s+voraus|sch(?:ö|oe)n))?|merci(?:\s+(?:beaucoup|d'avance))?|cordialement|"
    r"(?:muchas\s+)?gracias(?:\s+de\s+antemano)?|un\s+saludo|saludos|grazie(?:\s+mille)?|obrigad[oa]|atenciosamente)"
)
_CLOSING_LINE = re.compile(
    rf"^\W{{0,9}}{_CLOSING}(?:\s*[,!.:;–—-]+.{{0,40}}|\s+[^\W\d_]{{2,20}})?\W*$", re.IGNORECASE
)
_CLOSING_AFTER = re.compile(rf"(?:(?<=[?!.])|[,;])\s*{_CLOSING}(?:[,!.]?\s+[^\W\d_]{{2,20}})?\W*$", re.IGNORECASE)
_DEVICE_LINE = re.compile(
    r"^\W*(?:(?:sent|get)\s+(?:from|via|using)\s+(?:my\s+)?\S.*|get\s+outlook\s+for\s+.*|gesendet\s+von\s+.*|"
    r"envoyé\s+de(?:puis)?\s+.*|enviado\s+desde\s+.*)$",
    re.IGNORECASE,
)
_DELIMITER_LINE = re.compile(r"^\s*(?:--|—|__+|={3,}|-{3,})\s*$")  # what mail programs put before a signature

_LONGEST_SIGNATURE = 5  # lines after a closing or a delimiter; more than that is text
_EDGE = 160  # characters at either end in which a greeting or a closing is looked for
_LONGEST_NAME = 60  # characters of a line under a closing
_LEAST_CAPITALS = 6
"""Letters from which on text in capitals alone is shouting: shorter ones are names such as VAT or IBAN."""

_WORD = re.compile(r"\w+")
_JOINERS = "\u200c\u200d"  # they shape letters in Persian and in Indian scripts; anywhere else they are invisible
_FIRST_SHAPED_LETTER = "\u0600"


def normalise_question(text: str) -> str:
    """Return a question for the prompt, the encoder and the gate.

    NFKC; platform tokens as words; invisible characters gone; greeting and signature off, unless nothing else is
    there; blanks and line breaks one space; text in capitals alone in lower case.

    Args:
        text: as received, of any length.
    """
    text = unicodedata.normalize("NFKC", _visible(text))
    if "<" in text or ":" in text:  # one of which is in every token
        for pattern, words in _PLATFORM_TOKENS:
            text = pattern.sub(words, text)
    lines = [stripped for line in text.splitlines() if (stripped := line.strip())]
    lines = _without_greeting(_without_signature(lines))
    question = " ".join(" ".join(lines).split())
    question = _without_greetings_before(_without_closings_after(question)).strip()
    return question.lower() if _is_shouted(question) else question


def _visible(text: str) -> str:
    """Drop what has no shape: soft hyphens, zero-width and direction marks, controls, half characters."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character
        for index, character in enumerate(text)
        if character in "\n\t\r\v\f\x85\u2028\u2029"
        or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn")
        or (character in _JOINERS and _joins_letters(text, index))
    )


def _joins_letters(text: str, index: int) -> bool:
    around = text[max(0, index - 1) : index] + text[index + 1 : index + 2]
    return len(around) == 2 and all(
        letter >= _FIRST_SHAPED_LETTER and unicodedata.category(letter)[0] in "LM" for letter in around
    )


def _without_signature(lines: list[str]) -> list[str]:
    """Cut what follows a closing or a delimiter near the end, and what a device adds."""
    while len(lines) > 1 and _DEVICE_LINE.match(lines[-1]):
        lines = lines[:-1]
    for number in range(max(1, len(lines) - _LONGEST_SIGNATURE - 1), len(lines)):
        after = lines[number + 1 :]
        closes = _CLOSING_LINE.match(lines[number]) and all(
            len(line) <= _LONGEST_NAME and "?" not in line for line in after
        )
        if closes or _DELIMITER_LINE.match(lines[number]):
            return lines[:number]
    return lines


def _without_greeting(lines: list[str]) -> list[str]:
    return lines[1:] if len(lines) > 1 and _GREETING_LINE.match(lines[0]) else lines


def _without_greetings_before(question: str) -> str:
    """Cut greetings off the beginning while a few words remain."""
    start = 0
    while (found := _GREETING_BEFORE.match(question, start)) and _has_words(question[found.end() :][:_EDGE]):
        start = found.end()
    return question[start:]


def _without_closings_after(question: str) -> str:
    """Cut closings off the end while a few words remain."""
    while (found := _CLOSING_AFTER.search(question, max(0, len(question) - _EDGE))) and _has_words(
        question[max(0, found.start() - _EDGE) : found.start()]
    ):
        question = question[: found.start()]
    return question


def _has_words(text: str) -> bool:
    return len(_WORD.findall(text)) > 1


def _is_shouted(text: str) -> bool:
    return text.isupper() and sum(character.isupper() for character in text) >= _LEAST_CAPITALS
