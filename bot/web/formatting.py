"""An answer's Markdown as elements of the page.

What people and models wrote stays in text nodes, so it can't become markup; of its own making there is only the
address of a link, which ``supportbot.markdown`` lets be clicked only if it is plain and leads to a web page.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.web.nodes import node
from supportbot.markdown import Block, Code, Items, Paragraph, Quote, Span

_STYLES = ("bold", "italic", "strike")


def build_blocks(blocks: Sequence[Block]) -> None:
    """Build the elements of what an answer says, in the element that is open.

    Args:
        blocks: as ``supportbot.markdown.read`` returns them.
    """
    for block in blocks:
        match block:
            case Paragraph():
                with node("p", classes="heading" if block.is_heading else "", dir="auto"):
                    _build_spans(block.spans)
            case Code():
                with node("pre"):
                    node("code", block.text)
            case Quote():
                with node("blockquote"):
                    build_blocks(block.blocks)
            case Items():
                with node("ul") if block.start is None else node("ol", start=block.start):
                    for item in block.items:
                        with node("li"):
                            build_blocks(item)
            case _:
                node("hr")


def _build_spans(spans: Sequence[Span]) -> None:
    for span in spans:
        if span.is_address:
            node("a", span.text, href=span.text, target="_blank", rel="noopener noreferrer nofollow")
        elif span.code:
            node("code", span.text)
        else:
            node("span", span.text, classes=" ".join(name for name in _STYLES if getattr(span, name)))
