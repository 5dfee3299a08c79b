"""How an answer will look on each platform, as a tree that any of them can show: what is sent, read back.

What is read back is what the adapters send, so a preview cannot show anything else. Discord reads Markdown by
itself; what it makes of it is close to CommonMark, and so is this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from supportbot import markdown
from supportbot.markdown import Block, Code, Items, Paragraph, Quote, Rule, Span

Message = Sequence[Block]
"""What one message shows."""

_STYLES = ("bold", "italic", "strike", "code")


def in_slack(answer: str) -> list[Message]:
    """Return the messages that Slack shows."""
    from bot.dialects.slack_blocks import build_parts  # with the platform's library, which takes a while to import

    messages: list[Message] = []
    for part in build_parts(answer):
        shown: list[Block] = []
        for block in part.blocks:
            _add_slack(shown, block.to_dict())
        messages.append(shown)
    return messages


def in_discord(answer: str) -> list[Message]:
    """Return the messages that Discord shows."""
    from bot.dialects.discord_text import build_answer_parts  # likewise

    return [markdown.read(part) for part in build_answer_parts(answer)]


def on_page(answer: str) -> list[Message]:
    """Return what the page shows."""
    return [markdown.read(answer)]


def _add_slack(shown: list[Block], block: Mapping[str, Any]) -> None:
    match block["type"]:
        case "divider":
            shown.append(Rule())
        case "rich_text":
            for element in block["elements"]:
                _add_element(shown, element)
        case _:
            shown.append(Paragraph((Span(_unescaped(block["text"]["text"])),)))


def _add_element(shown: list[Block], element: Mapping[str, Any]) -> None:
    match element["type"]:
        case "rich_text_list":
            items = tuple((Paragraph(tuple(_spans(item))),) for item in element["elements"])
            start = 1 + element.get("offset", 0) if element["style"] == "ordered" else None
            _add_list(shown, Items(items, start), element.get("indent", 0))
        case "rich_text_preformatted":
            shown.append(Code("".join(span.text for span in _spans(element))))
        case "rich_text_quote":
            shown.append(Quote((Paragraph(tuple(_spans(element))),)))
        case _:
            shown.append(Paragraph(tuple(_spans(element))))


def _add_list(shown: list[Block], items: Items, indent: int) -> None:
    """Put a list below the last item of the one before, as deep as Slack indents it."""
    if indent and shown and isinstance(last := shown[-1], Items):
        inner = list(last.items[-1])
        _add_list(inner, items, indent - 1)
        shown[-1] = replace(last, items=(*last.items[:-1], tuple(inner)))
    elif shown and isinstance(last := shown[-1], Items) and _goes_on(last, items):
        shown[-1] = replace(last, items=(*last.items, *items.items))
    else:
        shown.append(items)


def _goes_on(last: Items, items: Items) -> bool:
    """Return whether a list is the rest of the one before, which Slack has in pieces around what is deeper."""
    return items.start == (None if last.start is None else last.start + len(last.items))


def _spans(element: Mapping[str, Any]) -> Iterator[Span]:
    for part in element["elements"]:
        style = {name: True for name in _STYLES if part.get("style", {}).get(name)}
        is_address = part["type"] == "link"
        yield Span(part["url"] if is_address else part["text"], is_address=is_address, **style)


def _unescaped(text: str) -> str:
    return text.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
