"""After which words a name follows, in six languages; each pattern ends where the name begins."""

from __future__ import annotations

import re

from supportbot.redact._finds import Hinted
from supportbot.redact._words import listed


def _after(*lines: str, hints: str) -> Hinted:
    return Hinted(re.compile("|".join(lines)), *hints.split(", "), folded=True)


SURE = _after(r"\bmy (?:full |first |last |sur|user)?name(?:\s{1,3}is\s{0,3}:?|'s|\s{0,3}:)\s{1,3}", hints="name")
"""Lower case will do behind it, for as many words as can be a name."""

INTRODUCED = _after(
    r"\b(?:mein (?:voller )?(?:vor|nach)?name(?: ist| lautet|:)|ich hei(?:s|ss)e)\s{1,3}",
    r"\b(?:je m'appelle|mon (?:pre)?nom(?: est| c'est| :|:)|je me (?:nomme|prenomme))\s{1,3}",
    r"\b(?:me llamo|mi (?:nombre|apellido)(?: completo)?(?: es|:))\s{1,3}",
    r"\b(?:nazywam sie|mam na imie|moje (?:imie(?: i nazwisko)?|nazwisko)(?: to| brzmi|:))\s{1,3}",
    r"\b(?:chamo-me|me chamo|meu nome(?: completo)?(?: e|:))\s{1,3}",
    hints="name, heise, heisse, appelle, nom, nomme, llamo, apellido, nazywam, imie, nazwisko, chamo",
)
"""Lower case will do here, too, for two words."""

UNSURE = _after(
    r"\b(?:i(?:'m| am) (?:called|named)|(?:they|people|friends) call me|(?:you can|please|just) call me)\s{1,3}",
    r"\b(?:hier spricht|ici|au nom de|auf den namen|a nombre de|na nazwisko|em nome de|aqui fala|habla"
    r"|under the name)"
    r"(?: of)?\s{1,3}",
    hints="call, named, hier spricht, ici, nom, namen, nombre, nazwisko, nome, fala, habla, name",
)
SPEAKING = _after(
    r"\b(?:this is|it's|here is|hier (?:ist|spricht)|c'est|aqui (?:es|e)|soy|tu mowi)\s{1,3}",
    hints="this is, it's, here is, hier, c'est, aqui, soy, mowi",
)
SELF = _after(
    r"\b(?:i'm|i am|im|ich bin(?: die| der)?|je suis|soy|jestem|(?:eu )?sou(?: o| a)?)\s{1,3}",
    hints="i'm, i am, im, ich bin, je suis, soy, jestem, sou",
)
HERE = _after(r"\b(?:hier ist|aqui e (?:o|a)|ici|z tej strony|tu)\s{1,3}", hints="hier, aqui, ici, strony, tu")

STARTING = Hinted(re.compile(r"(?:^|(?<=\n))(?=[^\W\d_a-z][^\n]{2,60} [Hh]ere\b)"), " here")

_STRONG = (
    r"(?:kind|best|warm|kindest|warmest|many)\s{1,3}(?:regards|wishes|thanks)|regards|sincerely|yours|greetings"
    r"|(?:mit )?(?:freundliche[nmr]?|beste[nmr]?|liebe[nmr]?|viele[nmr]?|herzliche[nmr]?|schone[nmr]?)"
    r" gr(?:u|ue)(?:s|ss)en?(?: aus [a-z]{2,20})?"
    r"|(?:gr(?:u|ue)(?:s|ss)e?|beste gruse|hochachtungsvoll|ihre?|eure?)(?=[ ]?[,\r\n])"
    r"|(?:bien |tres )?cordialement|bien a vous|salutations(?: distinguees)?|amicalement|bonne journee"
    r"|(?:un )?(?:cordial )?saludos?(?: cordial(?:es)?)?|atentamente|un abrazo|cordialmente"
    r"|(?:serdecznie )?pozdrawiam(?: serdecznie)?|pozdrowienia|z powazaniem"
    r"|atenciosamente|(?:com os )?(?:melhores )?cumprimentos|(?:um )?abracos?"
)
_BELOW = (
    r"thanks|thank you|thx|cheers|best|love|danke|vielen dank|lg|vg|mfg|merci|gracias|dziekuje|dzieki|obrigad[oa]"
    r"|grazie"
)

SIGNED_BELOW = _after(
    rf"\b(?:{_STRONG})(?:\s{{1,3}}(?:yours|sincerely|truly|faithfully))? {{0,3}}[,\r\n-]\s{{0,5}}",
    rf"(?:^|(?<=[\n.!?])) {{0,9}}(?:{_BELOW}) {{0,3}}[,.!]? {{0,3}}\r?\n\s{{0,5}}(?:[-~] ?)?",
    hints="regards, wishes, thank, sincerely, yours, greetings, thx, cheers, best, love, grus, grues, "
    "hochachtungsvoll, "
    "ihr, eur, danke, lg, vg, mfg, dank, cordialement, vous, salutations, amicalement, bonne, saludo, "
    "atentamente, "
    "abrazo, cordialmente, pozdrawiam, pozdrowienia, powazaniem, atenciosamente, cumprimentos, abraco, merci, "
    "gracias, "
    "dziekuje, dzieki, obrigad, grazie",
)
SIGNED = _after(
    rf"\b(?:{_STRONG}|(?:(?<=^)|(?<=\n)|(?<=[.,!?] )|(?<=und )|(?<=dank )|(?<=danke ))(?:lg|vg|mfg|bg))[ ]{{1,3}}",
    hints="regards, wishes, thank, sincerely, yours, greetings, grus, grues, lg, vg, mfg, bg, cordialement, "
    "vous, salutations, amicalement, bonne, saludo, atentamente, abrazo, cordialmente, pozdrawiam, pozdrowienia, "
    "powazaniem, atenciosamente, cumprimentos, abraco",
)
"""On the same line, without a sign in between."""

THANKED = _after(
    r"\b(?:thanks|thank you|thx|cheers|danke(?: schon)?|vielen dank|merci|gracias|dziekuje|dzieki|obrigad[oa]"
    r"|grazie)"
    r"(?: (?:again|a lot|so much|very much|in advance|you|im voraus|vorab|d'avance|beaucoup|de antemano|bardzo"
    r"|z gory|desde ja))?[ ,.!-]{1,4}",
    r"(?:^|(?<=[\n.!?] )|(?<=[\n.!?]))(?:best|love|bye|xx|sent by|tschus|ciao|adios)[,!] ?-? ?",
    r"[\n ](?:--|~) ?",
    hints="thank, thx, cheers, dank, merci, gracias, dziek, obrigad, grazie, best, love, bye, xx, sent by, "
    "tschus, ciao, adios, --, ~",
)
"""A name stands there only if the line ends behind it."""

GREETED = _after(
    r"(?:^|(?<=\n))[ \"'>]{0,4}(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|liebe[rs]?"
    r"|guten (?:tag|morgen)"
    r"|moin|sehr geehrte[rs]?|bonjour|salut|bonsoir|cher|chere|hola|estimad[oa]|querid[oa]|buenos dias"
    r"|buenas tardes"
    r"|czesc|dzien dobry|witaj|drogi|droga|szanown[ya]|ola|bom dia|boa tarde|caro|cara|prezad[oa]),? {1,3}",
    hints="hi, hello, hey, dear, good, hallo, lieb, guten, moin, geehrte, bonjour, salut, bonsoir, cher, hola, "
    "estimad, "
    "querid, buen, czesc, dobry, witaj, drog, szanown, ola, dia, tarde, car, prezad",
)

TITLED = Hinted(
    re.compile(
        r"(?<![\w.-])(?:(?=(?:Mrs|Mr|Ms|Miss|Mx|Dr|Prof|Herrn?|Frau|Fräulein|[Mm]onsieur|[Mm]adame|Mme|Mlle"
        r"|Sra?|Srta|[Ss]eñora?"
        r"|[Ss]enhora?|Doña|Dona|Pan|MR|MRS)\.? )|(?:Familie|Familia|Família|[Pp]ani[ąęa]?|[Pp]an[au]|panem"
        r"|Państwo|państwa) )"
        r"|(?:^|(?<=[.,!?\n] )|(?<= de )|(?<= et )|(?<= à )|(?<= par )|(?<= que )|(?<= pour )|(?<= avec )"
        r"|(?<= chez )|(?<=bonjour )|(?<=Bonjour ))"
        r"M\. (?=[^\W\d_a-z])"
    ),
    *listed(
        "mr m. ms miss mx dr prof herr frau madame mme mlle monsieur sr. sra sr srta senor senhor dona pan famil"
    ),
)
"""The title itself is part of the name where the finder knows it."""

FORM = _after(
    r"(?:^|(?<=[\n,;(])|(?<=[,;.] ))(?:(?:full |first |last |sur|customer )?name|vorname|nachname|kundenname"
    r"|empfanger"
    r"|nom(?: complet)?|prenom|nombre(?: completo)?|apellidos?|imie(?: i nazwisko)?|nazwisko|nome(?: completo)?"
    r"|customer|kund(?:e|in)|client|cliente|klient(?:ka)?"
    r"|apelido|recipient|contact(?: person)?|ansprechpartner(?:in)?|destinataire|destinatario|odbiorca) ?: ?",
    hints="name, nom, empfanger, imie, nazwisko, apel, recipient, contact, ansprechpartner, destinata, "
    "odbiorca, customer, kund, client, klient",
)
