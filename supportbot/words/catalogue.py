"""The catalogues: a file of each language but English, as translators edit it.

They are compiled when they are first needed, in a few milliseconds, so no compiled copy can be missing or stale.
"""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from supportbot.words.language import SOURCE, Language

DOMAIN = "supportbot"
_LOCALES = Path(__file__).with_name("locale")


def path_of(language: Language) -> Path:
    """Return where the catalogue of a language is."""
    return _LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


@cache
def translations(language: Language) -> NullTranslations:
    """Return what finds sentences in a language; what is not in the catalogue stays English."""
    if language == SOURCE:
        return NullTranslations()
    with path_of(language).open("rb") as file:
        catalogue = read_po(file, locale=language, domain=DOMAIN)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
