"""A page in HTML: the part of it that is the document, without what a site puts around every page.

The main part is what the page itself calls so (``main``, or its only ``article``); a page that calls nothing so is
taken whole. Menus, forms, contents and the like go; links get whole addresses, code gets fences. How the rest is
written down is ``reading.markup``'s.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from supportbot.feedback.curation.documents.sections import Section
from supportbot.feedback.curation.reading.markup import passages

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_TITLES = ("h1", "h2", "h3", "h4", "h5", "h6", "dt", "summary")
_FOLDED = 7
"""The level of a term or a folding box; what follows behind such a list belongs to the heading above it."""

_AROUND = (
    "nav, footer, aside, form, button, dialog, "
    "[role=navigation], [role=banner], [role=contentinfo], [role=search], [role=complementary], "
    "[aria-hidden=true], [hidden], "
    ".toc, #toc, .table-of-contents, .breadcrumb, .breadcrumbs, .headerlink, .sidebar, .pagination, "
    ".cookie-banner, .cookie-consent, .skip-link"
)
_LEAST_SHARE = 0.2
"""Of a page's text, for its main part: one with less holds a lead or a picture, and the text is beside it."""

_CODE = re.compile(r"<pre\b[^>]*>(.*?)</pre>", re.DOTALL | re.IGNORECASE)


def sections(text: str, address: str = "") -> list[Section]:
    """Return the sections of a page; the first is what stands before its headings.

    Args:
        text: HTML.
        address: of the page, for links within its site.
    """
    found = [Section(0, "", "")]
    above = 0
    """The last section that is no term and no folding box."""
    for each in passages(_main(text, address), _TITLES):
        if each.title:
            if each.level < _FOLDED:
                above = len(found)
            found.append(Section(each.level, each.title, each.body))
        elif each.body:
            before = found[above]
            found[above] = Section(before.level, before.title, f"{before.body}\n\n{each.body}".strip())
    return found


def title(text: str) -> str:
    """Return what a page is called in a browser, or nothing."""
    from selectolax.lexbor import LexborHTMLParser  # wanted for HTML only

    node = LexborHTMLParser(text).css_first("title")
    return " ".join(node.text().split()) if node else ""


def _main(text: str, address: str) -> str:
    from selectolax.lexbor import LexborHTMLParser  # wanted for HTML only

    page = LexborHTMLParser(text)
    for node in page.css(_AROUND):
        if node.css_first("h1") is None:
            node.decompose()
    for link in page.css("a[href]") if address else ():
        href = link.attributes.get("href") or ""
        link.attrs["href"] = "" if href.startswith("#") else urljoin(address, href)
    part = _part(page)
    html = (part.html if part is not None else "") or ""
    return _CODE.sub(lambda code: f"<pre>```\n{code[1].strip(chr(10))}\n```</pre>", html)


def _part(page: LexborHTMLParser) -> LexborNode | None:
    whole = page.body
    for name in ("main", "[role=main]", "article"):
        nodes = page.css(name)
        if whole is not None and len(nodes) == 1 and _length(nodes[0]) >= _LEAST_SHARE * _length(whole):
            return nodes[0]
    for header in page.css("header"):
        if header.css_first("h1, h2") is None:
            header.decompose()
    return page.body


def _length(node: LexborNode) -> int:
    return len("".join(node.text().split()))
