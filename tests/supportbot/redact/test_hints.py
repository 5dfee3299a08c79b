"""Hints for a curator: what redaction leaves although it may be personal, with its place in the text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supportbot.redact import hints, redact

HINTED = [
    ("address", "the parcel went to 12 Baker Street instead", "12 Baker Street"),
    ("address", "der Bote war in der Lindenallee 8b", "Lindenallee 8b"),
    ("address", "le livreur a vu 12 bis rue des Tilleuls", "12 bis rue des Tilleuls"),
    ("address", "lo dejaron en Calle del Olmo 24", "Calle del Olmo 24"),
    ("address", "kurier był na ul. Lipowej 7/12", "ul. Lipowej 7/12"),
    ("address", "o estafeta foi à Rua das Oliveiras, 55", "Rua das Oliveiras, 55"),
    ("address", "it is still in 69003 Lyon", "69003 Lyon"),
    ("name", "it was Odette Marsh who took it", "Odette Marsh"),
    ("name", "I am Quilla, where is it?", "Quilla"),
    ("user", "ask @odette about it", "@odette"),
    ("phone", "I wrote 612 345 678 on it", "612 345 678"),
]


@pytest.mark.parametrize(("kind", "text", "shown"), HINTED)
def test_hinted(kind: str, text: str, shown: str) -> None:
    """Redaction leaves these, and a person is shown where they stand."""
    assert redact(text).text == text
    assert [(hint.kind, text[hint.start : hint.end]) for hint in hints(text)] == [(kind, shown)]


@pytest.mark.parametrize(
    "text",
    [
        "Where is my order 4021-553? It cost 49.95 EUR on 2026-11-22.",
        "Thanks for the quick help",
        "my name is [name], I live at [address], write to [email]",
        "Das Paket ist noch nicht da.",
        "",
    ],
)
def test_nothing_to_look_at(text: str) -> None:
    """Ordinary questions have no hints, and what is redacted is done with."""
    assert hints(text) == []


def test_places_are_those_of_the_text_as_typed() -> None:
    """Invisible characters and entities in front of a hint move nothing."""
    text = "a\u200bb &amp; c: Odette\u00a0Marsh"
    [hint] = hints(text)
    assert text[hint.start : hint.end] == "Odette\u00a0Marsh"


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text_is_accepted(text: str) -> None:
    """No text raises; hints come in order, without overlaps, and are never empty."""
    found = hints(text)
    edges = [place for hint in found for place in (hint.start, hint.end)]
    assert edges == sorted(edges)
    assert all(hint.start < hint.end <= len(text) for hint in found)
