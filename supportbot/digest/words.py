"""A digest in words, the same in a terminal, in Slack and in Discord; each line is for them to make harmless."""

from __future__ import annotations

from collections.abc import Sequence

from supportbot.digest.digest import Digest
from supportbot.digest.gaps import Gap

TITLE = "The week in questions"
GAPS_TITLE = "Not known, those of most people first"
ASKED_TITLE = "Asked most, of what is verified"
HELPED_TITLE = "Who helped"
ADD_COMMAND = 'supportbot knowledge add --answer "…" --question "…"'
ADD_TEXT = "To fill a gap, whoever runs the bot types:"
PRIVATE_TEXT = "asked in private, so not shown"
"""Stands in the place of an example."""

NAMED = 10
"""People whose names are shown; the others are counted."""


def quiet_words(digest: Digest) -> str:
    """Return the one line of a week in which nothing happened."""
    days = digest.figures.days
    return f"Nobody asked anything in {_number(days, 'day', 'days')}."


def gap_words(gap: Gap) -> str:
    """Return how often something was asked, and by how many."""
    people = _number(gap.people, "person", "people")
    return people if gap.questions == gap.people else f"{people}, {gap.questions:,} questions"


def more_words(number: int) -> str:
    """Return the line below the gaps that are shown, where there are more."""
    return f"… and {number:,} more." if number else ""


def helped_words(digest: Digest, names: Sequence[str]) -> str:
    """Return who answered instead of the bot, for a digest that has helpers.

    Args:
        digest: what is told.
        names: of the helpers, as they are shown, in their order; empty for one whose name is not known.
    """
    counted = list(zip(names, digest.helpers, strict=True))
    named = [f"{name} ({one.questions:,})" for name, one in counted if name][:NAMED]
    if not named:
        return f"{_number(len(counted), 'person', 'people')} answered what I did not know."
    if others := len(counted) - len(named):
        named.append(_number(others, "other", "others"))
    return ", ".join(named)


def nameless(digest: Digest) -> list[str]:
    """Return no names, for where people are counted only."""
    return [""] * len(digest.helpers)


def _number(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
