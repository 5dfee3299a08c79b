"""Questions as people type them come to the words that they mean."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supportbot.intake.normalise import normalise_question

_MEANT = "How do I return an item?"


@pytest.mark.parametrize(
    "typed",
    [
        _MEANT,
        "How do I\nreturn an item?",
        "How do I\r\n\r\nreturn an item?",
        "How do I return\u2028an item?",
        "How\u00a0do\u00a0I\u00a0return\u00a0an\u00a0item?",
        "How  do \t I   return  an item? ",
        "How do I re\u00adturn an item?",
        "How do I re\u200bturn an\ufeff item?",
        "\u202eHow do I return an item?\u202c",
        "Ｈｏｗ ｄｏ Ｉ ｒｅｔｕｒｎ ａｎ ｉｔｅｍ？",
        "Hi, How do I return an item?",
        "Hi,\nHow do I return an item?",
        "Hello there! How do I return an item?",
        "hey team\nHow do I return an item?",
        "Dear support team,\n\nHow do I return an item?",
        "Good morning Anna, How do I return an item?",
        "Guten Tag,\nHow do I return an item?",
        "Hi, hello, How do I return an item?",
        "How do I return an item?\nThanks",
        "How do I return an item? Thanks!",
        "How do I return an item? Many thanks in advance, Ben",
        "How do I return an item?\n\nBest regards,\nMaria Lopez\nACME Ltd.\n+49 30 123456",
        "How do I return an item?\n--\nMaria Lopez\nHead of Things",
        "How do I return an item?\n\nMit freundlichen Grüßen\nMaria",
        "How do I return an item?\nSent from my iPhone",
        "Hi,\n\nHow do I\nreturn an item?\n\nThanks a lot!\nBen\n\nSent from my iPhone",
    ],
)
def test_clothes_come_off(typed: str) -> None:
    """Blanks, line breaks, invisible characters, width, greetings and signatures change nothing."""
    assert normalise_question(typed) == _MEANT


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("HOW DO I RETURN AN ITEM?", "how do i return an item?"),
        ("do you take VAT numbers", "do you take VAT numbers"),
        ("IBAN?", "IBAN?"),
        (":package: where is my order :cry:", "package where is my order cry"),
        ("<:box:123456789012345678> where is it", "box where is it"),
        ("is <@123456789012345679> in <#123456789012345680>?", "is someone in a channel?"),
        ("since <t:1700000000:R>?", "since a certain time?"),
        ("at 12:30:15 it broke", "at 12:30:15 it broke"),
        ("see <https://shop.example/a|this page>", "see this page https://shop.example/a"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_capitals_and_platform_tokens_become_words(typed: str, meant: str) -> None:
    """Shouting becomes speech, tokens of platforms become words, and joiners stay where letters need them."""
    assert normalise_question(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        "hi",
        "Hello!",
        "thanks",
        "Thanks a lot!",
        "ok",
        "bye",
        "what does hi mean",
        "do you sell thank you cards",
        "hi-vis jackets in size M?",
        "Thanks for the parcel. Where is the invoice?",
        "best price for ten?",
        "if (a < b) and b > c?",
        "",
    ],
)
def test_what_needs_nothing_stays(text: str) -> None:
    """A text that is nothing but a greeting, or only looks like one, stays as it is."""
    assert normalise_question(text) == text


@given(st.lists(st.text(string.ascii_lowercase, min_size=4, max_size=9), min_size=2, max_size=12))
def test_plain_words_are_untouched(words: list[str]) -> None:
    """Whatever needs no normalising reaches the documented prompt unchanged."""
    text = "where is " + " ".join(words)
    assert normalise_question(text) == text


@given(st.text(max_size=300))
def test_any_text_is_one_visible_line_and_stays_so(text: str) -> None:
    """Whatever comes in, one line without doubled blanks comes out, and normalising it again changes nothing."""
    once = normalise_question(text)
    assert once == " ".join(once.split())
    assert normalise_question(once) == once
