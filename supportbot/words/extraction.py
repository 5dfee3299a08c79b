"""From the code to the catalogues: which sentences there are, and a file of each language that has them all."""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from supportbot.words.catalogue import DOMAIN, path_of
from supportbot.words.language import Language

ROOMS = ("bot", "supportbot")
"""Folders whose sentences people see; those of the command line are not translated."""

_NO_LINE = 0
"""Lines change with each edit; babel writes none for this one."""

_KEYWORDS = {"N_": None, "Sentence": (1,), "say": None, "say_many": (1, 2)}


def extract(root: Path) -> Catalog:
    """Return all sentences that the code marks or says.

    Args:
        root: the folder of the repository.
    """
    catalogue = Catalog(domain=DOMAIN, charset="utf-8")
    for room in ROOMS:
        found = extract_from_dir(
            root / room, keywords=_KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
        )
        for name, _, message, comments, context in found:
            place = (Path(room) / name).as_posix()
            catalogue.add(message, locations=[(place, _NO_LINE)], auto_comments=comments, context=context)
    return catalogue


def update(root: Path, language: Language) -> list[str]:
    """Write a catalogue again with the sentences that there are now; return those without a translation.

    Sentences that nobody says any more go, and none is guessed from one that is like it.
    """
    path = path_of(language)
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language, domain=DOMAIN)
    catalogue.update(extract(root), no_fuzzy_matching=True, keep_user_comments=True, update_creation_date=False)
    catalogue.obsolete.clear()
    with path.open("wb") as file:
        write_po(file, catalogue, width=110, sort_output=True, ignore_obsolete=True)
    return [str(message.id) for message in catalogue if message.id and not is_translated(message.string)]


def is_translated(string: str | tuple[str, ...] | list[str] | None) -> bool:
    """Return whether a translation is there, with all its plurals."""
    return bool(string) and all(string or ())
