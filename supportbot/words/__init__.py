"""The bot's own sentences, in the language of whoever reads them.

A sentence is written in English where it belongs, which is its name in the catalogue (gettext's ``msgid``). It
stays English text until somebody shows or stores it: there ``Words(language).say(sentence)`` says it. There is no
current language anywhere: questions of many workspaces are answered at once, so the language is passed on.

``N_`` marks a sentence that is said elsewhere, for those that are kept in a constant or raised with an error; one
with values is a ``Sentence``, and one that was stored in English is ``recognised``. What is said at once needs no
mark. ``python -m supportbot.words`` brings the catalogues up to date.
"""

from supportbot.words.language import LANGUAGES, SOURCE, Language, nearest, preferred
from supportbot.words.words import ENGLISH, N_, Sentence, Words, recognised

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "N_",
    "SOURCE",
    "Language",
    "Sentence",
    "Words",
    "nearest",
    "preferred",
    "recognised",
]
