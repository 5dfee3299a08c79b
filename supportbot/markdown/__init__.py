"""Answers are Markdown at heart: what reads them, for platforms and for the terminal. It knows neither.

``tree`` is what is read, ``parser`` the library as it is set up here, ``pieces`` how long texts are taken.
"""

from supportbot.markdown.tree import (
    Block,
    Code,
    Items,
    Paragraph,
    Quote,
    Rule,
    Span,
    flatten,
    is_plain,
    read,
    to_text,
)

__all__ = [
    "Block",
    "Code",
    "Items",
    "Paragraph",
    "Quote",
    "Rule",
    "Span",
    "flatten",
    "is_plain",
    "read",
    "to_text",
]
