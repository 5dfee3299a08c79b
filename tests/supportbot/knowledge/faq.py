"""A small FAQ that is not the starter's, as entries of the knowledge: a climbing gym."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from supportbot.db.states import EntrySource, EntryState
from supportbot.knowledge.entries import KnownEntry, Wording

APPROVED_AT = datetime(2026, 11, 27, 12, tzinfo=UTC)

GYM: Mapping[str, Sequence[str]] = {
    "We are open from 7 am to 11 pm on weekdays and from 9 am to 10 pm at weekends.": (
        "when are you open",
        "what are your opening hours",
        "what time do you close on sunday",
        "how late can I come on a weekday",
        "opening times please",
    ),
    "A day ticket is 14 euros, and 11 euros for students.": (
        "how much is a day ticket",
        "what does it cost to climb for a day",
        "price for one visit",
        "is it cheaper for students",
        "entrance fee",
    ),
    "Climbing shoes can be rented at the desk for 4 euros a day, in sizes 32 to 49.": (
        "can I rent climbing shoes",
        "do you have shoes to borrow",
        "which shoe sizes are there to hire",
        "shoe rental price",
        "I have no climbing shoes of my own",
    ),
    "Children under 14 climb with an adult who has passed our belay check.": (
        "can my kids climb alone",
        "from which age may children come",
        "is my ten year old allowed in without parents",
        "do children need an adult with them",
        "rules for kids",
    ),
    "You can cancel your membership by e-mail with four weeks' notice to the end of a month.": (
        "how do I cancel my membership",
        "I want to quit my subscription",
        "what is the notice period of a membership",
        "end my contract",
        "stop my monthly plan",
    ),
}


def entry(number: int, answer: str, wordings: Sequence[str], *, workspace_id: int | None = None) -> KnownEntry:
    """Return a live entry whose wordings come from a workspace, or from nobody."""
    return KnownEntry(
        id=number,
        answer=answer,
        source=EntrySource.IMPORT,
        approved_by="Ana Lopez",
        approved_at=APPROVED_AT,
        valid_until=None,
        workspace_id=None,
        state=EntryState.LIVE,
        wordings=tuple(Wording(1_000 * number + place, text, workspace_id) for place, text in enumerate(wordings)),
    )


def gym(*, most: int = 5) -> list[KnownEntry]:
    """Return the whole FAQ, with so many wordings of each answer."""
    return [
        entry(number, answer, wordings[:most]) for number, (answer, wordings) in enumerate(GYM.items(), start=1)
    ]
