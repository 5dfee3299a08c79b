"""Each kind of document, read into sections."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from supportbot.feedback.curation.documents import markdown, pages, pdf, plain, word
from supportbot.feedback.curation.documents.errors import DocumentError
from supportbot.feedback.curation.documents.sections import Section
from tests.supportbot.feedback.curation.documents import files

PDF = [
    ("Help with orders", 20.0, 760.0),
    ("Returns", 16.0, 720.0),
    ("You may return an item within", 10.0, 700.0),
    ("thirty days of its deliv-", 10.0, 688.0),
    ("ery, unused.", 10.0, 676.0),
    ("Bring its receipt.", 10.0, 650.0),
    ("Refund status", 16.0, 610.0),
    ("Look into your account.", 10.0, 590.0),
]


def filled(sections: list[Section]) -> list[tuple[int, str, str]]:
    """Return sections without an empty beginning."""
    return [(each.level, each.title, each.body) for each in sections if each.title or each.body]


def test_markdown_stays_as_it_is() -> None:
    """Lists, code and emphasis stay; settings and comments go, and addresses at the end come to their links."""
    text = (
        '---\ntitle: "Shop help"\n---\nWelcome.\n\n# Returns\n\n<!-- who wrote this -->\n'
        "Use the [form][f], *please*.\n\n- one\n\n  # not a heading\n- two\n\n"
        "```sh\n# a comment\n[form][f]\n```\n\nRefund `status`\n---\nSee [f].\n\n[f]: https://shop.example/form\n"
    )
    assert filled(markdown.sections(text)) == [
        (0, "Shop help", "Welcome."),
        (
            1,
            "Returns",
            "Use the [form](https://shop.example/form), *please*.\n\n- one\n\n  # not a heading\n- two\n\n"
            "```sh\n# a comment\n[form][f]\n```",
        ),
        (2, "Refund status", "See [f]."),
    ]


def test_folding_boxes_in_markdown() -> None:
    """A box that folds is a heading with a text, written in HTML though it is."""
    text = "# Help\n\n<details><summary>Where is it?</summary>\n\nIn **Leeds**.\n\n</details>\n"
    assert filled(markdown.sections(text)) == [(1, "Help", ""), (7, "Where is it?", "In Leeds.")]


def test_page_without_what_is_around_it() -> None:
    """Menus, forms and footers go, code is fenced, links are whole; what follows a box belongs to its heading."""
    html = """<title>Help - Shop</title><header><a href="/">Shop</a></header><nav><h2>Menu</h2>All</nav>
    <main><header><h1>Returns</h1></header><p>Ask <a href="/form">here</a>
    <a class="headerlink" href="#r">¶</a></p>
    <details><summary>How long?</summary>Thirty days.</details><p>And more.</p>
    <h2 id="r">By post</h2><pre>run\n  it</pre><form>Newsletter <button>Go</button></form></main>
    <footer>© Shop</footer>"""
    assert filled(pages.sections(html, "https://shop.example/help/")) == [
        (1, "Returns", "Ask here (https://shop.example/form)\n\nAnd more."),
        (7, "How long?", "Thirty days."),
        (2, "By post", "```\nrun\n  it\n```"),
    ]
    assert pages.title(html) == "Help - Shop"


def test_page_whose_main_part_is_little() -> None:
    """A part that calls itself the main one but has next to no text is not taken for it."""
    html = f"<main>Logo</main><div><h2>Returns</h2><p>{'Within thirty days. ' * 9}</p></div>"
    assert [each.title for each in pages.sections(html)][1:] == ["Returns"]


def test_word_has_heading_styles() -> None:
    """Heading styles are headings, whatever their depth; contents are left out."""
    content = files.docx(
        ("Title", "Shop help"),
        ("toc 1", "Returns 3"),
        ("heading 1", "Returns"),
        ("", "Within thirty days."),
        ("heading 2", "By post"),
        ("", "Use the label."),
    )
    assert filled(word.sections(BytesIO(content), "help.docx")) == [
        (1, "Shop help", ""),
        (1, "Returns", "Within thirty days."),
        (2, "By post", "Use the label."),
    ]


def test_word_without_heading_styles() -> None:
    """Bold lines are headings where nothing else is."""
    content = files.docx(("bold", "Returns"), ("", "Within thirty days."))
    assert filled(word.sections(BytesIO(content), "help.docx")) == [(2, "Returns", "Within thirty days.")]


def test_word_that_is_none() -> None:
    """Other bytes, another archive and a bomb are refused in a sentence."""
    with pytest.raises(DocumentError, match=r"'a\.docx' is not a readable Word document"):
        word.sections(BytesIO(b"\xd0\xcf\x11\xe0 old or encrypted"), "a.docx")
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("other.txt", "x")
    with pytest.raises(DocumentError, match="not a readable Word document"):
        word.sections(packed, "a.docx")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(100_000_001))
    with pytest.raises(DocumentError, match="larger than 100 MB"):
        word.sections(packed, "a.docx")


def test_pdf_has_larger_headings() -> None:
    """Larger lines are headings by their size; lines become paragraphs, and divided words whole."""
    assert filled(pdf.sections(BytesIO(files.pdf(PDF)), "help.pdf")) == [
        (1, "Help with orders", ""),
        (2, "Returns", "You may return an item within thirty days of its delivery, unused.\n\nBring its receipt."),
        (2, "Refund status", "Look into your account."),
    ]


def test_pdf_has_bold_headings() -> None:
    """A bold line of the text's own size is a heading too, and items of a list are lines."""
    lines = [
        ("Returns", 10.0, 700.0),
        ("Bring these things with you to the shop, please:", 10.0, 688.0),
        ("\\225 the receipt", 10.0, 676.0),
        ("\\225 the item", 10.0, 664.0),
    ]
    read = pdf.sections(BytesIO(files.pdf(lines, bold=["Returns"])), "help.pdf")
    body = "Bring these things with you to the shop, please:\n- the receipt\n- the item"
    assert filled(read) == [(1, "Returns", body)]


def test_pdf_whose_lines_all_look_alike() -> None:
    """Then short lines with a text beneath are headings, as in plain text."""
    lines = [
        ("Returns", 10.0, 700.0),
        ("Within thirty days of delivery.", 10.0, 670.0),
        ("unused and with the receipt.", 10.0, 658.0),
        ("in the box that it came in.", 10.0, 646.0),
    ]
    body = "Within thirty days of delivery. unused and with the receipt. in the box that it came in."
    assert filled(pdf.sections(BytesIO(files.pdf(lines)), "help.pdf")) == [(2, "Returns", body)]


def test_pdf_without_running_titles() -> None:
    """What stands at the edge of most pages and the numbers of pages are no text; numbers of chapters go."""
    first, second, third = (
        [
            ("Shop handbook", 8.0, 800.0),
            (f"{page}.1 {name}", 16.0, 720.0),
            (f"All about {name.lower()} is in your account.", 10.0, 700.0),
            (f"It is there until {name} are over.", 10.0, 688.0),
            (f"{page}", 8.0, 40.0),
        ]
        for page, name in ((1, "Orders"), (2, "Returns"), (3, "Refunds"))
    )
    read = filled(pdf.sections(BytesIO(files.pdf(first, second, third)), "help.pdf"))
    assert [title for _, title, _ in read] == ["Orders", "Returns", "Refunds"]
    assert read[2][2] == "All about refunds is in your account. It is there until Refunds are over."


def test_pdf_that_cannot_be_read() -> None:
    """One with a password, one of pictures and one that is none are refused; an empty password opens a file."""
    content = files.pdf(PDF)
    with pytest.raises(DocumentError, match=r"'a\.pdf' is protected with a password"):
        pdf.sections(BytesIO(files.encrypted(content, "secret")), "a.pdf")
    assert len(filled(pdf.sections(BytesIO(files.encrypted(content, "")), "a.pdf"))) == 3
    with pytest.raises(DocumentError, match=r"'a\.pdf' has no text, only pictures of it"):
        pdf.sections(BytesIO(files.pdf([])), "a.pdf")
    for broken in (b"%PDF-1.4 and nothing", b"something else"):
        with pytest.raises(DocumentError, match=r"'a\.pdf' is damaged or not a PDF"):
            pdf.sections(BytesIO(broken), "a.pdf")


def test_plain_text_has_short_lines() -> None:
    """A short line that ends like no sentence is a heading, underlined or not; items are none."""
    text = (
        "Written by Ada.\n\nRETURNS\n=======\n\n"
        "Refund status\nLook into your account.\nWhat is there is never older "
        "than a day.\n\nQ: Where is my order?\nA: In Leeds, as all of them are, until somebody comes and\n"
        "fetches it\n\nBring:\n\n- the receipt\n\n- the item\n\nThe end"
    )
    assert filled(plain.sections(text)) == [
        (0, "", "Written by Ada."),
        (1, "RETURNS", ""),
        (2, "Refund status", "Look into your account.\nWhat is there is never older than a day."),
        (
            2,
            "Where is my order?",
            "In Leeds, as all of them are, until somebody comes and\nfetches it\n\n"
            "Bring:\n\n- the receipt\n\n- the item\n\nThe end",
        ),
    ]
