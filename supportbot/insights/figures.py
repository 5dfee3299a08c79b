"""The figures of a period beside those of the period before: sums of what was counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from supportbot.insights.counting import Counted
from supportbot.statistics.interval import wilson
from supportbot.statistics.kinds import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What happened in a time.

    Attributes:
        kinds: what became of the questions.
        handed_off: of how many a human was asked.
        votes_up: thumbs on their answers.
        votes_down: as above.
        up_rate: the share of thumbs up with its 95 % interval, see ``wilson``; None without a vote.
        median_seconds: from a question's arrival to its first answer; None without an answer.
        p95_seconds: what 95 % of the answers were not slower than, likewise.
    """

    kinds: Mapping[Kind, int]
    handed_off: int
    votes_up: int
    votes_down: int
    up_rate: tuple[float, float, float] | None
    median_seconds: float | None
    p95_seconds: float | None

    @property
    def questions(self) -> int:
        """How many questions there were, refused ones aside."""
        return sum(number for kind, number in self.kinds.items() if kind is not Kind.REFUSED)

    @property
    def told(self) -> tuple[int, int]:
        """How many questions with an answer were told something, and how many that the bot is not sure."""
        known = (Kind.VERIFIED, Kind.SMALL_TALK, Kind.QUOTED, Kind.GENERATED)
        return sum(self.kinds.get(kind, 0) for kind in known), self.kinds.get(Kind.NOT_SURE, 0)


def figures_of(
    counted: Counted, days: range, median_seconds: float | None = None, p95_seconds: float | None = None
) -> Figures:
    """Add up some days, counted back from now."""
    kinds: Counter[Kind] = Counter()
    for cell in counted.cells:
        if cell.days_ago in days:
            kinds[cell.kind] += cell.questions
    handed_off = sum(one.questions for one in counted.handoffs if one.days_ago in days)
    votes = [votes for votes in counted.votes if votes.days_ago in days]
    up, down = sum(one.up for one in votes), sum(one.down for one in votes)
    return Figures(
        kinds=kinds,
        handed_off=handed_off,
        votes_up=up,
        votes_down=down,
        up_rate=wilson(up, down),
        median_seconds=median_seconds,
        p95_seconds=p95_seconds,
    )
