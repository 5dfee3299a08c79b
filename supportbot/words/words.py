"""What says a sentence in a language: a value that is passed to whoever builds what people see."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Self

from babel import Locale
from babel.dates import format_datetime
from babel.numbers import format_decimal, format_percent

from supportbot.words.catalogue import translations
from supportbot.words.language import SOURCE, Language


def N_(sentence: str) -> str:
    """Mark a sentence for the catalogue and return it as it is, to be said where it is shown."""
    return sentence


class Sentence(str):
    """A sentence with values that is said elsewhere, as those raised with an error are; as text it is English.

    Args:
        template: in English, as in the catalogue.
        values: as in ``Words.say``; a sentence among them is said in the same language.
    """

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        """Put the values in."""
        sentence = super().__new__(cls, template.format_map(values))
        sentence.template, sentence.values = template, values
        return sentence


def recognised(text: str, templates: Iterable[str]) -> str:
    """Return which sentence a text is that was stored in English, with its values; any other text as it is.

    Args:
        text: as it was stored.
        templates: the sentences that it may be, as in the catalogue.
    """
    for template in templates:
        if found := _pattern(template).fullmatch(text):
            return Sentence(template, **found.groupdict())
    return text


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(template)))


@dataclass(frozen=True, slots=True)
class Words:
    """One language."""

    language: Language = SOURCE

    def say(self, sentence: str, /, **values: object) -> str:
        """Return a sentence with values in the place of its ``{names}``; without values, braces are just braces.

        Args:
            sentence: in English, as in the catalogue. Any other text is returned as it is.
            values: what is shown, already harmless where it is shown.
        """
        if isinstance(sentence, Sentence):
            values = {
                name: self.say(one) if isinstance(one, Sentence) else one for name, one in sentence.values.items()
            }
            return self.say(sentence.template, **values)
        text = translations(self.language).gettext(sentence) if sentence else sentence  # "" is gettext's header
        return text.format_map(values) if values else text

    def say_many(self, one: str, many: str, number: int, /, **values: object) -> str:
        """Return the sentence for a number, which stands where the sentence has ``{number}``.

        Args:
            one: in English, for one.
            many: likewise, for any other number.
            number: of what is counted.
            values: as in ``say``.
        """
        text = translations(self.language).ngettext(one, many, number)
        return text.format_map({"number": self.number(number), **values})

    def number(self, number: int) -> str:
        """Return a number with its thousands apart."""
        return format_decimal(number, locale=self.language)

    def tenths(self, number: float) -> str:
        """Return a number with one decimal."""
        return format_decimal(number, "#,##0.0", locale=self.language)

    def percent(self, share: float) -> str:
        """Return a share in whole percent."""
        return format_percent(share, locale=self.language)

    def percent_tenths(self, share: float) -> str:
        """Return a share in percent with one decimal: "2.0%", and "2,0 %" in German."""
        whole = Locale.parse(self.language).percent_formats[None].pattern
        return format_percent(share, whole.replace("##0", "##0.0"), locale=self.language)

    def day(self, moment: datetime) -> str:
        """Return the day of a moment in its own zone, such as "27 Nov 2026"."""
        return format_datetime(moment, self.say("d MMM y"), tzinfo=moment.tzinfo, locale=self.language)

    def moment(self, moment: datetime) -> str:
        """Return day and time of a moment in its own zone, such as "on Fri 27 Nov at 09:00 (CET)"."""
        day = format_datetime(moment, self.say("EEE dd MMM"), tzinfo=moment.tzinfo, locale=self.language)
        return self.say(
            "on {day} at {time} ({zone})", day=day, time=moment.strftime("%H:%M"), zone=moment.tzname()
        )


ENGLISH = Words()
