"""What the page says before anything is asked: whose bot it is, and what it may be asked.

The page does not know where that comes from; a caller with knowledge of its own says it, see ``build_web``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Welcome(Protocol):
    """What a visitor finds."""

    @property
    def name(self) -> str:
        """What the bot is called."""

    @property
    def examples(self) -> tuple[str, ...]:
        """Questions that a click asks; perhaps none."""

    @property
    def demo(self) -> bool:
        """Whether the starter answers, which knows a shop that does not exist."""


@dataclass(frozen=True, slots=True)
class FixedWelcome:
    """A welcome that depends on nothing."""

    name: str
    examples: tuple[str, ...]
    demo: bool


STARTER = FixedWelcome(
    name="Support bot",
    examples=("How do I return an item?", "Where is my order?", "Which payment methods do you take?"),
    demo=True,
)
"""For a bot that has the starter model and no knowledge."""

PLAIN = FixedWelcome(name="Support bot", examples=(), demo=False)
"""For a bot of which nothing is known."""


async def welcome_to_starter() -> Welcome:
    """Return the welcome of a bot that has the starter model and no knowledge."""
    return STARTER
