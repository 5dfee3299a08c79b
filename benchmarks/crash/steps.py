"""Where a process ends: the steps of a question's way, and how a daemon is told at which of them to end.

The order lies in a file of the daemon's home, and SIGUSR1 says that it is there: so the moment is the benchmark's.
"""

from __future__ import annotations

import math
import random
from enum import StrEnum
from pathlib import Path
from signal import Signals

ORDER = "ends-at"
"""The file in a daemon's home."""


class Step(StrEnum):
    """A moment at which a process ends."""

    RANDOM = "random"
    """Any moment under load."""
    STARTING = "starting"
    """The daemon after one that was killed is not ready yet."""
    RECEIVED = "received"
    """A question was heard, and nothing is committed."""
    KEPT = "kept"
    """It is committed, and the platform has not heard "received"."""
    ANSWERING = "answering"
    """It is claimed, and the model has begun to say something."""
    STREAMING = "streaming"
    """Its first words stand on the platform, and the bot has not noted which message they are in."""
    ANSWERED = "answered"
    """The answer is committed, and not sent."""
    SENDING = "sending"
    """The platform has been asked to post it, and has not."""
    SENT = "sent"
    """The platform has posted it, and the bot has not heard so."""
    NOTED = "noted"
    """The bot has heard so, and it does not stand in the database."""
    ENGINE = "engine"
    """The model has begun to say something, and its own process ends; the daemon lives on."""


AT_PLATFORM = frozenset({Step.SENDING, Step.SENT})
"""Only the platform knows these moments."""


def named_steps(signal: Signals) -> list[Step]:
    """Return the steps that a signal is sent at.

    The process of the model ignores SIGTERM, and a daemon that still imports what it needs just ends of it.
    """
    others = {Step.RANDOM} if signal is Signals.SIGKILL else {Step.RANDOM, Step.STARTING, Step.ENGINE}
    return [step for step in Step if step not in others]


def make_plan(ends: int, signal: Signals, source: random.Random) -> list[Step]:
    """Return where so many processes end: half of them at random, the others at each named step in turn.

    Few ends reach each named step rather than be at random.
    """
    steps = named_steps(signal)
    named = (steps * math.ceil(ends / len(steps)))[: max(ends // 2, min(ends, len(steps)))]
    plan = named + [Step.RANDOM] * (ends - len(named))
    source.shuffle(plan)
    return plan


def write_order(home: Path, step: Step, signal: Signals) -> None:
    """Say to the daemon of a home where it ends."""
    (home / ORDER).write_text(f"{step} {signal.name}")


def read_order(home: Path) -> tuple[Step, Signals]:
    """Return what was written."""
    step, signal = (home / ORDER).read_text().split()
    return Step(step), Signals[signal]
