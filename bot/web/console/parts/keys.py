"""The keys of a page: each does what a button of the page does, and "?" lists them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nicegui import ui
from nicegui.events import GenericEventArguments

from supportbot.words import N_, Words

_SHOW_ALL = N_("Show keyboard shortcuts")


class Keys(ui.element, component="keys.js"):
    """Hears keys while nobody types.

    Args:
        go: by letter, the address and the title of a page; ``g`` comes first.
        words: the console's own.
    """

    def __init__(self, go: Mapping[str, tuple[str, str]], words: Words) -> None:
        super().__init__()
        self._handlers: dict[str, Callable[[], object]] = {}
        self._props["label"] = words.say("Keyboard shortcuts")
        self._props["close"] = words.say("Close")
        self._props["go"] = {letter: address for letter, (address, _) in go.items()}
        self._props["listed"] = [
            ["?", words.say(_SHOW_ALL)],
            *([f"g {letter}", words.say("Go to {page}", page=title)] for letter, (_, title) in go.items()),
        ]
        self._props["keys"] = []
        self.on("press", self._on_press)

    def add(self, key: str, meaning: str, handler: Callable[[], object]) -> None:
        """Call a handler whenever a key is pressed.

        Args:
            key: as browsers name it, such as ``a`` or ``ArrowDown``.
            meaning: what it does, for the list.
            handler: may be asynchronous.
        """
        if key not in self._handlers:
            self._props["listed"] = [*self._props["listed"], [key, meaning]]
            self._props["keys"] = [*self._props["keys"], key]
        self._handlers[key] = handler

    def _on_press(self, event: GenericEventArguments) -> object:
        # A browser can be made to send anything.
        handler = self._handlers.get(event.args) if isinstance(event.args, str) else None
        return handler and handler()
