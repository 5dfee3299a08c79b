"""What an evaluation concludes is said in the reader's language, however its numbers are."""

from __future__ import annotations

import pytest

from supportbot.models.publishing.verdicts import NO_MORE_RIGHT, VERDICTS, read_verdict
from supportbot.words import Sentence, Words

VALUES = dict.fromkeys(("rows", "right", "before", "least"), 40) | {"value": "+1.5", "low": "-0.1", "high": "+3.0"}


@pytest.mark.parametrize("template", VERDICTS)
def test_a_recorded_verdict_is_translated(template: str) -> None:
    """The English text of a record is found again among the sentences, with its numbers."""
    text = str(Sentence(template, **VALUES))
    found = read_verdict({"verdict": text})
    assert isinstance(found, Sentence)
    assert (found, found.template) == (text, template)
    said = Words("de").say(found)
    assert said != text
    assert said.partition(":")[0] in ("Besser", "Nicht besser", "Vergessen", "Zu wenig Belege")
    assert all(str(value) in said for value in found.values.values())


def test_an_earlier_text_is_shown_in_the_present_words() -> None:
    """A record of an older program keeps its numbers, and is translated like a new one."""
    old = "Not better: it answers no more held-out rows right (+0.0 points, 95 % interval -1.5 to +1.5)."
    found = read_verdict({"verdict": old})
    assert found == Sentence(NO_MORE_RIGHT, value="+0.0", low="-1.5", high="+1.5")
    assert Words("de").say(found).startswith("Nicht besser: Es beantwortet nicht mehr")


def test_a_verdict_of_other_words_stays_as_it_is() -> None:
    """That of a record that somebody else wrote, or none."""
    assert read_verdict({"verdict": "Better: it says so."}) == "Better: it says so."
    assert read_verdict({}) == read_verdict({"verdict": None}) == ""
