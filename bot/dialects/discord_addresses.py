"""A paragraph that pings nobody, hides no address and leaves no code open.

A masked link shows its address behind the words, in the brackets that switch the preview off. Of backticks only
those stay that open and close something within the paragraph; any other is escaped, so Discord finds code where it
is found here. Within code only what would hide an address is pulled apart: Discord looks for links across code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from discord.utils import escape_mentions
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, backtick, image, link

FENCE = "```"

_MASKING = re.compile(r"\]\((?=\s*<?\s*[a-z][a-z0-9+.-]*:)", re.IGNORECASE)

_Rule = Callable[[StateInline, bool], bool]


@dataclass(slots=True)
class _Found:
    """Links and code of a paragraph: begin, end, and what is shown instead."""

    source: str
    spans: list[tuple[int, int, str, bool]] = field(default_factory=list)


def harmless_code(text: str) -> str:
    """Return code that pings nobody, hides no address and is not closed by anything in it."""
    return _MASKING.sub("] (", escape_mentions(re.sub("``(?=`)", "`` ", text)))


def harmless(text: str) -> str:
    """Return a paragraph that pings nobody, hides no address and leaves no code open."""
    return escape_mentions(_without_links(text) if "`" in text or "](" in text else text)


def _without_links(text: str) -> str:
    """Return a paragraph with visible addresses, and with no backtick that opens or closes nothing."""
    found = _Found(text)
    parser().inline.parse(text, parser(), {"found": found}, [])
    shown, plain, last = "", "", 0
    for begin, end, instead, is_code in sorted(found.spans):
        if begin < last:  # within the label of a link
            continue
        plain += text[last:begin]
        last = end
        if is_code:
            shown, plain = shown + _apart(plain) + instead, ""
        else:
            plain += instead
    return shown + _apart(plain + text[last:])


def _apart(plain: str) -> str:
    """Keep a bracket and a parenthesis from making a link that Discord would find and we did not."""
    return plain.replace("](", "] (")


@cache
def parser() -> MarkdownIt:
    """Return a parser of tables, addresses and code, which takes everything else of Markdown for text."""
    rules = MarkdownIt("zero").enable(["table", "escape", "backticks", "emphasis", "link", "image", "autolink"])
    rules.inline.ruler.at("backticks", _noting_code)
    rules.inline.ruler.at("link", _noting(link, "link_open", "href", 0))
    rules.inline.ruler.at("image", _noting(image, "image", "src", 1))
    rules.normalizeLink = str  # type: ignore[assignment,method-assign] # an address is shown as it was written
    return rules


def _noting(rule: _Rule, kind: str, attribute: str, skipped: int) -> _Rule:
    """Return a rule that also notes which link it found."""

    def noting(state: StateInline, silent: bool) -> bool:
        begin, known = state.pos, len(state.tokens)
        is_found = rule(state, silent)
        found = state.env.get("found")
        if is_found and not silent and found is not None and state.src is found.source:
            label = state.src[begin + skipped + 1 : state.md.helpers.parseLinkLabel(state, begin + skipped)]
            address = next(str(token.attrs[attribute]) for token in state.tokens[known:] if token.type == kind)
            found.spans.append((begin, state.pos, visible_link(_without_links(label), address), False))
        return is_found

    return noting


def _noting_code(state: StateInline, silent: bool) -> bool:
    """Find code within a paragraph as ever, and note it, and which backticks open none."""
    begin = state.pos
    is_found = backtick(state, silent)
    found = state.env.get("found")
    if is_found and not silent and found is not None and state.src is found.source:
        span = state.src[begin : state.pos]
        inside = span.strip("`")
        marks = len(span) - len(span.lstrip("`"))
        stays = bool(inside.strip()) and marks <= len(FENCE) and FENCE not in span[marks:-marks]
        found.spans.append(
            (begin, state.pos, _MASKING.sub("] (", span) if stays else span.replace("`", "\\`"), stays)
        )
    return is_found


def visible_link(label: str, address: str, *, in_code: bool = False) -> str:
    """Return words and address of a link, once if they are the same; brackets around the address end the preview.

    Args:
        label: the words, harmless already.
        address: as it was written.
        in_code: where brackets would be shown.
    """
    address = address.replace("`", "%60")
    # Discord makes links of these alone, and of an address with such a sign it would take a part.
    is_link = address.startswith(("http://", "https://")) and not re.search(r"[\s<>]", address)
    shown = f"<{address}>" if is_link and not in_code else address
    return shown if label.strip() in ("", address) else f"{label} ({shown})"
