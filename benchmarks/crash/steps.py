"""Where a process ends: the steps of a question's way, and how a daemon is told at which of them to end.

The order is a file in the daemon's home, and SIGUSR1 announces it, so the benchmark chooses the moment.
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
    """A question was received, and nothing is committed."""
    KEPT = "kept"
    """It is committed, and the platform has no acknowledgement yet."""
    ANSWERING = "answering"
    """It is claimed, and the model has begun to write."""
    STREAMING = "streaming"
    """Its first words are on the platform, and the bot has not stored in which message."""
    ANSWERED = "answered"
    """The answer is committed, and not sent."""
    SENDING = "sending"
    """The platform was asked to post it, and has not."""
    SENT = "sent"
    """The platform has posted it, and the bot has no response yet."""
    NOTED = "noted"
    """The bot has the response, and it is not in the database."""
    ENGINE = "engine"
    """The model has begun to write, and its own process ends; the daemon lives on."""


AT_PLATFORM = frozenset({Step.SENDING, Step.SENT})
"""Only the platform knows these moments."""


def named_steps(signal: Signals) -> list[Step]:
    """Return the steps at which a signal is sent.

    The model's process ignores SIGTERM, and a daemon that is still importing simply ends on it.
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
    """Order where the daemon of a home ends."""
    (home / ORDER).write_text(f"{step} {signal.name}")


def read_order(home: Path) -> tuple[Step, Signals]:
    """Return the order."""
    step, signal = (home / ORDER).read_text().split()
    return Step(step), Signals[signal]
