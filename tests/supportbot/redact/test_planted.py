"""A list of invented lines in six languages: what was planted is gone, and what only looks alike stays."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from supportbot.redact import redact
from supportbot.redact._finds import PLACEHOLDER
from supportbot.redact._hinted import Hinted
from supportbot.redact._view import views

LIST = Path(__file__).with_name("planted.txt")
MARK = re.compile(r"\[\[(?P<kind>\w+)(?P<missed>\??):(?P<planted>.*?)\]\]|\(\((?P<harmless>.*?)\)\)(?!\))")
CHARACTER = re.compile(r"\{U\+(\w+)\}")


@dataclass(frozen=True)
class Line:
    """A text, what must go from it, and what must stay."""

    text: str
    planted: list[str]
    harmless: list[str]


def read_line(line: str) -> Line:
    """Read one line of the list, whose head says how it is written."""
    line = CHARACTER.sub(lambda found: chr(int(found[1], 16)), line.replace("{+}", ""))
    marks = list(MARK.finditer(line))
    return Line(
        text=MARK.sub(lambda found: found["planted"] or found["harmless"], line),
        planted=[mark["planted"] for mark in marks if mark["kind"] and not mark["missed"]],
        harmless=[mark["harmless"] for mark in marks if not mark["kind"]],
    )


HINTED = [
    pattern
    for module in [module for name, module in sys.modules.items() if name.startswith("supportbot.redact._")]
    for value in vars(module).values()
    for pattern in (value.values() if isinstance(value, dict) else [value])
    if isinstance(pattern, Hinted)
]

LINES = [read_line(line) for line in LIST.read_text("utf-8").splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.text[:40])
def test_planted_goes_and_harmless_stays(line: Line) -> None:
    """Each planted value is gone, once more than it stands elsewhere in the line; nothing harmless is."""
    redacted = redact(line.text).text
    assert [value for value in line.planted if redacted.count(value) >= line.text.count(value)] == []
    assert [value for value in line.harmless if value not in redacted] == []


def test_the_list_is_long_enough() -> None:
    """The list stays what it is measured by: more than 300 planted values, and harmless ones beside them."""
    assert sum(len(line.planted) for line in LINES) > 300
    assert sum(len(line.harmless) for line in LINES) > 150


def test_hints_fit_the_words() -> None:
    """A pattern that is skipped for want of a hint would not have matched, in any of the languages."""
    for line in LINES:
        for view in views(line.text, PLACEHOLDER):
            for hinted in HINTED:
                if not hinted.may_match(view):
                    found = hinted.pattern.search(view.folded if hinted.folded else view.text)
                    assert not found, found


CARD_NUMBERS = ["4111 1111 1111 1111", "4012888888881881", "5105105105105100"]
ORDERS = [
    "order number",
    "Bestellnummer",
    "numéro de commande",
    "número de pedido",
    "numer zamówienia",
    "encomenda",
]


@pytest.mark.parametrize("number", CARD_NUMBERS)
@pytest.mark.parametrize("word", ORDERS)
def test_an_order_that_is_a_valid_card_number_stays(word: str, number: str) -> None:
    """Where a word says that a number is an order, its check digit does not make it a card."""
    assert redact(f"{word} {number}").text == f"{word} {number}"
    assert redact(f"card {number}, {word} 4021").counts == {"card": 1}
