"""A labelled field of the console: what is typed is here a moment later, whatever the browser's own state is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nicegui import ui
from nicegui.events import GenericEventArguments

from bot.web.nodes import node

MOST = 12_000
"""Characters of a field: escaped twice they fit into one message of the page's web socket."""


class Field(ui.element, component="field.js"):
    """A field.

    Args:
        name: unique on the page.
        label: the text above it.
        value: its text.
        kind: of an input.
        rows: of a textarea; 0 for an input of one line.
        limit: most characters.
        least: of a slider.
        most: as above.
        hint: the text below it.
        disabled: whether nothing can be typed.
        on_typed: called with its text, at each change; may be asynchronous.
        on_enter: called when Enter is pressed in an input; as above.
    """

    def __init__(
        self,
        name: str,
        label: str,
        value: str = "",
        *,
        kind: str = "text",
        rows: int = 0,
        limit: int = MOST,
        least: str | None = None,
        most: str | None = None,
        hint: str = "",
        disabled: bool = False,
        on_typed: Callable[[str], object] | None = None,
        on_enter: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        self.value = value
        self._limit = limit
        self._on_typed = on_typed
        props = {"name": name, "label": label, "value": value, "kind": kind, "rows": rows, "limit": limit}
        self._props.update({**props, "least": least, "most": most, "hint": hint, "disabled": disabled})
        self.on("typed", self._take)
        if on_enter is not None:
            self.on("enter", lambda: on_enter(), args=[])

    def set(self, value: str) -> None:
        """Replace its text."""
        self.value = value
        self._props["value"] = value
        self.update()

    def speak(self, text: str) -> None:
        """Say what the place of a slider means."""
        self._props["spoken"] = text
        self.update()

    def _take(self, event: GenericEventArguments) -> object:
        if not isinstance(event.args, str):  # a browser can be made to send anything
            return None
        self.value = self._props["value"] = event.args[: self._limit]
        return self._on_typed and self._on_typed(self.value)


class Choice(ui.element, component="choice.js"):
    """A labelled choice among a few.

    Args:
        name: unique on the page.
        label: the text above it.
        options: what there is to choose from, by its value.
        value: which is chosen.
        disabled: whether it can be changed.
        on_chosen: called with another value; may be asynchronous.
    """

    def __init__(
        self,
        name: str,
        label: str,
        options: Mapping[str, str],
        value: str,
        *,
        disabled: bool = False,
        on_chosen: Callable[[str], object] | None = None,
    ) -> None:
        super().__init__()
        self.value = value
        self._values = frozenset(options)
        self._on_chosen = on_chosen
        props = {"name": name, "label": label, "options": [*options.items()], "value": value}
        self._props.update({**props, "disabled": disabled})
        self.on("chosen", self._take)

    def _take(self, event: GenericEventArguments) -> object:
        if event.args not in self._values:
            return None
        self.value = self._props["value"] = event.args
        return self._on_chosen and self._on_chosen(self.value)


def form_field(name: str, label: str, value: str, *, kind: str = "text") -> None:
    """Build a field of a form that is sent by its button."""
    with node("label", classes="field"):
        node("span", label)
        node("input", type=kind, name=name, value=value, dir="auto")


def form_choice(name: str, label: str, options: Mapping[str, str], value: str) -> None:
    """Build a choice of a form that is sent by its button."""
    with node("label", classes="field"):
        node("span", label)
        with node("select", name=name):
            for one, shown in options.items():
                option = node("option", shown, value=one)
                if one == value:
                    option.props["selected"] = True
