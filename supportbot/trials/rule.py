"""The rule of a trial: written down before it begins, and the only thing that ends it besides a person.

The candidate is worse or better as soon as the confidence sequence (``sequence``) rules out that there is no
difference; what people may look at meanwhile changes nothing. Without a difference a trial ends by its number of
conversations or of days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from supportbot.db.states import TrialOutcome
from supportbot.errors import ConfigError
from supportbot.trials.sequence import favoured
from supportbot.trials.tally import Tally
from supportbot.words import N_

SHARES = range(1, 51)
"""Percent: nobody needs more than half on what is not shown to be better."""
CONVERSATIONS = range(10, 100_001)
DAYS = range(1, 366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is compared, and until when.

    Attributes:
        share: of conversations on the candidate, in percent.
        alpha: with which probability a difference may be seen, at any time, where there is none.
        most_conversations: that a model answered in both arms together; then it ends without a difference.
        most_days: as above.
        promotes: whether a better candidate goes live by itself.
    """

    share: int = 20
    alpha: float = 0.05
    most_conversations: int = 5_000
    most_days: int = 30
    promotes: bool = False

    def check(self) -> None:
        """Refuse a rule that makes no sense.

        Raises:
            ConfigError: it names the part, and what it may be.
        """
        if self.share not in SHARES:
            raise ConfigError(N_("The share must be a whole number from 1 to 50 percent."))
        if not 0.001 <= self.alpha <= 0.2:
            raise ConfigError(N_("The probability of a false alarm must be from 0.1 to 20 percent."))
        if self.most_conversations not in CONVERSATIONS:
            raise ConfigError(N_("The number of conversations must be a whole number from 10 to 100,000."))
        if self.most_days not in DAYS:
            raise ConfigError(N_("The number of days must be a whole number from 1 to 365."))

    def outcome(self, tally: Tally, started_at: datetime, now: datetime) -> TrialOutcome | None:
        """Return how the trial ends by what was counted; None while it goes on.

        Args:
            tally: of both arms.
            started_at: when it began.
            now: by the same clock.
        """
        if sign := favoured(tally.live.judged, tally.candidate.judged, self.alpha):
            return TrialOutcome.BETTER if sign > 0 else TrialOutcome.WORSE
        is_full = tally.live.conversations + tally.candidate.conversations >= self.most_conversations
        if is_full or now - started_at >= timedelta(days=self.most_days):
            return TrialOutcome.INCONCLUSIVE
        return None
