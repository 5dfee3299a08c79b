"""Every sentence of the bot is in the catalogues, translated, with what belongs in its places."""

from __future__ import annotations

import shutil
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from supportbot.words import LANGUAGES, SOURCE, Language, Words
from supportbot.words import catalogue as catalogues
from supportbot.words.extraction import extract, update

ROOT = Path(__file__).parents[3]
TRANSLATED = tuple(language for language in LANGUAGES if language != SOURCE)


@pytest.fixture(scope="module")
def said() -> Catalog:
    """The sentences in the code."""
    return extract(ROOT)


def catalogue_of(language: Language) -> Catalog:
    """Return a catalogue as it is in the repository."""
    with catalogues.path_of(language).open("rb") as file:
        return read_po(file, locale=language)


def forms(message: Message) -> tuple[list[str], list[str]]:
    """Return what stands for a sentence in English, and in the catalogue, each with its plurals."""
    sentences = [message.id] if isinstance(message.id, str) else list(message.id)
    translations = [message.string] if isinstance(message.string, str) else list(message.string or ())
    return sentences, translations


def placeholders(sentence: str) -> set[str]:
    """Return the names that stand for values."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("language", TRANSLATED)
def test_catalogue_has_every_sentence_and_no_other(language: Language, said: Catalog) -> None:
    """What the code says is what is translated; nothing is left over, and nothing is a guess."""
    catalogue = catalogue_of(language)
    assert {message.id for message in catalogue} == {message.id for message in said}
    assert not catalogue.obsolete
    assert not [message.id for message in catalogue if message.id and message.fuzzy]
    assert not [message.id for message in catalogue if message.id and not all(forms(message)[1])]


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_has_its_values_in_each_language(language: Language) -> None:
    """A translation has the places of its sentence, and each can be said with values for these."""
    words = Words(language)
    for message in catalogue_of(language):
        if not message.id:
            continue
        sentences, translations = forms(message)
        names = set().union(*map(placeholders, sentences))
        for translation in translations:
            assert placeholders(translation) == names, message.id
        values = {name: f"<{name}>" for name in names if name != "number" or len(sentences) == 1}
        for number in (1, 2):
            if len(sentences) == 1:
                shown = words.say(sentences[0], **values)
                assert shown in (translations[0], translations[0].format_map(values))
            else:
                shown = words.say_many(sentences[0], sentences[1], number, **values)
                assert str(number) in shown
            assert all(value in shown for value in values.values())


def test_update_keeps_what_is_translated_and_names_what_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new sentence is there without a translation, one that nobody says is gone, and the others stay."""
    path = tmp_path / "supportbot.po"
    shutil.copyfile(catalogues.path_of("de"), path)
    monkeypatch.setattr("supportbot.words.extraction.path_of", lambda language: path)
    (tmp_path / "bot").mkdir()
    (tmp_path / "supportbot").mkdir()
    code = 'words.say("Cancel")\nN_("A new one")\nwords.say_many("{number} day", "{number} days", days)\n'
    (tmp_path / "bot" / "new.py").write_text(code, "utf-8")
    assert update(tmp_path, "de") == ["A new one"]
    with path.open("rb") as file:
        found = {message.id: message.string for message in read_po(file, locale="de") if message.id}
    assert found == {
        "Cancel": "Abbrechen",
        "A new one": "",
        ("{number} day", "{number} days"): ("{number} Tag", "{number} Tagen"),
    }


def test_committed_catalogue_is_as_the_update_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the update sees in the difference what they have changed, and nothing else."""
    path = tmp_path / "supportbot.po"
    shutil.copyfile(catalogues.path_of("de"), path)
    monkeypatch.setattr("supportbot.words.extraction.path_of", lambda language: path)
    assert update(ROOT, "de") == []
    written, committed = (
        [line for line in file.read_text("utf-8").splitlines() if "Generated-By" not in line]
        for file in (path, catalogues.path_of("de"))
    )
    assert written == committed
