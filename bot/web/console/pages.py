"""The console's pages: their names, what they are called, and the letters that go to them."""

from __future__ import annotations

from dataclasses import dataclass

from supportbot.access.address import CONSOLE_PATH
from supportbot.words import N_

ROOT = CONSOLE_PATH


@dataclass(frozen=True, slots=True)
class Page:
    """A page.

    Attributes:
        name: of its address, and of the package beside this module that builds it.
        title: what people call it.
        letter: goes there, after ``g``.
    """

    name: str
    title: str
    letter: str

    @property
    def path(self) -> str:
        """Where it is."""
        return f"{ROOT}/{self.name}"


FIRST = "today"
"""What is shown at the root."""

PAGES = {
    page.name: page
    for page in (
        Page(FIRST, N_("Today"), "t"),
        Page("review", N_("Review"), "r"),
        Page("knowledge", N_("Knowledge"), "k"),
        Page("conversations", N_("Conversations"), "c"),
        Page("models", N_("Models"), "m"),
        Page("playground", N_("Playground"), "p"),
        Page("settings", N_("Settings"), "s"),
    )
}
