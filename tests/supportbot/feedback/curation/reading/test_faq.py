"""Pages: which headings are questions, and what their answers are."""

from __future__ import annotations

from pathlib import Path

import pytest

from supportbot.feedback.curation.reading import read_table
from tests.supportbot.feedback.curation.reading.files_of import pairs_of, refusal_of, rows_of

MARKDOWN = """---
title: Help
---

# Help

Here is what people ask.

## Orders

### How do I *pay*?

By **card**, see [prices](https://x.example).

* now
* later

```sh
# no heading
```

May I return it?
----------------

In three steps.

#### Step 1

Pack it.

> # Quoted

### Where to?

To Leeds.

## Contact
"""

HTML = """<!DOCTYPE html><html><head><title>FAQ</title></head><body><nav><h2>Menu</h2>x</nav>
<h1>FAQ</h1><p>Welcome.</p>
<h2>Orders</h2>
<div><div><h3><button>How do I pay?</button></h3></div><div><p>By <b>card</b>.</p><p>Or cash.</p></div></div>
<h3>May I return it?</h3><p>In steps.</p><h4>Step 1</h4><p>Pack it.</p>
<dl><dt>Where to?</dt><dd>To <a href="https://x.example">Leeds</a>.</dd><dt>When?</dt><dd>Now.</dd></dl>
<p>Not an answer.</p>
<details><summary>What if it broke?</summary>We fix it.</details> Neither.
<footer>Imprint</footer></body></html>
"""


def test_markdown_headings(tmp_path: Path) -> None:
    """Titles and groups are none, steps belong to their answer, Markdown stays, lines are the file's."""
    path = tmp_path / "faq.md"
    path.write_text(MARKDOWN, "utf-8", newline="\r\n")
    assert read_table(path).kind == "Markdown with questions as headings, UTF-8"
    assert [(row.line, row.question, row.answer) for row in rows_of(path)] == [
        (
            11,
            "How do I pay?",
            "By **card**, see [prices](https://x.example).\n\n* now\n* later\n\n```sh\n# no heading\n```",
        ),
        (22, "May I return it?", "In three steps.\n\n#### Step 1\n\nPack it.\n\n> # Quoted"),
        (33, "Where to?", "To Leeds."),
    ]


def test_html_headings(tmp_path: Path) -> None:
    """Headings, terms and boxes that fold are questions; what is around the page is not read."""
    path = tmp_path / "faq.html"
    path.write_text(HTML, "utf-8")
    assert read_table(path).unit == "heading"
    assert pairs_of(path) == [
        ("How do I pay?", "By card.\n\nOr cash."),
        ("May I return it?", "In steps.\n\nStep 1\nPack it."),
        ("Where to?", "To Leeds (https://x.example)."),
        ("When?", "Now."),
        ("What if it broke?", "We fix it."),
    ]


def test_boxes_in_markdown(tmp_path: Path) -> None:
    """Boxes that fold are read in Markdown too."""
    path = tmp_path / "faq.md"
    path.write_text("# FAQ\n\n<details>\n<summary>How?</summary>\n\nLike **this**.\n\n</details>\n", "utf-8")
    assert pairs_of(path) == [("How?", "Like this.")]


def test_answers_of_a_page_are_text_already(tmp_path: Path) -> None:
    """Tags that a page shows as text are kept as text."""
    path = tmp_path / "faq.html"
    path.write_text("<h2>How is it bold?</h2><p>With &lt;b&gt;</p>", "utf-8")
    assert pairs_of(path) == [("How is it bold?", "With <b>")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("faq.md", "Just text.\n"),
        ("faq.md", "# Title\n\n## Group\n"),
        ("faq.html", "<p>Text</p>"),
        ("faq.htm", " "),
    ],
)
def test_a_page_without_questions_is_a_sentence(tmp_path: Path, name: str, content: str) -> None:
    """The operator reads how a page has to look."""
    (tmp_path / name).write_text(content, "utf-8")
    assert "has no questions: write each as a heading with its answer below" in refusal_of(tmp_path / name)
