"""One thing written in many ways: invisible characters, unusual blanks, full width and entities hide nothing."""

from __future__ import annotations

import html

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supportbot.redact import Redacted, redact

SECRETS = [
    ("my password is ", "sun!shine42"),
    ("mot de passe : ", "Soleil2024"),
    ("write to ", "anna.lopez@example.com"),
    ("call ", "+49 151 23456789"),
    ("my card ", "4111 1111 1111 1111"),
    ("", "DE89 3704 0044 0532 0130 00"),
    ("from ", "203.0.113.42"),
    ("", "dop_v1_" + "4f1a9c3e7b2d8f6a0c5e9b1d7f3a2c8e4b6d0f9a1c3e5b7d9f2a4c6e8b0d1f3a"),
    ("my customer number is ", "99887766"),
    ("geboren am ", "12.08.1969"),
]
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u202e\u034f\ufe0f\u180e"
NARROW = "\u2006\u2008\u2009\u200a\u202f\u205f"
BLANKS = "\u00a0\u2000\u2002\u2003\u2004\u2005\u2007\u3000\u1680\u2800" + NARROW


def full_width(text: str) -> str:
    """Return text with each sign of ASCII in full width."""
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_inserted_characters_hide_nothing(data: st.DataObject) -> None:
    """Invisible characters and narrow blanks at any places inside a secret leave none of it behind."""
    cue, secret = data.draw(st.sampled_from(SECRETS))
    places = data.draw(st.lists(st.integers(1, len(secret) - 1), min_size=1, max_size=6))
    sign = data.draw(st.sampled_from(INVISIBLE + NARROW))
    disguised = secret
    for place in sorted(places, reverse=True):
        disguised = disguised[:place] + sign + disguised[place:]
    before = redact(cue + secret)
    after = redact(cue + disguised)
    assert after.counts == before.counts
    assert after.text == before.text


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(SECRETS), st.sampled_from([full_width, html.escape]), st.booleans())
def test_other_forms_hide_nothing(planted: tuple[str, str], form: object, cue_too: bool) -> None:
    """Full width and entities are read as what they stand for, in the secret and in the word before it."""
    cue, secret = planted
    assert callable(form)
    before = redact(cue + secret)
    after = redact((form(cue) if cue_too else cue) + form(secret))
    assert after.counts == before.counts
    assert secret not in after.text
    assert form(secret) not in after.text


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(SECRETS), st.sampled_from(BLANKS))
def test_any_blank_is_a_blank(planted: tuple[str, str], blank: str) -> None:
    """A blank of any width parts words and digits as the usual one does."""
    cue, secret = planted
    assert redact((cue + secret).replace(" ", blank)).counts == redact(cue + secret).counts


@pytest.mark.parametrize("entity", ["&#64;", "&#x40;", "&commat;", "&amp;#64;", "%40"])
def test_entities_are_read(entity: str) -> None:
    """An at sign is one however a web page writes it; the rest of the text stays as it was typed."""
    assert redact(f"A&amp;B: anna{entity}example.com").text == "A&amp;B: [email]"


def test_the_rest_stays_as_it_was_typed() -> None:
    """Only what is found is replaced: unusual characters beside it are the writer's."""
    text = "Größe\u00a042, 1\u202f249,00\u00a0€ – ｆｕｌｌ “x” a\u200bb [card] anna@example.com &nbsp;"
    assert redact(text).text == text.replace("anna@example.com", "[email]")


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([cue + secret for cue, secret in SECRETS]),
            st.sampled_from(INVISIBLE + BLANKS + "&;[]%40"),
        )
    ).map("".join)
)
def test_redacting_disguises_twice_changes_nothing(text: str) -> None:
    """The result is a fixed point whatever stands between the finds."""
    once = redact(text)
    assert redact(once.text) == Redacted(once.text, {})
