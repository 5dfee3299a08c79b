"""What streets with a number and postcodes with a town look like, "
"in the countries of six languages and beside them."""

from __future__ import annotations

import re

from supportbot.redact._hinted import Hinted
from supportbot.redact._words import hinted, listed, said

_CAP = r"[^\W\d_a-zà-öø-ÿ][\w'-]{0,24}"
"""A word with a capital."""

_SMALL = (
    r"(?:de la|de los|de las|de|du|des|del|dei|della|la|le|les|da|das|do|dos|d'|l'|of|the|am|an der|in der|im)"
)
_NO = r"(?:,? ?(?:n[ro]?\.?[º°]?|no\.?|Nr\.?|[º°]) ?)?"
_HOUSE = r"\d{1,5}(?: (?:m|lok)\. ?\d{1,4}| ?[a-zA-Z])?(?:[/-]\d{1,4}[a-z]?)?(?![\w@]|[.,]\d)"
_UNIT = r"(?:(?:[Ff]lat|[Aa]pt|[Aa]partment|[Uu]nit|[Ss]uite|[Aa]ppt|[Aa]pp)\.? ?#?\w{1,4},? )?"

_ENGLISH = (
    "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Court|Ct|Close|Square|Sq|Boulevard|Blvd|Terrace|Place"
    "|Pl|Crescent"
    "|Gardens|Grove|Mews|Parkway|Pkwy|Highway|Hwy|Circle|Cir|Trail|Quay"
)
_ENGLISH_WORDS = "|Way|Row|Hill|Walk|Green|Park"
_GERMAN_ENDS = (
    "[Ss]tra(?:ß|ss)e|[Ss]tr\\.?|weg|platz|gasse|allee|ring|damm|ufer|markt|hof|steig|chaussee|graben"
    "|berg|wall|zeile"
    "|stieg|kamp|gracht|straat|laan|plein|kade|singel|dreef|gatan|vägen|vej|gade"
)
_GERMAN = "Stra(?:ß|ss)e|Str\\.?|Weg|Platz|Gasse|Allee|Ring|Damm|Ufer|Markt|Hof|Steig|Berg"
_FRENCH = (
    "[Rr]ue|[Aa]venue|[Aa]v\\.?|[Bb]oulevard|[Bb]d|[Pp]lace|[Cc]hemin|[Ii]mpasse|[Aa]llées?|[Qq]uai"
    "|[Rr]oute|[Cc]ours"
    "|[Ss]quare|[Pp]assage|[Ss]entier|[Rr]uelle|[Ff]aubourg"
)
_ROMANCE = (
    "[Cc]alle|[Cc]/|[Aa]venida|[Aa]vda?\\.?|[Aa]v\\.|[Pp]laza|[Pp]za\\.?|[Pp]aseo|[Cc]amino"
    "|[Cc]arrer|[Cc]arretera"
    "|[Rr]onda|[Rr]ua|[Rr]\\.|[Tt]ravessa|[Pp]raça|[Ll]argo|[Ee]strada|[Aa]lameda|[Rr]odovia|[Vv]ia"
    "|[Vv]iale|[Pp]iazza|[Cc]orso"
)
_POLISH = "[Uu]l\\.|[Uu]lic[ayęą]|[Aa]l\\.|[Aa]lej[aeiąę]|[Oo]s\\.|[Oo]siedl[eu]|[Pp]l\\.|[Pp]lac[ue]?"
_BOX = (
    r"(?:P\.? ?O\.? ?Box|Postfach|B\.?P\.?|Apartado(?: de [Cc]orreos)?|Apdo\.?|Caixa [Pp]ostal"
    r"|[Ss]krytka [Pp]ocztowa"
    r"|[Ss]kr\. ?poczt\.|Packstation) ?\d[\d ]{1,8}\d"
)


def _street(word: str, english: str, most: int) -> str:
    """Return the pattern of a street whose own words are of one kind."""
    words = rf"{word}(?: (?:{_SMALL} )?{word}){{0,3}}"
    return (
        r"(?<![\w.,/#-])(?:"
        # 12 Baker Street, 2210 N Juniper Ave
        rf"{_UNIT}\d{{1,5}}[a-zA-Z]?(?: (?:North|South|East|West"
        rf"|[NSEW]\.?))?(?: {word}){{1,{most}}} (?:{english})\b"
        # Lindenallee 8b, Lange Straße 4, Am Alten Markt 3
        rf"|(?:[^\W\d_][\w-]{{1,30}})?(?:{_GERMAN_ENDS}) ?{_HOUSE}"
        rf"|(?:{word} ){{1,3}}(?:{_GERMAN}) {_HOUSE}"
        # Am Deich 4, Unter den Linden 77
        rf"|(?:Am|Im|An de[rnm]|Auf de[rnm]|In de[rnm]|Unter den|Hinter de[rnm]|Vor de[rnm]|Zur|Zum|Beim)"
        rf" (?!\w+tag\b){_CAP}(?: {_CAP})? {_HOUSE}"
        # 12 bis rue des Tilleuls
        rf"|\d{{1,4}}(?: ?(?:bis|ter|quater|[A-D]))?,? (?:{_FRENCH})(?= )(?: {_SMALL})? ?{words}"
        # Calle del Olmo 24, Rua das Oliveiras, 55
        rf"|(?:{_ROMANCE})(?: |(?<=[./])) ?(?:{_SMALL} )?{words},?{_NO} ?{_HOUSE}"
        # ul. Lipowa 7/12
        rf"|(?:{_POLISH})(?: |(?<=\.)) ?(?:{word} ){{1,4}}{_HOUSE}"
        rf"|{_BOX}"
        r")"
    )


_WORDS = listed(
    f"{_ENGLISH}{_ENGLISH_WORDS}".replace("|", " ")
    + " rue avenue av boulevard bd place chemin impasse quai route cours square passage sentier ruelle faubourg"
    " allee allees calle c avenida avda avd plaza pza paseo camino carrer carretera ronda rua r travessa praca"
    " largo estrada alameda rodovia via viale piazza corso ul ulica ulicy al aleja os osiedle pl plac placu"
    " am im an auf in unter hinter vor zur zum beim box pobox postfach bp b p po apdo"
    " apartado caixa skrytka skr packstation"
)
_ENDS = listed(
    "stras str weg platz gasse allee ring damm ufer markt hof steig chaussee graben berg wall zeile stieg kamp"
    " gracht straat laan plein kade singel dreef gatan vagen vej gade"
)
"""Every street has one of them: the search for streets is slow."""

STREET = Hinted(re.compile(_street(_CAP, _ENGLISH + _ENGLISH_WORDS, 4)), *_WORDS, signs=_ENDS)
LOOSE_STREET = Hinted(
    re.compile(_street(r"[^\W\d_][\w'-]{1,24}", _ENGLISH, 3), re.IGNORECASE), *_WORDS, signs=_ENDS
)
"""In small letters, too: sure only where somebody says to live there."""

_TOWN = rf"{_CAP}(?:[ -](?:{_SMALL} )?{_CAP}){{0,2}}"
TOWN = re.compile(
    r"(?<![\w.,/#-])(?:"
    rf"(?:[A-Z]{{1,2}}-)?\d{{5}}(?:-\d{{3}})? {_TOWN}"  # Germany, France, Spain, Brazil
    rf"|\d\d-\d{{3}} {_TOWN}"  # Poland
    rf"|\d{{4}}-\d{{3}} {_TOWN}"  # Portugal
    rf"|\d{{4}} ?[A-Z]{{2}},? {_TOWN}"  # the Netherlands
    rf"|(?:{_TOWN},? )?[A-Z]{{1,2}}\d[A-Z\d]? \d[A-Z]{{2}}\b"  # UK
    rf"|{_TOWN},? [A-Z]{{2}} \d{{5}}(?:-\d{{4}})?"  # USA
    rf"|{_TOWN},? [A-Z]{{2}} [A-Z]\d[A-Z] ?\d[A-Z]\d"  # Canada
    r")(?!\w)"
)
SHORT_TOWN = re.compile(rf"(?<![\w.,/#-])(?:[1-9]\d{{3}} {_TOWN}|(?:\d{{5}}|\d\d-\d{{3}}) [^\W\d_]{{2,25}})")
"""Austria, Switzerland, Belgium, and small letters: like a year or a count, so only beside a street."""

POSTCODE = Hinted(
    re.compile(
        rf"\b(?:{said('postcode')})\b\W{{0,3}}(?:\b(?:is|ist|est|es|to|e|my|for me|:)\b\W{{0,3}})?"
        rf"(?P<code>[a-z]{{1,2}}\d[a-z\d]? ?\d[a-z]{{2}}|\d{{5}}-\d{{3,4}}|\d\d-\d{{3}}|\d{{4}}-\d{{3}}"
        rf"|\d{{4}} ?[a-z]{{2}}"
        r"|[a-z]\d[a-z] ?\d[a-z]\d|\d{4,8})(?![\w-]|[.,]\d)"
    ),
    *hinted("postcode"),
    folded=True,
)
"""A postcode that a word calls one."""
