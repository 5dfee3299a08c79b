"""A follow-up as the question that it is short for: "and for an e-bike?" after "how much is the deposit?".

A whole sentence of whose answer the knowledge is sure is left as it is, so a change of topic is not dragged back.
Anything else is read in a few ways, and the first of which the knowledge is sure is asked: the earlier question
with its last phrase replaced, and the earlier question with the follow-up behind it.

The earlier question alone makes its answer sure, whatever follows it. So the answer that was just given is
given again only if it speaks of what the follow-up asks: all words of the follow-up are small ones ("how much?"),
or words of that answer or its wordings. "And kayaks?" after a question about helmets is no question about helmets,
and "who is the guide?" asks more than when the guided tour starts.

This module knows the small words of some languages and a way to ask; no thread, no platform, no database.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields

from supportbot.answering._follow_up_words import LANGUAGES, Language
from supportbot.intake.question_form import is_question
from supportbot.knowledge.decision import Candidate, Decision
from supportbot.knowledge.entries import KnownEntry

Decide = Callable[[str], Awaitable[Decision | None]]
"""What is known about a normalised question, as ``Knowledge.decide`` says it for one workspace."""

_LONGEST = 160
"""Characters of a follow-up that may be short for something; a longer one says what it means."""

_FEW = 6
"""Words of what has no verb, or whose "it" may be what was said before; a longer one says itself what it means."""

_STEM = 4
"""Letters that two forms of a word have in common: "child" and "children"."""


def _all(kind: str) -> frozenset[str]:
    return frozenset(word for language in LANGUAGES for word in getattr(language, kind))


def _either(kind: str) -> str:
    return "(?:" + "|".join(re.escape(word) for word in sorted(_all(kind), key=len, reverse=True)) + ")"


_VERBS, _PRONOUNS, _SELDOM_TOLD = _all("verbs"), _all("pronouns"), _all("seldom_told")
_SMALL = frozenset(word for kind in fields(Language) for word in _all(kind.name))
_PREPOSITION, _DETERMINER = _either("prepositions"), rf"(?:{_either('determiners')}\s+)"
_FILLING = re.compile(rf"\A(?:{_either('filling')}\b[\s,.!]*)+", re.IGNORECASE)
_LEADING = re.compile(rf"\A(?:{_either('leading')}\b[\s,]*)+", re.IGNORECASE)
_ASKING = re.compile(rf"\A(?:{_PREPOSITION}\s+)?{_either('asking')}\b", re.IGNORECASE)
_FIRST_PREPOSITION = re.compile(rf"\A({_PREPOSITION})\s", re.IGNORECASE)
_LAST_PHRASE = re.compile(rf"\b{_PREPOSITION}\s+{_DETERMINER}?[\w-]+(?:\s+[\w-]+)?\Z", re.IGNORECASE)
_LAST_NOUN = re.compile(rf"\b{_DETERMINER}(?:[\w-]+\s+){{0,2}}[\w-]+\Z|[\w-]+\Z", re.IGNORECASE)
_WORD = re.compile(r"[\w'-]+")
_SENTENCE = re.compile(r"(?<=[?!.])\s+")
_ENDS = " \t?!.,;:…"


@dataclass(frozen=True, slots=True)
class Earlier:
    """A question that was asked before in a thread.

    Attributes:
        question: normalised; what was asked instead of it, if it was a follow-up itself.
        entry_id: of the approved answer that was given, if one was.
    """

    question: str
    entry_id: int | None = None


async def resolve(follow_up: str, earlier: Sequence[Earlier], decide: Decide) -> str:
    """Return what to ask instead of a follow-up, or the follow-up itself.

    Args:
        follow_up: normalised.
        earlier: what was asked before in its thread, the newest last.
        decide: what is known about a text; called three times at most.
    """
    said = _FILLING.sub("", follow_up)
    text = _LEADING.sub("", said).strip(_ENDS)
    words = [word.lower() for word in _WORD.findall(text)]
    may_ask = _LEADING.match(said) or said.endswith("?") or _ASKING.match(text) or is_question(said)
    if not earlier or not words or not may_ask or len(follow_up) > _LONGEST:
        return follow_up
    by_itself = follow_up if text == follow_up.strip(_ENDS) else text
    is_clause = not _VERBS.isdisjoint(words)
    question, given = _asking(earlier[-1].question), earlier[-1].entry_id
    own = [word for word in words if word not in _SMALL]
    alone = await _surest(text, decide)
    if alone is not None and not own and not _PRONOUNS.isdisjoint(words):
        alone = None  # "is it free?" is near to something by chance
    if alone is not None and (is_clause or alone.entry.id == given):
        return by_itself
    again: tuple[str, Candidate] | None = None
    for reading in _readings(text, question, is_clause=is_clause):
        found = await _surest(reading, decide)
        if found is None:
            continue
        if found.entry.id == given:
            again = again or (reading, found)
        elif alone is None or found.entry.id != alone.entry.id:
            return reading
    if alone is not None:
        return by_itself
    if again is not None and _speaks_of(again[1].entry, [*own, *(word for word in words if word in _SELDOM_TOLD)]):
        return again[0]
    return follow_up


def leans_on_earlier(text: str) -> bool:
    """Return whether a normalised text seems to be short for something that was said before.

    It says so by its first words, has no verb, or points back: "and at night?", "green ones?", "is it free?".
    """
    said = _FILLING.sub("", text)
    words = [word.lower() for word in _WORD.findall(_LEADING.sub("", said))]
    if not words or len(text) > _LONGEST:
        return False
    is_part = _VERBS.isdisjoint(words) or not _PRONOUNS.isdisjoint(words)
    return _LEADING.match(said) is not None or (is_part and len(words) <= _FEW)


def _asking(question: str) -> str:
    """Return the last sentence that asks, without its sign; all of them if none does."""
    asking = [one for one in _SENTENCE.split(question) if one.endswith("?") or is_question(one)]
    return (asking[-1] if asking else question).strip(_ENDS)


async def _surest(text: str, decide: Decide) -> Candidate | None:
    decision = await decide(text)
    return decision.candidates[0] if decision is not None and decision.sure else None


def _readings(text: str, question: str, *, is_clause: bool) -> list[str]:
    """Return what a follow-up without its leading words may be short for, the likeliest first."""
    together = f"{question} {text}"
    return [together] if is_clause else [_replaced(question, text), together]


def _replaced(question: str, text: str) -> str:
    """Return a question with the follow-up in the place of the phrase that it stands for."""
    if not (leads := _FIRST_PREPOSITION.match(text)):
        return _LAST_NOUN.sub(lambda _: text, question, count=1)
    like_it = re.compile(rf"\b{leads[1]}\s+{_DETERMINER}?[\w-]+", re.IGNORECASE)
    found = like_it.search(question) or _LAST_PHRASE.search(question)
    return f"{question[: found.start()]}{text}{question[found.end() :]}" if found else f"{question} {text}"


def _speaks_of(entry: KnownEntry, asked: Sequence[str]) -> bool:
    """Return whether an answer and its wordings have all of these words of a follow-up; also if there are none.

    A number beside another word need not be there: "in size 45?" is told by "sizes 32 to 49".
    """
    texts = (entry.answer, *(wording.text for wording in entry.wordings))
    known = {word[:_STEM] for text in texts for word in _WORD.findall(text.lower())}
    words = [word for word in asked if not word.isdecimal()] or asked
    return all(word[:_STEM] in known for word in words)
