"""Sentences, plurals, dates and numbers in each language, and which language somebody is spoken to in."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supportbot.words import LANGUAGES, N_, Language, Sentence, Words, nearest, preferred, recognised

GERMAN, ENGLISH = Words("de"), Words("en")
MOMENT = datetime(2026, 11, 27, 9, 5, tzinfo=ZoneInfo("Europe/Berlin"))


def test_sentences_and_plurals() -> None:
    """A sentence is said in the language, with values in their places and the number's own form."""
    assert GERMAN.say("Did you mean:") == "Meinten Sie:"
    assert GERMAN.say("Your vote is now {thumb}.", thumb="👍") == "Ihre Bewertung ist jetzt 👍."
    busy = ("{number} day", "{number} days")
    assert [GERMAN.say_many(*busy, number) for number in (0, 1, 1_000)] == ["0 Tagen", "1 Tag", "1.000 Tagen"]
    assert [ENGLISH.say_many(*busy, number) for number in (0, 1, 1_000)] == ["0 days", "1 day", "1,000 days"]


def test_dates_and_numbers() -> None:
    """They are written as people of the language write them, in the zone that they have."""
    assert (ENGLISH.day(MOMENT), GERMAN.day(MOMENT)) == ("27 Nov 2026", "27. Nov. 2026")
    assert ENGLISH.moment(MOMENT) == "on Fri 27 Nov at 09:05 (CET)"
    assert GERMAN.moment(MOMENT) == "am Fr., 27. Nov. um 09:05 Uhr (CET)"
    assert (ENGLISH.percent(0.934), GERMAN.percent(0.934)) == ("93%", "93\N{NO-BREAK SPACE}%")
    tenths = (ENGLISH.percent_tenths(0.0204), GERMAN.percent_tenths(12.3456))
    assert tenths == ("2.0%", "1.234,6\N{NO-BREAK SPACE}%")
    assert (ENGLISH.tenths(1234.56), GERMAN.tenths(1234.56)) == ("1,234.6", "1.234,6")


@given(st.text(), st.sampled_from(LANGUAGES))
def test_unknown_texts_are_left_alone(text: str, language: Language) -> None:
    """What is no sentence of ours, such as a name or what was approved, is never changed or read as a form."""
    text = f"§ {text}"
    assert Words(language).say(text) == text
    assert Words(language).say("") == ""


@given(st.text())
def test_values_are_never_read_as_forms(value: str) -> None:
    """Braces in what people wrote stand for nothing."""
    assert GERMAN.say("I've asked {who}.", who=value) == f"Ich habe {value} gefragt."


@pytest.mark.parametrize(
    ("locale", "language"),
    [("de", "de"), ("de-AT", "de"), ("de_CH", "de"), ("DE", "de"), ("en-US", "en"), ("dex", None), ("", None)],
)
def test_nearest_language_of_a_locale(locale: str, language: Language | None) -> None:
    """The region does not matter, and a language that only begins alike is another one."""
    assert nearest(locale) == language
    assert nearest("fr", None, locale, "en") == (language or "en")


@pytest.mark.parametrize(
    ("header", "languages"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", ["de-DE", "de", "en"]),
        ("en;q=0.5, de", ["de", "en"]),
        ("fr, de ; q=0, *;q=0.1", ["fr", "*"]),
        ("de;q=2, ;;, en;q=0.3", ["en"]),
        ("", []),
    ],
)
def test_languages_that_a_browser_asks_for(header: str, languages: list[str]) -> None:
    """The best come first; one that is not wanted, or cannot be read, is none."""
    assert preferred(header) == languages


def test_a_sentence_within_a_sentence_is_said_in_the_same_language() -> None:
    """As text both are English; a value that is no sentence stays as it is."""
    inner = Sentence(N_("The evaluation gives no verdict."))
    template = N_(
        "Version '{version}' did not measure better than '{active}': train it on more, or give a reason with "
        "--force. {verdict}"
    )
    outer = Sentence(
        template,
        version="v2",
        active="The evaluation gives no verdict.",
        verdict=inner,
    )
    assert outer.endswith("--force. The evaluation gives no verdict.")
    said = Words("de").say(outer)
    assert said.startswith("Die Version „v2“")
    assert "als „The evaluation gives no verdict.“" in said
    assert said.endswith("Die Auswertung nennt kein Urteil.")


@given(st.text(min_size=1).filter(str.isprintable), st.integers())
def test_a_sentence_that_was_stored_in_english_is_recognised(version: str, number: int) -> None:
    """Its values are found by its own words, whatever they are; what is no sentence of these stays a text."""
    templates = (N_("better than {live} in trial {number}"),)
    stored = str(Sentence(templates[0], live=version, number=number))
    found = recognised(stored, templates)
    assert isinstance(found, Sentence)
    assert found == stored
    assert Words("de").say(found) == f"besser als {version} in Erprobung {number}"
    assert type(recognised(f"{stored}\n", templates)) is str


@given(st.text(max_size=2_000))
def test_any_header_is_read(header: str) -> None:
    """Whatever is sent as a header, the page has a language or the operator's."""
    assert nearest(*preferred(header)) in (*LANGUAGES, None)
