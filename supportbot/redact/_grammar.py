"""How languages say what a password is for, what it is, and what is said of passwords instead."""

from __future__ import annotations

import re
from dataclasses import dataclass

from supportbot.redact._words import folded


@dataclass(frozen=True, slots=True)
class Grammar:
    """How a language says what a password is for, what it is, and what is said of passwords instead."""

    of: str
    being: str
    about: str


GRAMMAR = {
    "en": Grammar(
        "for|of|on|to|at|in|i|we",
        "is|was",
        r"\w*(?:ed|ing)|required|optional|incorrect|invalid|wrong|forgotten|reset|lost"
        r"|missing|unknown|none|yes"
        r"|no|help"
        r"|please|hidden|broken|correct|right|ok|okay|fine|bad|weak|strong|safe|secure|old"
        r"|new|gone|same|short"
        r"|long|dead"
        r"|stolen|useless|mine|there|here|it|this|that|below|above|late|visible|public|stuck|down|empty"
        r"|in(?:active|secure)"
        r"|easy|hard|nothing|everything|different|private|secret|sent|set|kept|known|shown"
        r"|taken|written|what"
        r"|why|how"
        r"|online|simple|complex|good|great|true|false|null|today|needed|unsafe|important"
        r"|necessary|possible"
        r"|impossible",
    ),
    "de": Grammar(
        "für|von|im|zum|zur|beim|vom|auf|bei|in|des|der|meines|meiner",
        "ist|war|lautet|lautete|heißt|heisst",
        r"falsch|richtig|weg|ungültig|gültig|abgelaufen|gesperrt|vergessen|unbekannt|korrekt"
        r"|nötig|erforderlich"
        r"|leer|neu"
        r"|alt|sicher|unsicher|schwach|stark|kaputt|bekannt|verloren|zu|da|hier|kurz|lang|gleich|geändert"
        r"|gestohlen|fehlt"
        r"|notwendig|ge\w+t|ver\w+|ab\w+en|zurück\w+|identisch|sichtbar|geheim|einfach|schwer|optional|okay"
        r"|egal|wichtig",
    ),
    "fr": Grammar(
        "pour|de|du|sur|de la|des",
        "est|était|c'est",
        r"\w*(?:é|ée|ées|és)|incorrecte?|invalide|faux|fausse|valide|perdue?|inconnue?|requise?|obligatoire"
        r"|correcte?|bon"
        r"|bonne|mauvaise?|vide|faible|forte?|sûre?|court|longue?|nécessaire|facile|difficile|secret"
        r"|compromise?|important",
    ),
    "es": Grammar(
        "para|de|del|de la|de mi|en|en la",
        "es|era",
        r"\w*(?:ad[oa]|id[oa])|incorrect[oa]|correct[oa]|errón[eoa]+|fals[oa]|nuev[oa]"
        r"|viej[oa]|débil|fuerte"
        r"|segur[oa]"
        r"|mal[oa]?|buen[oa]|cort[oa]|larg[oa]|obligatori[oa]|necesari[oa]|secret[oa]"
        r"|vací[oa]|importante|fácil"
        r"|difícil"
        r"|esta|otra|correcta|posible",
    ),
    "pl": Grammar(
        "do|na|dla|w|od|z",
        "to|jest|brzmi|było",
        r"\w*(?:łe|łowe|one|ane|ony|any|ięte|ęte)|nieprawidłowe|złe|błędne|nowe|stare|słabe"
        r"|silne|niepoprawne"
        r"|poprawne|dobre"
        r"|wymagane|puste|krótkie|długie|nieważne|ważne|nieznane|nieaktualne|tajne|problem|trudne|łatwe"
        r"|potrzebne|konieczne",
    ),
    "pt": Grammar(
        "para|de|da|do|na|no|da minha|do meu",
        "é|era",
        r"\w*(?:ad[oa]|id[oa])|incorret[oa]|corret[oa]|errad[oa]|nov[oa]|velh[oa]|frac[oa]"
        r"|forte|segur[oa]|má?"
        r"|bo[am]"
        r"|curt[oa]|long[oa]|obrigatóri[oa]|necessári[oa]|secret[oa]|vazi[oa]|importante|fácil|difícil"
        r"|pequen[oa]|possível",
    ),
}

OF = "|".join(sorted({folded(of) for grammar in GRAMMAR.values() for of in grammar.of.split("|")}))
BEING = "|".join(sorted({folded(being) for grammar in GRAMMAR.values() for being in grammar.being.split("|")}))
"""The same in all languages at once."""

ABOUT = {language: re.compile(folded(grammar.about)) for language, grammar in GRAMMAR.items()}


def said_of_passwords(word: str) -> bool:
    """Tell whether a folded word is said of passwords in any of the languages."""
    return any(about.fullmatch(word) for about in ABOUT.values())
