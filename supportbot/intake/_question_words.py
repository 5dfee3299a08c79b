"""The forms of questions and of requests for help, in English and German: a table for each kind, one form a line.

A form is held against the beginning of a sentence in lower case, without the apostrophes of "can't", "what's" and
"I'd". A blank stands for blanks, ``(a|b)?`` for one of the words or none, ``{name}`` for one of ``_PIECES``.
"""

from __future__ import annotations

import re

_PIECES = {
    "verb": "is|are|am|do|does|did|can|could|will|would|should|must|may|was|were|has|have",
    "subject": "i|we|you|he|she|it|they|there|this|that|these|those|the|my|our|your|an?|{anybody}|anything",
    "anybody": "anyone|anybody|someone|somebody",
    "use": "log|sign|get|access|open|find|see|connect|upload|download|install|pay|change|update|reset|send|print|"
    "use|reach|figure|remember|enter|edit|delete|cancel|order|book|buy|add|save|load|submit|activate|join|import|"
    "export|register|receive|view|verify|start|set|turn",
    "wish": "know|return|cancel|change|upgrade|downgrade|order|book|buy|delete|update|reset|register|rent|"
    "exchange|move|pay|report|transfer|close|ask|renew|switch|subscribe|unsubscribe|speak to|talk to|set up",
    "not": "doesnt|does not|dont|do not|isnt|is not|wont|will not|no longer|not",
    "works": "work|works|working|load|loading|connect|connecting|open|opening|start|starting|respond|responding|"
    "show|showing|sync|syncing|print|printing|turn on|charge|charging",
    "broken": r"keeps? \w+ing|crash(es|ed|ing)|freezes|fails|does nothing|hasnt \w+|has not \w+|never \w+|"
    "stopped working|(is|was|got|are) {state}",
    "state": "locked|blocked|lost|missing|broken|declined|not accepted|rejected|suspended|stolen|wrong|stuck|gone|"
    "down",
    "thing": "copy|invoice|receipt|refund|replacement|link|password|appointment|certificate|code|licen[cs]e|quote",
    "kept": "password|pin|card|key|login|account|user ?name|code|access|phone|sim|order|number|ticket",
    "my": "my|our|the|a|an|any",
    "serve": "help|explain|tell me|ship|deliver|refund|reset|cancel|resend|repair|recommend|show me how|"
    "send (it|me) (again|an?|the|my)",
    "kann": "kann|könnte|muss|soll|sollte|darf|werde|habe|bekomme|brauche",
    "mich": r"ich|man|wir|mir|jemand|das|der|die|mein\w*",
    "mein": r"die|das|den|mein\w*",
}
_OPENING = re.compile(r"\((?!\?)")


def _table(text: str) -> re.Pattern[str]:
    pattern = "|".join(f"({line.strip()})" for line in text.strip().splitlines())
    for name, words in _PIECES.items():  # pieces come after those that have them as pieces
        pattern = pattern.replace(f"{{{name}}}", f"({words})")
    return re.compile(_OPENING.sub("(?:", f"({pattern})(?!\\w)").replace(" ", r"\s+"))


BEFORE = re.compile(
    r"\A(?:(?:(?:hi|hello|hey|hiya|good\s+(?:morning|afternoon|evening)|morning|dear|hallo|moin|guten\s+(?:tag|"
    r"morgen|abend))(?:\s+(?:there|all|team|everyone|everybody|guys|folks|support|zusammen|alle))?|ok|okay|so|and|"
    r"but|also|or|then|well|sorry|excuse\s+me|btw|please|pls|und|aber|entschuldigung|bitte|(?:(?:an?|one\s+more|"
    r"eine?)\s+)?(?:(?:quick|short|stupid|other|another|kurze|blöde)\s+)?(?:question|frage)(?=\s*[,:–-]))"
    r"(?!\w)[\s,.:;!–-]+)+"
)
"""What may come before a question without making it one."""

ASKS = _table(
    r"""
    how ({verb}|much|many|long|often|far|fast|big|old|high|heavy|soon|to|come)
    (where|when|why)(s| {verb}| to)
    what(s| {verb}| time| kinds? of| types? of| size| happens| if \w+| about \w+)
    what \w+ (do|does|can|should) (i|we|you)
    who(s| to| {verb}| \w+s)
    (whom|whose) \w+
    which (\w+ ){1,3}?({verb}|includes?|comes?|works?|costs?|fits?|needs?|supports?)
    (is|are|am|does|can|could|will|would|should|must|may|were|has|have) {subject}
    (did|was|do) (i|we|you|they|these|those|the|my|our|your|all|anyone|anybody)
    do \w+s (need|have|get|cost|pay|work|come)
    (is|are) \w+ (free|open|included|allowed|available|possible|required|necessary)
    isnt there
    {anybody} (here )?knows? (if|how|why|what|where|when|whether|of|about|the|a)
    {anybody} (here )?(have|has|had|got|seen|able|tell|help|explain|using|used|tried|else)
    any (ideas?|clue) (how|why|what|where|when|if|whether|on)
    any (way|chance|tips|advice|suggestions|recommendations) (to|for|on|how|of getting)
    (i was |im |i am )?wondering
    i wonder (if|whether)
    """
)
"""Questions, with or without a sign at their end."""

TURNED = _table("{verb}")
"""Questions with a sign at their end."""

SEEKS_HELP = _table(
    r"""
    help( me| us| please| with| needed|!|,|:|\W*$)
    please help
    (i |we )?(really )?need (some |your )?(help|support)
    ((i|we) )?(still |just )?(cant|cannot|can not|couldnt) (seem to |even )?{use}
    ((im|i am|we are) )?(unable|not able) to {use}
    (i|we)(d| would) like to {wish}
    (i|we)(d| would) like (a|an|my) {thing}
    (i|we) (want|wish|have|need) to {wish} ({my}|it|from|to)
    i need (an? |the |my )?(new )?{thing}
    ((i|we) )?(keep|kept) (getting|being|seeing) \w+
    ((i|im|i am|we) )?(get|getting|got|see|seeing) (an?|the|this) (\w+ )?(error|blank|message|warning|failure)
    (i|we|ive|i have) (just )?(lost|forgot|forgotten) (my|our|the) (\w+ )?{kept}
    (i )?(dont|do not) (understand|know) how
    (i )?(dont|do not) (see|find|get) {my} (?!point)\w+
    (i|we) (never|didnt|did not|dont|do not) (got|get|receive|received) ({my}|your)
    ((im|i am) )?(not sure|unsure|no idea|no clue|dont know) (how|where|which|what|whether|if) (to|i can|i should)
    ((im|i am|been) )?(trying|tried) to .* (but|fails)
    ((im|i am) )?looking for (the|an?|my|information|instructions|help)
    (i have |ive )?(an? |some |one more )?(quick |other )?questions? (about|on|regarding)
    (i have|ive|having|got) (an? |some )?(problems?|trouble|issues?) (with|when|logging|getting|connecting)
    my (\w+ ){1,4}?({broken}|{not} {works})
    (the )?(\w+ )?(app|website|page|site|login|link|button|code) {broken}
    (the |our |your )?(?!that|this|it)(\w+ )?\w+ {not} {works}( anymore| yet)?( on .*)?\W*$
    it (wont|doesnt (let|work|open|load|start|show|connect)) (?!how|out)\S+
    it says (it|that my|invalid|error|my)
    """
)
"""Requests for help that are no questions by their form."""

GERMAN = _table(
    r"""
    wie (\w+ )?(ist|sind|kann|könnte|muss|soll|darf|komme|bekomme|lange|viel|viele|oft|weit|hoch|groß|teuer)
    wie \w+e ich
    wie (funktioniert|bekomme|bezahle|erreiche) \w+
    (wo|wohin|wann|warum|wieso|weshalb) (\w+ )?(ist|sind|kann|muss|soll|darf|finde|gibt|bekomme|kommt|habt)
    (wo|wohin|wann|warum|wieso|weshalb) (\w+ )?(wird|wurde|werden?|geht|steht|funktioniert|öffnet|schließt|melde)
    was (kostet|kosten|ist (der|die|das|ein|eine|mit)|sind|kann|muss|soll|mache|passiert|bedeutet|brauche|gilt)
    wer (kann|ist|hilft|zahlt|bezahlt)
    welche[rsnm]? \w+ \w+
    {kann} {mich} (?!bestätigen|passieren|sein)\w+
    gibts|gibt es|habt ihr|haben sie|geht (das|es)|(kennt|weiß) (jemand|wer)
    hat jemand (?!lust|hunger|zeit)\w+
    ist (es (möglich|normal)|das|der|die|ein|mein) \w+
    (liefert|bietet|nehmt|akzeptiert) ihr|(kostet|funktioniert) \w+
    ich (kann|konnte) (mich|keine?n?|{mein}) .*\w+
    ich (finde|sehe|bekomme|erhalte|verstehe) {mein} .*nicht\W*$
    ich (finde|sehe|bekomme|erhalte) keine?n?
    (der|{mein}) (\w+ ){1,3}?(geht|funktioniert|läuft|lädt|startet|öffnet) (\w+ )?nicht
    mein\w* (\w+ ){1,3}?(ist|wurde) (\w+ )?(gesperrt|kaputt|verloren|abgelehnt|gestohlen|falsch)
    hilfe|ich brauche (hilfe|unterstützung|eine (rechnung|kopie|bescheinigung))
    ich (möchte|will) .*(kündigen|ändern|löschen|zurückgeben|bestellen|buchen|wissen|umtauschen|stornieren)
    ich habe? (eine frage|ein problem|mein\w* \w+ (vergessen|verloren))
    """
)
"""Both, in German."""

SOCIAL = _table(
    r"""
    how(s| is| are| was| were| did| have) (it going|you|things|life|everyone|everybody|your)
    how(s| is| are| was| were| did) the (\w+ go|trip|baby|family|kids)
    how was the \w+\W*$
    how (hard|bad|difficult) can
    what(s| is) (up|new|going on|not to|your (take|opinion|plan)|else new)
    what (do|did|are|were|have|would) you (\w+ )?(think|doing|up to|mean|say|been)
    what (could|can) (possibly )?go wrong
    what (a|the hell|else is new)
    who (knows|knew|cares|needs|would have|am i|wants|broke|did)
    who(s| is) (in|up|coming|joining|turn|hungry)
    why (not|me|so serious|am i (like|so)|would (anyone|anybody|you|they))
    where (have all|would we be)|when (do|will) we ever|since when
    where (is|are) (everyone|everybody)|(where|when) are we
    (are|were) (you|we) (?!open|closed|able|shipping|selling|charged|allowed|supposed|required|accepting)\w+
    (is|are) (everyone|everybody|you guys)|(is|can) it (be )?(friday|monday|weekend|christmas|over)|does \w+day
    (did|have|had|will|would|do) you (guys |all )?(see|seen|watch|hear|heard|try|tried|read|want|need|think)
    (did|have|had|will|would|do) you (guys |all )?(mean|remember|like|love|feel|mind|look|come|join|believe)
    (did|have|had|will|would|do) you (guys |all )?(know (what|who)|be (there|in|at|here))
    (did|have|do) you (guys |all )?(have (a|an|time|fun)|find time|sleep|get my)
    (can|could|would|will) (you|one of you|everyone|everybody) (?!{serve})\w+
    (shall|should) we
    (can|could) we (start|go|do|meet|move|talk|have|make|please|not|postpone|discuss|sync|just)
    (do|did|will|are) we (have (a|the|any) (meeting|call|plans?)|still|really|want|ready|meet|know)
    (isnt|arent|wasnt|dont|doesnt|didnt|wont|wouldnt) (?!there)\w+
    do i (look|sound)|can {anybody} (say|hear|review|approve|take over)
    (does|did|has|is|was) (it|that|this|the) (trick|job|make sense|matter|count|sound|look (good|ok))
    do (it|the|this|that|not)|may the|can (this|that) (be weekend|wait)|would you look at
    (will|could|would|should) (be|do|check|see|let|get|love|have|work)|have (a|an|fun)
    wie (gehts?|war|schade|schön|immer|gesagt|du)
    was (für|geht|meint|denkst|machst|macht ihr|ist los|solls)
    wer (weiß|hätte|will|kommt|hat lust)|wann (kommst|bist|immer)|wo bist
    (hast|bist|kannst|willst) du|kommst|gehst|kann (losgehen|sein|passieren)
    """
)
"""What has the form of a question and asks nobody for help: chat, sayings, what is for those who are there."""

STATED = _table(
    r"""
    (where|when|what|who|how|why) (i|we|you|he|she|they|it|there|the|this|that|matters)
    who(ever)? did
    """
)
"""Clauses that begin with a question word; with a sign at their end they may be questions."""

TAG = re.compile(
    r"(?:,\s*|\s)(?:right|correct|ok|okay|yes|no|huh|eh|innit|oder(?:\s+nicht)?|ne|gell|nicht\s+wahr|why\s+not|"
    r"you\s+know|(?:is|was|are|do|does|did)nt\s+(?:it|we|they|you|i))\s*\?+$"
)
"""Ends of sentences that only look for agreement."""

LEISURE = re.compile(
    r"\b(?:lunch|dinner|breakfast|coffee|beers?|drinks?|pizza|cake|party|weekend|movie|film|football|game|match|"
    r"standup|retro|mittagessen|kaffee|bier|kuchen|feierabend|urlaub|wochenende|after\s+work|in\s+the\s+office|"
    r"the\s+(?:pr|build|deploy|deployment|meeting|sprint|call|slides|review|branch|demo))\b"
)
"""What colleagues ask each other about, anywhere in a sentence."""
