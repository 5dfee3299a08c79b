"""A labelled slider of the console that shows its number."""

from __future__ import annotations

from nicegui import ui
from nicegui.events import GenericEventArguments


class Slider(ui.element, component="slider.js"):
    """A slider.

    Args:
        name: unique on the page.
        label: the text above it.
        value: where it stands.
        least: how far it goes to the one side.
        most: and to the other.
        step: between two places.
        digits: after the point, as it is shown.
    """

    def __init__(
        self, name: str, label: str, value: float, *, least: float, most: float, step: float, digits: int
    ) -> None:
        super().__init__()
        self.value = value
        self._least, self._most, self._digits = least, most, digits
        props = {"name": name, "label": label, "value": value, "least": least, "most": most, "step": step}
        self._props.update({**props, "digits": digits})
        self.on("moved", self._take)

    def set(self, value: float) -> None:
        """Have it stand elsewhere."""
        self.value = self._props["value"] = value
        self.update()

    def _take(self, event: GenericEventArguments) -> None:
        # A browser can be made to send anything; what is no number is not between the two.
        if isinstance(event.args, int | float) and self._least <= event.args <= self._most:
            self.value = self._props["value"] = round(float(event.args), self._digits)
