"""HTML as readable text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supportbot.feedback.curation.reading.markup import passages, readable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<p>One.</p><p>Two<br>lines<br/>here.</p>", "One.\n\nTwo\nlines\nhere."),
        (
            "<p>Do:</p><ul><li>this</li> <li>that<ol><li>x<li>y</ol></ul>End",
            "Do:\n\n- this\n- that\n  1. x\n  2. y\n\nEnd",
        ),
        ("<ul><li><p>a</p></li><li><p>b</p></li></ul>", "- a\n- b"),
        ("<li>a<li>b", "- a\n- b"),
        ("See <a href='https://x.example/r'> here </a>.", "See here (https://x.example/r) ."),
        ("<a href='https://x.example'>https://x.example</a>", "https://x.example"),
        ("<a href='mailto:a@b.example'>a@b.example</a> <a href='tel:123'>call</a>", "a@b.example call (tel:123)"),
        ("<a href='/returns'>Returns</a> <a href='javascript:x()'>now</a> <a>or</a>", "Returns now or"),
        ("<a href='https://x.example/i'><img src='i.png'></a>", "https://x.example/i"),
        ("<img src='i.png' alt='The button'>", "The button"),
        ("<p>a&nbsp;&nbsp;b &lt;c&gt; &amp;amp;</p>", "a b <c> &amp;"),
        ("<div>a</div><div>b</div><script>x</script><style>p{}</style><!-- c -->", "a\nb"),
        ("<table><tr><th>Day<th>Hour<tr><td>Mo<td>9</table>", "Day | Hour\nMo | 9"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<p>a <b> b </b> c\n   d</p>", "a b c d"),
        ("Bare <b>text</b>\nin lines<br>\nand <i>more</i>", "Bare text\nin lines\nand more"),
        ("Word<![if !supportLists]>&nbsp;<![endif]><p>x", "Word\n\nx"),
        ("Terms &amp; conditions&#39;", "Terms & conditions'"),
        ("<P CLASS=x>A</P>", "A"),
    ],
)
def test_tags_become_text(text: str, shown: str) -> None:
    """Paragraphs, lists, links and tables are written down as a person would."""
    assert readable(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "a < b and c > d",
        "Enter <your name> or <a@b.example>, see <https://x.example>.",
        "# Markdown\n\n* a [link](https://x.example)\n* `<br>` and \\<b>",
        "```html\n<p>x</p>\n```",
        "x&copy=1&y; AT&T",
        "  spaces \n\n stay\t",
        "<",
    ],
)
def test_what_is_no_html_stays(text: str) -> None:
    """Prose, Markdown, placeholders and code are left as they are."""
    assert readable(text) == text


def test_deep_pages_are_read() -> None:
    """A page may be nested deeper than Python calls functions."""
    assert readable("<div>" * 20_000 + "x") == "x"


@given(
    st.lists(st.sampled_from([*"<>/!-[]&;\"' =\n", "<p", "</li", "<a ", "<ul>", "</ul>", "<td>", "<br>", "href="]))
)
def test_any_rubbish_is_read(parts: list[str]) -> None:
    """Broken tags are no error, in a cell or on a page."""
    text = "".join(parts)
    readable(text)
    passages(f"<li><a href='https://x'>{text}", ("h1", "dt"))
