"""What everything on the page is made of: HTML elements with plain text."""

from __future__ import annotations

from collections.abc import Callable

from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

from supportbot.printable import printable


def node(tag: str, text: str = "", *, classes: str = "", **props: object) -> TextElement:
    """Return an HTML element with plain text; ``aria_label`` in ``props`` means ``aria-label``."""
    element = TextElement(tag=tag, text=printable(text))
    element.classes(classes)
    element.props.update({name.replace("_", "-"): value for name, value in props.items()})
    return element


def on_click(element: TextElement, handler: Callable[..., object], *arguments: object) -> TextElement:
    """Call a handler with arguments at each click, and return the element."""

    def handle(event: GenericEventArguments) -> object:
        return handler(*arguments)

    element.on("click", handle, args=[])
    return element
