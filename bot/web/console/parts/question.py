"""Asking an operator whether they mean it."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui
from nicegui.events import GenericEventArguments

from supportbot.printable import printable
from supportbot.words import Words


class Question(ui.element, component="question.js"):
    """A dialog, one per page, that asks any question of it.

    Args:
        words: the console's own.
    """

    def __init__(self, words: Words) -> None:
        super().__init__()
        self._asked: Callable[[], object] | None = None
        self._props["text"] = self._props["yes"] = ""
        self._props["no"] = words.say("Cancel")
        self._props["number"] = 0
        self.on("yes", self._on_yes)

    def ask(self, text: str, yes: str, then: Callable[[], object]) -> None:
        """Ask, and do it if the answer is yes.

        Args:
            text: the question.
            yes: what the button says that does it.
            then: does it, once; may be asynchronous.
        """
        self._asked = then
        self._props["text"], self._props["yes"] = printable(text), yes
        self._props["number"] += 1

    def _on_yes(self, event: GenericEventArguments) -> object:
        # A click on an older question answers nothing.
        then = self._asked if event.args == self._props["number"] else None
        self._asked = None
        return then and then()
