"""A digest in words, the same in a terminal, in Slack and in Discord; each line is for them to make harmless."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from supportbot.digest.digest import Digest
from supportbot.digest.gaps import Gap
from supportbot.words import ENGLISH, N_, Words

TITLE = N_("This week's questions")
_GAPS_TITLE = N_("Questions without an answer, most people first")
_ASKED_TITLE = N_("Most asked verified questions")
_HELPED_TITLE = N_("Who helped")
ADD_COMMAND = 'supportbot knowledge add --answer "…" --question "…"'
ADD_TEXT = N_("To add an answer, the bot's operator runs:")
_PRIVATE_TEXT = N_("asked in private, not shown")
"""Replaces an example."""

NAMED = 10
"""People whose names are shown; the others are counted."""


@dataclass(frozen=True, slots=True)
class Writing:
    """How a place writes.

    Attributes:
        bullet: before each line of a list.
        quoted: makes one harmless line of what somebody wrote.
        remark: makes a remark of the bot's own stand out from it.
    """

    bullet: str
    quoted: Callable[[str], str]
    remark: Callable[[str], str]


def sections(
    digest: Digest, names: Sequence[str], most_gaps: int, writing: Writing, words: Words = ENGLISH
) -> Iterator[tuple[str, list[str]]]:
    """Yield what a digest tells besides the figures: each part with its title and its lines.

    Args:
        digest: what is told.
        names: as ``helped_words`` takes them.
        most_gaps: that are shown; the others are counted.
        writing: of the place.
        words: the bot's own.
    """
    if asked := digest.figures.most_asked:
        lines = [f"{writing.quoted(one.question)} ({words.number(one.times)})" for one in asked]
        yield words.say(_ASKED_TITLE), [f"{writing.bullet}{line}" for line in lines]
    if digest.gaps:
        private = writing.remark(words.say(_PRIVATE_TEXT))
        shown = [
            f"{writing.bullet}{writing.quoted(gap.example) if gap.example else private} ({gap_words(gap, words)})"
            for gap in digest.gaps[:most_gaps]
        ]
        more = more_words(len(digest.gaps[most_gaps:]), words)
        yield words.say(_GAPS_TITLE), [*shown, more] if more else shown
    if digest.helpers:
        yield words.say(_HELPED_TITLE), [helped_words(digest, names, words)]


def quiet_words(digest: Digest, words: Words = ENGLISH) -> str:
    """Return the one line of a week in which nothing happened."""
    days = words.say_many("{number} day", "{number} days", digest.figures.days)
    return words.say("Nobody asked anything in the last {days}.", days=days)


def gap_words(gap: Gap, words: Words = ENGLISH) -> str:
    """Return how often something was asked, and by how many."""
    people = words.say_many("{number} person", "{number} people", gap.people)
    if gap.questions == gap.people:
        return people
    # Nobody asks less than once, so this is never about one question.
    return words.say("{people}, {questions} questions", people=people, questions=words.number(gap.questions))


def more_words(number: int, words: Words = ENGLISH) -> str:
    """Return the line below the gaps that are shown, where there are more."""
    return words.say("… and {count} more.", count=words.number(number)) if number else ""


def helped_words(digest: Digest, names: Sequence[str], words: Words = ENGLISH) -> str:
    """Return who answered instead of the bot, for a digest that has helpers.

    Args:
        digest: what is told.
        names: of the helpers, as they are shown, in their order; empty for one whose name is not known.
        words: the bot's own.
    """
    counted = list(zip(names, digest.helpers, strict=True))
    named = [f"{name} ({words.number(one.questions)})" for name, one in counted if name][:NAMED]
    if not named:
        return words.say_many(
            "{number} person answered what I didn't know.",
            "{number} people answered what I didn't know.",
            len(counted),
        )
    if others := len(counted) - len(named):
        named.append(words.say_many("{number} other", "{number} others", others))
    return ", ".join(named)


def nameless(digest: Digest) -> list[str]:
    """Return no names, for where people are counted only."""
    return [""] * len(digest.helpers)
