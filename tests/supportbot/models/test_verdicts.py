"""What an evaluation concludes is said in the reader's language, however its numbers are."""

from __future__ import annotations

import pytest

from supportbot.models.publishing.verdicts import VERDICTS, read_verdict
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


def test_a_verdict_of_other_words_stays_as_it_is() -> None:
    """That of a record that somebody else wrote, or none."""
    assert read_verdict({"verdict": "Better: it says so."}) == "Better: it says so."
    assert read_verdict({}) == read_verdict({"verdict": None}) == ""
