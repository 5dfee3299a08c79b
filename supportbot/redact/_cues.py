"""After which words a name follows where people say who they are, in six languages.

Each pattern ends where the name begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from supportbot.redact._hinted import Hinted


def after(*lines: str, hints: str, signs: Iterable[str] = ()) -> Hinted:
    """Return a cue for names.

    Args:
        lines: alternatives, tried on text in small letters without accents.
        hints: parted by blanks; no text matches without one of these words.
        signs: the same for what is no word.
    """
    return Hinted(re.compile("|".join(lines)), *hints.split(), signs=signs, folded=True)


SURE = after(
    r"\bmy (?:full |first |last |sur|user)?name(?:\s{1,3}is\s{0,3}:?|'s|\s{0,3}:)\s{1,3}",
    hints="name surname username",
)
"""Lower case will do behind it, for as many words as can be a name."""

INTRODUCED = after(
    r"\b(?:mein (?:voller )?(?:vor|nach)?name(?: ist| lautet|:)|ich hei(?:s|ss)e)\s{1,3}",
    r"\b(?:je m'appelle|mon (?:pre)?nom(?: est| c'est| :|:)|je me (?:nomme|prenomme))\s{1,3}",
    r"\b(?:me llamo|mi (?:nombre|apellido)(?: completo)?(?: es|:))\s{1,3}",
    r"\b(?:nazywam sie|mam na imie|moje (?:imie(?: i nazwisko)?|nazwisko)(?: to| brzmi|:))\s{1,3}",
    r"\b(?:chamo-me|me chamo|meu nome(?: completo)?(?: e|:))\s{1,3}",
    hints="name vorname nachname heise heisse appelle nom nome nomme prenom prenomme llamo apellido "
    "nombre nazywam imie nazwisko chamo",
)
"""Lower case will do here, too, for two words."""

UNSURE = after(
    r"\b(?:i(?:'m| am) (?:called|named)|(?:they|people|friends) call me|(?:you can|please"
    r"|just) call me)\s{1,3}",
    r"\b(?:hier (?:spricht|schreibt)|(?:sie nennen|man nennt|nennt|nennen sie) mich"
    r"|unter dem namen|auf den namen"
    r"|ici|moi,? c'est|on m'appelle|au nom de|a nombre de|me dicen|na nazwisko|z tej strony|mow(?:cie)? mi"
    r"|em nome de|aqui (?:quem )?(?:fala|e)(?: o| a)?|(?:me chamam|chamam-me|pode me chamar)(?: de)?|habla"
    r"|under the name(?: of)?|in the name of|on behalf of)\s{1,3}",
    hints="call called named spricht schreibt ici moi namen nennt nennen appelle nom nombre dicen "
    "nazwisko strony mow mowcie nome chamam chamar aqui habla name behalf",
)
SPEAKING = after(
    r"\b(?:this is|it'?s|here is|hier (?:ist|spricht)|c'est|aqui (?:es|e)|soy|tu mowi)\s{1,3}",
    hints="this it its here hier est aqui soy mowi",
)
SELF = after(
    r"\b(?:i'm|i am|im|ich bin(?: die| der| de)?|bin(?: die| der)|je suis|soy|jestem"
    r"|(?:eu )?sou(?: o| a)?)\s{1,3}",
    hints="am im bin suis soy jestem sou",
    signs=("i'm",),
)
HERE = after(
    r"\b(?:hier(?: ist)?|aqui(?: esta)?|ici|tu(?:taj)?)\s{1,3}",
    hints="hier aqui ici tu tutaj",
)

STARTING = Hinted(
    re.compile(
        r"(?:^|(?<=\n)|(?<=[A-Za-z], )|(?<=[A-Za-z]! ))"
        r"(?=[^\W\d_][^\n]{2,60} (?:[Hh]ere|[Hh]ier|ici|speaking|mein Name)\b)"
    ),
    *("here", "hier", "ici", "speaking", "name"),
)
"""At the beginning, or behind the greeting there."""
