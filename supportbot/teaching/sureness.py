"""How sure is sure, and what another choice would bring: the curve of the threshold, and the share that is chosen.

The figures come from the operator's own rows, each asked as if it were not there (``knowledge.calibration``). The
daemon whose page is open tells them; the choice is everybody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from supportbot.db.session import Database
from supportbot.knowledge import wrong_rate
from supportbot.knowledge.calibration import Calibration, CurvePoint, LeftOut, calibrate, curve
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.wrong_rate import LEAST, MOST

RATES = (LEAST, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, MOST)
"""Shares of wrong answers among which to choose; each is about a third more than the one before."""

_POINTS = 101


@dataclass(frozen=True, slots=True, kw_only=True)
class Sureness:
    """Where the bot stands.

    Attributes:
        now: the threshold that holds, with its figures.
        rows: wordings that the figures are counted on.
        points: what each threshold would bring; none where there is nothing to tell.
        choices: what each share of ``RATES`` would bring, and the one that holds if it is none of them, ascending.
        set_rate: of ``SUPPORTBOT_WRONG_RATE``.
        is_chosen: whether another holds than that.
    """

    now: Calibration
    rows: int
    points: Sequence[CurvePoint]
    choices: Sequence[Calibration]
    set_rate: float
    is_chosen: bool


class Calibrating:
    """Tells what choices would bring, and makes one.

    Args:
        database: whose daemons follow.
        knowledge: of this daemon.
    """

    def __init__(self, database: Database, knowledge: Knowledge) -> None:
        self._database = database
        self._knowledge = knowledge

    async def look(self) -> Sureness | None:
        """Return where the bot stands; None without any knowledge."""
        async with self._database.read() as session:
            chosen = await wrong_rate.chosen(session)
        rows = self._knowledge.left_out
        if rows is None:
            return None
        holds = self._knowledge.set_rate if chosen is None else chosen
        return Sureness(
            now=calibrate(rows, wrong_rate=holds),
            rows=int(np.count_nonzero(rows.comparable)),
            points=curve(rows, _thresholds(rows)),
            choices=[calibrate(rows, wrong_rate=rate) for rate in sorted({*RATES, holds})],
            set_rate=self._knowledge.set_rate,
            is_chosen=chosen is not None,
        )

    async def choose(self, share: float | None, by: str) -> None:
        """Choose how often the bot may be wrong; see ``wrong_rate.choose``."""
        await wrong_rate.choose(self._database, share, by)


def _thresholds(rows: LeftOut) -> Sequence[float]:
    """Return thresholds from 0 to the highest confidence, at even distances."""
    highest = max((float(values.max()) for values in (rows.confidence, rows.foreign) if len(values)), default=1.0)
    return [float(value) for value in np.linspace(0, min(1.0, highest), _POINTS)]
