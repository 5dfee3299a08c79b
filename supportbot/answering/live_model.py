"""A model that answers: how far it is trusted, and for how long it stays.

It may be replaced at any time: an answer keeps the model that it began with, and the old one is closed when its
last answer has ended. Another one may be loaded as well and answer some conversations; ``trials`` decides which,
and why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from supportbot.engine.base import Engine


@dataclass(frozen=True, slots=True)
class LiveModel:
    """What answers.

    Attributes:
        engine: what continues a prompt.
        confidence_floor: the confidence below which it is not to be trusted (nats; None trusts all).
        floor_beside: the same for questions that knowledge refused; None where nobody calibrated one, and then its
            own floor holds there, too.
        is_starter: whether it is the demonstration that ships, which knows a shop that does not exist.
        knows_us: whether it was trained on rows of this bot's own database, or an operator vouches for it.
    """

    engine: Engine
    confidence_floor: float | None
    floor_beside: float | None = None
    is_starter: bool = False
    knows_us: bool = False

    def floor(self, *, beside_knowledge: bool) -> float | None:
        """Return the floor that holds.

        Args:
            beside_knowledge: whether there is knowledge, and it refused the question.
        """
        return floor_that_holds(self.confidence_floor, self.floor_beside, beside_knowledge=beside_knowledge)


class Tenure:
    """The time for which one model answers; it counts the answers under way.

    Args:
        model: that answers.
    """

    def __init__(self, model: LiveModel) -> None:
        self.model = model
        self._answers = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def answering(self) -> Iterator[LiveModel]:
        """Use the model for one answer."""
        self._answers += 1
        self._idle.clear()
        try:
            yield self.model
        finally:
            self._answers -= 1
            if not self._answers:
                self._idle.set()

    async def end(self) -> None:
        """Close the model when its last answer has ended, or at once if this is cancelled."""
        try:
            await self._idle.wait()
        finally:
            await self.model.engine.aclose()


@dataclass(frozen=True, slots=True)
class Beside:
    """A model that answers some conversations beside the live one.

    Attributes:
        model: that does.
        instead_of: the version of the live model that it is tried against; beside another one it answers nothing.
        takes: says of the number of a conversation whether it is the model's.
    """

    model: LiveModel
    instead_of: str
    takes: Callable[[int], bool]


def floor_that_holds(own: float | None, beside: float | None, *, beside_knowledge: bool) -> float | None:
    """Return one of a model's floors; see ``LiveModel``."""
    return beside if beside_knowledge and beside is not None else own


def is_below(sure: float | None, floor: float | None) -> bool:
    """Return whether a confidence is below a floor, both in nats; without either, nothing is held back."""
    return floor is not None and sure is not None and sure < floor
