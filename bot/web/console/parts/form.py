"""Small forms: labelled fields, and one button that sends all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from nicegui import ui
from nicegui.events import GenericEventArguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a form.

    Attributes:
        name: under which its value is sent.
        label: what people call it.
        kind: what it looks like.
        value: what is there at first.
        options: of a ``select``: values, and what people call them.
        limit: most characters.
        required: whether the form can't be sent without it.
        hidden: whether only screen readers have the label, where something beside says the same.
        hint: the text below it; empty for none.
    """

    name: str
    label: str
    kind: Literal["text", "date", "textarea", "select"] = "text"
    value: str = ""
    options: Sequence[tuple[str, str]] = ()
    limit: int = 200
    required: bool = False
    hidden: bool = False
    hint: str = ""


class Form(ui.element, component="form.js"):
    """A form.

    Args:
        name: unique on the page; it keeps labels and fields together.
        fields: in their order.
        submit: what the button says.
        on_send: called with a text for each field; no longer ones than the fields take.
        strong: whether the button is the page's most important one.
        keep: whether what was typed stays after it was sent.
        focus: whether somebody types in the first field at once.
    """

    def __init__(
        self,
        name: str,
        fields: Sequence[Field],
        submit: str,
        on_send: Callable[[Mapping[str, str]], object],
        *,
        strong: bool = False,
        keep: bool = False,
        focus: bool = False,
    ) -> None:
        super().__init__()
        self._props["name"] = name
        self._props["fields"] = [
            {
                "name": field.name,
                "label": field.label,
                "kind": field.kind,
                "value": field.value,
                "options": [list(option) for option in field.options],
                "limit": field.limit,
                "required": field.required,
                "hidden": field.hidden,
                "hint": field.hint,
            }
            for field in fields
        ]
        self._props["submit"] = submit
        self._props["strong"] = strong
        self._props["keep"] = keep
        self._props["focus"] = focus

        def handle(event: GenericEventArguments) -> object:
            values = _read(event.args, fields)
            return on_send(values) if values is not None else None

        self.on("send", handle)


def _read(sent: object, fields: Sequence[Field]) -> Mapping[str, str] | None:
    """Return what a browser sent with a form, or None: it can be made to send anything."""
    if not isinstance(sent, dict):
        return None
    values: dict[str, str] = {}
    for field in fields:
        value = sent.get(field.name)
        if not isinstance(value, str) or len(value) > field.limit:
            return None
        if field.kind == "select" and value not in dict(field.options):
            return None
        values[field.name] = value
    return values
