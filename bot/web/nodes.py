"""What everything on the page is made of: HTML elements with plain text."""

from __future__ import annotations

from nicegui.elements.mixins.text_element import TextElement

from supportbot.printable import printable


def node(tag: str, text: str = "", *, classes: str = "", **props: object) -> TextElement:
    """Return an HTML element with plain text; ``aria_label`` in ``props`` means ``aria-label``."""
    element = TextElement(tag=tag, text=printable(text))
    element.classes(classes)
    element.props.update({name.replace("_", "-"): value for name, value in props.items()})
    return element
