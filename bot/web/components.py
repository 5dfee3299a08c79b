"""The two parts of the page that need a browser's own code: the field for questions and the conversation.

Both draw themselves without evaluating strings, so the page's content security policy can forbid that.
"""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui
from nicegui.events import GenericEventArguments


class Composer(ui.element, component="composer.js"):
    """Where a question is written: Enter sends, Shift+Enter begins a new line.

    Args:
        on_send: called with what a browser sent: a string, unless somebody plays tricks.
        limit: most characters that fit.
    """

    def __init__(self, on_send: Callable[[object], object], *, limit: int) -> None:
        super().__init__()
        self._props["limit"] = limit
        self._props["label"] = "Your question"
        self._props["placeholder"] = "Ask a question…"
        self._props["hint"] = "Enter sends, Shift+Enter begins a new line"

        def handle(event: GenericEventArguments) -> object:
            return on_send(event.args)

        self.on("send", handle)


class Transcript(ui.element, component="transcript.js"):
    """What was said, the newest at the end; read out by screen readers as it grows."""
