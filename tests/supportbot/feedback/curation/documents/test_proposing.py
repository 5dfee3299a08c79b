"""What of a document is proposed, and with which question."""

from __future__ import annotations

import pytest

from supportbot.feedback.curation.documents.markdown import sections
from supportbot.feedback.curation.documents.pieces import MOST, pieces
from supportbot.feedback.curation.documents.proposing import Proposals, Skip, propose
from supportbot.feedback.curation.documents.sections import Document
from supportbot.feedback.curation.documents.wording import question

TEXT = "You have thirty days, and the item must be unused."


def proposed(text: str, name: str = "help.md") -> Proposals:
    """Return what a Markdown document offers."""
    return propose(Document(name, "Markdown", sections(text), "Help"))


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        (["Refund status"], "Refund status"),
        (["Returns", "Refund Status"], "Returns: refund status"),
        (["Help center", "Returns", "Refund status"], "Returns: refund status"),
        (["Returns", "Where is my refund?"], "Where is my refund?"),
        (["Returns", "How to send it back"], "How to send it back"),
        (["How do I return it?", "By post"], "How do I return it? By post"),
        (["2. Payment", "2.1 PayPal and VAT in the EU"], "Payment: PayPal and VAT in the EU"),
        (["Payment", "Connect your shop to Stripe"], "Payment: connect your shop to Stripe"),
        (["FAQ", "Q3: May I?"], "May I?"),
        (["Returns", "returns"], "returns"),
    ],
)
def test_question(path: list[str], asked: str) -> None:
    """A heading that asks stands alone, another one behind the one above; names and abbreviations stay."""
    assert question(path, english=True) == asked


def test_capitals_stay_where_they_belong_to_the_word() -> None:
    """German nouns keep theirs."""
    text = "# Rückgabe\n\n## Erstattungsstatus\n\nDen Stand sehen Sie jederzeit in Ihrem Konto."
    assert [each.question for each in proposed(text).proposals] == ["Rückgabe: Erstattungsstatus"]


def test_what_is_no_answer() -> None:
    """Headings alone, captions, contents, lists of links, short texts and beginnings are skipped and counted."""
    offer = proposed(
        f"Written by Ada.\n\n# Returns\n\nall about what comes back\n\n## Contents\n\n- [Status](#s)\n\n"
        f"### More\n\n{TEXT}\n\n"
        f"## Status\n\n{TEXT}\n\n## Where\n\nIn Leeds.\n\n## Empty\n\n"
        "## Forms\n\n- [Label](https://shop.example/l)\n- [Form](https://shop.example/f)\n"
    )
    assert [(each.question, each.answer) for each in offer.proposals] == [("Returns: status", TEXT)]
    assert offer.skipped == {Skip.UNTITLED: 1, Skip.EMPTY: 2, Skip.NAVIGATION: 3, Skip.SHORT: 1}
    assert offer.sections == 8


def test_document_without_headings() -> None:
    """All of it is one passage, asked by the document's title."""
    assert [each.question for each in proposed(TEXT).proposals] == ["Help"]


def test_steps_of_an_answer() -> None:
    """A heading that asks takes deeper ones with it, unless that is too long or they ask themselves."""
    steps = f"# How do I return it?\n\n## Pack it\n\n{TEXT}\n\n## Send it\n\nUse the label in the box.\n\n"
    (offer,) = proposed(steps).proposals
    assert offer.answer == f"**Pack it**\n\n{TEXT}\n\n**Send it**\n\nUse the label in the box."
    several = proposed(steps + f"## May I keep it?\n\n{TEXT}\n\n## Fee\n\n{TEXT * 30}").proposals
    assert [each.question for each in several] == [
        "How do I return it?",
        "May I keep it?",
        "How do I return it? Fee",
    ]


def test_long_passage_is_divided() -> None:
    """Further pieces are told apart by their first sentence; none is longer than it has to be."""
    text = "\n\n".join(f"Of paragraph {number} this is the start. {TEXT * 10}" for number in range(4))
    offer = proposed(f"# Returns\n\n{text}")
    assert [each.question for each in offer.proposals] == [
        "Returns",
        "Returns: Of paragraph 2 this is the start",
    ]
    assert "\n\n".join(each.answer for each in offer.proposals) == text
    assert (max(len(each.answer) for each in offer.proposals) <= MOST, offer.long) == (True, 0)


@pytest.mark.parametrize(
    "block",
    [
        "\n\n".join(f"- item {number} {TEXT}" for number in range(40)),
        "```\n" + f"{TEXT}\n\n" * 40 + "```",
        "| a | b |\n|---|---|\n" + f"| {TEXT} | 1 |\n" * 40,
    ],
)
def test_lists_code_and_tables_stay_whole(block: str) -> None:
    """Nothing is divided inside them, and what announces them stays with them; this is counted."""
    text = f"{TEXT * 25}\n\nThese are all:\n\n{block}\n\n{TEXT * 10}"
    divided = pieces(text)
    assert [piece.startswith(("You", "These")) for piece in divided] == [True, True, True]
    assert divided[1] == f"These are all:\n\n{block.strip()}"
    assert proposed(f"# Returns\n\n{text}").long == 1


def test_passage_is_known_again() -> None:
    """Its origin changes with the document's name, a heading above or its text, and with nothing else."""
    text = f"# Returns\n\n## Status\n\n{TEXT}\n"
    (origin,) = (each.origin for each in proposed(text).proposals)
    assert origin.startswith("document:")
    assert next(each.origin for each in proposed(f"{text}\n# More\n\n{TEXT}").proposals) == origin
    changed = [
        (text, "a.md"),
        (text.replace("Returns", "Return"), "help.md"),
        (text.replace("30", "31") + "!", "help.md"),
    ]
    assert origin not in [each.origin for other, name in changed for each in proposed(other, name).proposals]
