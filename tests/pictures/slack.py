"""Draws Slack's Block Kit as HTML: the blocks that this bot sends, and an error for any other.

It is a likeness: https://docs.slack.dev/reference/block-kit/blocks says what each block holds, Slack's own clients
decide how it looks.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]

_DATE = re.compile(r"&lt;!date\^[^|]*\|([^&]*)&gt;|<!date\^[^|>]*\|([^>]*)>")
_BOLD = re.compile(r"(?<!\w)\*([^*\n]+)\*(?!\w)")
_ITALIC = re.compile(r"(?<!\w)_([^_\n]+)_(?!\w)")
_TAGS = {"bold": "b", "italic": "i", "strike": "s", "code": "code"}


def draw(blocks: Sequence[Json]) -> str:
    """Return the HTML of a message.

    Raises:
        KeyError: a block or an element is of a kind that this bot does not send.
    """
    return "\n".join(_BLOCKS[block["type"]](block) for block in blocks)


def _section(block: Json) -> str:
    return f"<p>{_mrkdwn(block['text']['text'])}</p>"


def _context(block: Json) -> str:
    return f"<p class='small'>{' '.join(_mrkdwn(element['text']) for element in block['elements'])}</p>"


def _actions(block: Json) -> str:
    return f"<p class='buttons'>{''.join(_button(element) for element in block['elements'])}</p>"


def _button(element: Json) -> str:
    if element["type"] != "button":
        raise KeyError(element["type"])
    style = html.escape(element.get("style", ""))
    return f"<button class='{style}'>{element['text']['text']}</button>"


def _feedback(block: Json) -> str:
    shown = []
    for element in block["elements"]:
        if element["type"] != "feedback_buttons":
            raise KeyError(element["type"])
        for sign, name in (("👍", "positive_button"), ("👎", "negative_button")):
            shown.append(f"<button title='{element[name]['text']['text']}'>{sign}</button>")
    return f"<p class='buttons'>{''.join(shown)}</p>"


def _rich_text(block: Json) -> str:
    return "".join(_RICH[element["type"]](element) for element in block["elements"])


def _rich_section(element: Json) -> str:
    return f"<p>{_inline(element)}</p>"


def _rich_list(element: Json) -> str:
    tag = "ol" if element["style"] == "ordered" else "ul"
    items = "".join(f"<li>{_inline(item)}</li>" for item in element["elements"])
    return f"<{tag} style='margin-left: {element.get('indent', 0)}em'>{items}</{tag}>"


def _inline(element: Json) -> str:
    return "".join(_run(part) for part in element["elements"])


def _run(part: Json) -> str:
    if part["type"] == "link":
        return f"<a>{html.escape(part.get('text') or part['url'])}</a>"
    if part["type"] != "text":
        raise KeyError(part["type"])
    shown = html.escape(part["text"]).replace("\n", "<br>")
    for style, tag in _TAGS.items():
        if part.get("style", {}).get(style):
            shown = f"<{tag}>{shown}</{tag}>"
    return shown


def _mrkdwn(text: str) -> str:
    """Return Slack's markup as HTML; ``&``, ``<`` and ``>`` of people are escaped in it already."""
    text = _DATE.sub(lambda found: found[1] or found[2], text)
    text = _ITALIC.sub(r"<i>\1</i>", _BOLD.sub(r"<b>\1</b>", text))
    lines = [f"<q>{line[1:].strip()}</q>" if line.startswith((">", "&gt;")) else line for line in text.split("\n")]
    return "<br>".join(lines)


_RICH: Mapping[str, Callable[[Json], str]] = {
    "rich_text_section": _rich_section,
    "rich_text_list": _rich_list,
    "rich_text_quote": lambda element: f"<blockquote>{_inline(element)}</blockquote>",
    "rich_text_preformatted": lambda element: f"<pre>{_inline(element)}</pre>",
}
_BLOCKS: Mapping[str, Callable[[Json], str]] = {
    "section": _section,
    "context": _context,
    "actions": _actions,
    "context_actions": _feedback,
    "rich_text": _rich_text,
    "divider": lambda block: "<hr>",
}
