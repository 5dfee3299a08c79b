"""What has changed since the week before: what the record supports, and nothing that chance may explain.

How many questions there were is compared by days, since people ask in bursts; shares are compared as shares. A
change is told where its 95 % interval excludes that there was none. Three are looked at, so one in seven weeks
without any change is still said to have one.
"""

from __future__ import annotations

from dataclasses import dataclass

from supportbot.insights.counting import Counted
from supportbot.insights.figures import figures_of
from supportbot.statistics.interval import difference, ratio
from supportbot.statistics.kinds import Kind

WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How something compares with the week before.

    Attributes:
        now: how many this week, or the share.
        before: likewise the week before; None where there is nothing to compare.
        by: the ratio of two counts, or the difference of two shares, with its interval; None likewise.
        none: what ``by`` would be without a change.
    """

    now: float
    before: float | None
    by: tuple[float, float, float] | None
    none: float

    @property
    def direction(self) -> int:
        """1 where it has risen as far as the interval tells, -1 where it has fallen, and else 0."""
        if self.by is None:
            return 0
        _, low, high = self.by
        return 1 if low > self.none else -1 if high < self.none else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What has changed in a week.

    Attributes:
        questions: how many there were.
        answered: the share of the questions with an answer that were told more than "not sure"; None without any.
        helpful: the share of 👍; None without a vote.
    """

    questions: Change
    answered: Change | None
    helpful: Change | None


def changes_of(counted: Counted) -> Changes:
    """Compare the last seven days with the seven before."""
    days = [0] * (2 * WEEK)
    for cell in counted.cells:
        if cell.days_ago < len(days) and cell.kind is not Kind.REFUSED:
            days[cell.days_ago] += cell.questions
    now, before = figures_of(counted, range(WEEK)), figures_of(counted, range(WEEK, 2 * WEEK))
    return Changes(
        questions=Change(now=now.questions, before=before.questions, by=ratio(days[:WEEK], days[WEEK:]), none=1.0),
        answered=_share(now.told, before.told),
        helpful=_share((now.votes_up, now.votes_down), (before.votes_up, before.votes_down)),
    )


def _share(now: tuple[int, int], before: tuple[int, int]) -> Change | None:
    if not sum(now):
        return None
    was = before[0] / sum(before) if sum(before) else None
    return Change(now=now[0] / sum(now), before=was, by=difference(now, before), none=0.0)
