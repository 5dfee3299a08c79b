"""How far a file is, told from other threads, shown twice a second."""

from __future__ import annotations

from types import TracebackType

from nicegui import ui

from bot.web.nodes import node
from supportbot.words import N_, Words

_SECONDS = 0.5
_STEPS = {"Reading": N_("Reading"), "Comparing": N_("Comparing"), "Importing": N_("Importing")}
"""What the core says that it does."""


class Progress:
    """A line that is there while something is going on.

    Args:
        words: the console's own.
    """

    def __init__(self, words: Words) -> None:
        self._words = words
        self._now: tuple[str, int, int | None] = ("", 0, None)
        self._line = node("p", classes="muted", role="status")
        self._timer = ui.timer(_SECONDS, self._show, active=False)

    def told(self, what: str, done: int, total: int | None) -> None:
        """Be told, in any thread; see ``imports.Told``."""
        self._now = (what, done, total)

    def __enter__(self) -> None:
        """Begin."""
        self._now = ("", 0, None)
        self._line.text = self._words.say("Looking…")
        self._timer.active = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        if not self._line.is_deleted:
            self._timer.active = False
            self._line.text = ""

    def _show(self) -> None:
        what, done, total = self._now
        if not what:
            return
        step = self._words.say(_STEPS.get(what, what))
        rows = self._words.number(done) + (f" / {self._words.number(total)}" if total else "")
        self._line.text = f"{step}: {rows}" if done else step
