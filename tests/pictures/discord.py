"""Draws a Discord message as HTML: its Markdown, and the buttons below it."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from markdown_it import MarkdownIt

_STYLES = {1: "primary", 2: "", 3: "success", 4: "danger"}
"""Styles of buttons: https://discord.com/developers/docs/components/reference#button-button-styles"""

_SMALL = re.compile(r"^-# ?(.*)$", re.MULTILINE)
"""Discord's subtext, which Markdown does not know."""

_reader = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("strikethrough")


def draw(body: Mapping[str, Any]) -> str:
    """Return the HTML of a message, as it is posted."""
    shown = []
    for number, part in enumerate(_SMALL.split(body["content"])):
        if number % 2:
            shown.append(f"<p class='small'>{_reader.renderInline(part)}</p>")
        elif part.strip():
            shown.append(_reader.render(part))
    shown += [_row(row["components"]) for row in body["components"]]
    return "\n".join(shown)


def _row(components: Sequence[Mapping[str, Any]]) -> str:
    return f"<p class='buttons'>{''.join(_button(component) for component in components)}</p>"


def _button(component: Mapping[str, Any]) -> str:
    sign = (component.get("emoji") or {}).get("name") or ""
    label = " ".join(filter(None, (sign, component.get("label"))))
    return f"<button class='{_STYLES[component['style']]}'>{html.escape(label)}</button>"
