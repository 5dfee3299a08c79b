"""Where names are in letters: greetings, titles, the ends, and the headers of quoted mail."""

from __future__ import annotations

import re

from supportbot.redact._cues import after
from supportbot.redact._hinted import Hinted
from supportbot.redact._view import HIDDEN
from supportbot.redact._words import listed

_STRONG = (
    r"(?:kind|best|warm|kindest|warmest|many|all the)\s{1,3}(?:regards|wishes|thanks"
    r"|best)|regards|sincerely|yours"
    r"|greetings|rgds|kr|br|hugs"
    r"|(?:mit )?(?:freundliche[nmr]?|beste[nmr]?|liebe[nmr]?|viele[nmr]?|herzliche[nmr]?"
    r"|schone[nmr]?|sonnige)"
    r" gr(?:u|ue)(?:s|ss)en?(?: aus [a-z]{2,20})?"
    r"|(?:gr(?:u|ue)(?:s|ss)e?|beste gruse|hochachtungsvoll|ihre?|eure?)(?=[ ]?[,\r\n])"
    r"|(?:bien |tres )?cordialement|bien a (?:vous|toi)|salutations(?: distinguees)?"
    r"|amicalement|bonne journee"
    r"|cdlt|cdt|bises|(?:gros )?bisous|respectueusement"
    r"|(?:un )?(?:cordial )?saludos?(?: cordial(?:es)?)?|atentamente|atte|un abrazo|cordialmente|besos"
    r"|(?:serdecznie )?pozdrawiam(?: serdecznie)?|(?:z )?pozdrowieni(?:a|ami)|pozdro"
    r"|z powazaniem|z wyrazami szacunku"
    r"|atenciosamente|att|(?:com os )?(?:melhores )?cumprimentos|(?:um )?abracos?|beijos|bjs"
)
_BELOW = (
    r"thanks|thank you|thx|ty|cheers|best|love|danke|vielen dank|lg|vg|mfg|bg|merci"
    r"|gracias|dziekuje|dzieki|pzdr"
    r"|obrigad[oa]|grazie"
)
_STRONG_HINTS = (
    "regards wishes thanks best sincerely yours greetings rgds kr br hugs gruse grusse gruesse grus"
    " hochachtungsvoll"
    " ihr ihre eur eure cordialement vous toi salutations amicalement bonne cdlt cdt bises bisous respectueusement"
    " saludos atentamente atte abrazo cordialmente besos pozdrawiam powazaniem szacunku atenciosamente att"
    " cumprimentos abraco beijos bjs"
)

SIGNED_BELOW = after(
    rf"\b(?:{_STRONG})(?:\s{{1,3}}(?:yours|sincerely|truly|faithfully))? {{0,3}}[,\r\n-]\s{{0,5}}",
    rf"(?:^|(?<=[\n.!?])) {{0,9}}(?:{_BELOW}) {{0,3}}[,.!]? {{0,3}}\r?\n\s{{0,5}}(?:[-~] ?)?",
    hints=f"{_STRONG_HINTS} thank thx ty cheers love danke dank lg vg mfg bg merci gracias dziekuje "
    "pzdr obrigado grazie",
)
SIGNED = after(
    rf"\b(?:{_STRONG}|gr(?:u|ue)(?:s|ss)e?"
    r"|(?:(?<=^)|(?<=\n)|(?<=[.,!?] )|(?<=und )|(?<=dank )|(?<=danke ))(?:lg|vg|mfg|bg|pzdr))[ ]{1,3}",
    hints=f"{_STRONG_HINTS} lg vg mfg bg pzdr",
)
"""On the same line, without a sign in between."""

_THANKS = (
    r"thanks|thank you|thankyou|thank u|thx|tnx|ty|cheers|danke(?: schon| dir| ihnen)?"
    r"|vielen dank|besten dank|merci"
    r"|gracias|dziekuje|dzieki|obrigad[oa]|grazie"
)
THANKED = after(
    rf"\b(?:{_THANKS})"
    r"(?: (?:again|a lot|lots|so much|very much|much|in advance|you|und gruss?|und lg"
    r"|im voraus|vorab|d'avance"
    r"|beaucoup|de antemano|bardzo|z gory|desde ja))?[ ,.!-]{1,4}",
    r"(?:^|(?<=[\n.!?] )|(?<=[\n.!?]))(?:best|love|bye|xx|xoxo|sent by|tschus|ciao|adios"
    r"|gruss?|bis bald)\b[,!]? ?-? ?",
    r"[\n ](?:--|~) ?",
    hints="thanks thx tnx ty cheers danke dank merci gracias dziekuje obrigado grazie best love bye "
    "xx xoxo sent tschus ciao adios grus gruss bis",
    signs=("--", "~"),
)
"""It is a name only if the line ends after it."""

THANKS = re.compile(rf"\b(?:{_THANKS}|{_STRONG})\b")
GREETED = after(
    r"(?:^|(?<=\n))[ \"'>]{0,4}(?:hi|hello|hey|hiya|dear|good (?:morning|afternoon"
    r"|evening)|hallo|liebe[rs]?"
    r"|guten (?:tag|morgen|abend)|servus|gruss dich|gruezi"
    r"|moin|sehr geehrte[rs]?|bonjour|salut|bonsoir|coucou|cher|chere|hola|estimad[oa]"
    r"|querid[oa]|buenos dias"
    r"|buenas(?: tardes| noches)?"
    r"|czesc|hej|dzien dobry|dobry wieczor|witaj|witam|drogi|droga|szanown[ya]|ola|oi"
    r"|bom dia|boa (?:tarde|noite)"
    r"|caro|cara|prezad[oa]),? {1,3}",
    hints="hi hello hey hiya dear good hallo liebe guten servus gruss gruezi moin geehrte bonjour "
    "salut bonsoir coucou cher chere hola estimado querido buenos buenas czesc hej dzien dobry "
    "witaj witam drogi droga szanowny ola oi bom boa caro cara prezado",
)
GREETED_TOO = re.compile(r",? (?:and|und|et|y|i|e|&) ")
"""Between the names of two who are greeted."""

TITLED = Hinted(
    re.compile(
        r"(?<![\w.-])(?:(?=(?:Mrs|Mr|Ms|Miss|Mx|Dr|Prof|Herrn?|Frau|Fräulein|[Mm]onsieur|[Mm]adame|Mme|Mlle"
        r"|Sra?|Srta|[Ss]eñora?"
        r"|[Ss]enhora?|Doña|Dona|Pan|MR|MRS)\.? )|(?:Familie|Familia|Família|[Pp]ani[ąęa]?|[Pp]an[au]|panem"
        r"|Państwo|państwa) )"
        r"|(?:^|(?<=[.,!?\n] )|(?<= de )|(?<= et )|(?<= à )|(?<= par )|(?<= que )|(?<= pour )|(?<= avec )"
        r"|(?<= chez )|(?<=er )|(?<=ez )|(?<=bonjour )|(?<=Bonjour ))"
        r"M\. (?=[^\W\d_a-z])"
    ),
    *listed("mr mrs ms miss mx dr prof herr herrn frau fraulein"),
    *listed("madame mme mlle monsieur sr sra srta senor senhor dona"),
    *listed("pan pani pania panie pana panu panem panstwo familie"),
    signs=("m. ",),
)
"""The title itself is part of the name where the finder knows it."""

_CAP = r"[^\W\d_a-zà-öø-ÿ][\w'’.-]{1,24}"
ADDRESSED = Hinted(
    re.compile(
        rf"(?<![\w<@.])(?P<name>{_CAP}(?:,? {_CAP}){{0,3}})[\"']? {{0,2}}(?=<(?:mailto:)?"
        rf"(?:[^<>\s@]{{1,64}}@[^<>\s]{{1,80}}|{HIDDEN})>)"
    ),
    signs="<",
)
"""Somebody with an address: ``Hans Meier <hans@example.com>``."""

CONTACT = re.compile(r"\d[\d ()./-]{6}|@\w")
BESIDE = re.compile(
    rf"(?<![\w@.])(?P<name>{_CAP}(?: {_CAP}){{0,2}})(?:, ?| [(/|-] ?| )(?:\w{{1,12}}[.:]? ?){{0,2}}"
    r"(?=[+(]?\d[\d ()./-]{6}|[^\s@]{1,64}@\w)"
)
"""A name beside a number or a mail address, which most texts have not: ``Jan Kowalski, tel. 601 234 567``."""

WROTE = Hinted(
    re.compile(
        rf"(?<![\w.@])(?!(?:AM|PM|CES?T|GMT"
        rf"|UTC)\b)(?P<name>{_CAP}(?: {_CAP}){{0,2}})[\"']? ?(?:<[^<>\n]{{1,80}}>)?,? ?"
        r"(?:wrote|a écrit|escribió|napisała?|escreveu)\b ?:?"
    ),
    *listed("wrote ecrit escribio napisal escreveu"),
)
"""The line above what is quoted."""

SCHRIEB = after(r"\bschrieb ", hints="schrieb")
