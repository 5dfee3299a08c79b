"""The small words that identify and split a follow-up: a table for each language. All tables apply at once, since
the language is not known beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """The small words of a language, in lower case.

    Attributes:
        filling: words without meaning that may precede anything.
        leading: beginnings that mark a follow-up; one word or several.
        asking: beginnings of questions.
        seldom_told: those of them that ask for a person or a reason, which few answers to other questions tell.
        verbs: which show that it is a whole sentence.
        prepositions: what leads to a noun, as in "for a gift card".
        determiners: words before a noun.
        pronouns: what stands for what was said before.
        others: more words that do not say what a question is about: persons, times, prices, "do", "also".
    """

    filling: tuple[str, ...]
    leading: tuple[str, ...]
    asking: tuple[str, ...]
    seldom_told: tuple[str, ...]
    verbs: tuple[str, ...]
    prepositions: tuple[str, ...]
    determiners: tuple[str, ...]
    pronouns: tuple[str, ...]
    others: tuple[str, ...]


def _words(*lines: str) -> tuple[str, ...]:
    return tuple(word for line in lines for word in line.split())


ENGLISH = Language(
    filling=_words("ok okay so well right then cool great nice perfect good thanks thx hm hmm ah oh"),
    leading=(
        *_words("and or but also plus"),
        "what about",
        "how about",
        "same for",
        "same question for",
        "as for",
        "how is it with",
        "how is it for",
    ),
    asking=_words("what which who whom whose where when why how"),
    seldom_told=_words("who who's whom whose why"),
    verbs=_words(
        "is isn't are aren't was were be been am i'm do don't does doesn't did didn't has have had can can't",
        "cannot could will won't would shall should may might must need needs want wants get gets got take takes",
        "lasts cost costs there's what's where's how's who's it's that's they're",
    ),
    prepositions=_words("for in on at by with without against to from of near during before after until within"),
    determiners=_words("the a an my your our some any another"),
    pronouns=_words("it its it's they them their they're he him his she her this that that's these those same"),
    others=_words(
        "i me we us you one ones own",
        "much many long far often late early last time times day days now again still already till til",
        "price expensive free begin start starts possible available anything something",
        "getting go going put use let try make give tell show know see keep happen happens mean say",
        "not no yes else other others too please there here if as just only really actually exactly",
    ),
)

GERMAN = Language(
    filling=_words("ok okay also dann gut super danke prima ah hm"),
    leading=(
        *_words("und oder aber auch"),
        "was ist mit",
        "wie ist es mit",
        "wie ist es bei",
        "wie ist das mit",
        "wie sieht es mit",
        "wie sieht's mit",
        "wie steht es mit",
        "gilt das auch für",
        "gilt das auch bei",
        "geht das auch mit",
    ),
    asking=_words(
        "was wer wen wem wessen wo wann warum wieso weshalb wie welche welcher welches welchem wohin woher"
    ),
    seldom_told=_words("wer wen wem wessen warum wieso weshalb"),
    verbs=_words(
        "ist sind war waren bin habe hat haben hatte kann könnt können kannst könnte darf dürfen muss müssen soll",
        "will wollen möchte wird werden wurde gibt geht gehen dauert kostet kosten gilt brauche braucht bekomme",
        "bekommt macht funktioniert fängt kommt",
    ),
    prepositions=_words(
        "für im mit ohne gegen zu zum zur von vom bei beim nach vor während bis auf ab aus innerhalb"
    ),
    determiners=_words(
        "der das den dem ein eine einen einem einer mein meine meinen euer eure ihr ihre unser unsere"
    ),
    pronouns=_words("es er ihn ihm ihnen dies diese dieser diesen diesem davon dafür damit dazu daran dort"),
    others=_words(
        "ich wir man mich mir uns sie viel viele lange oft weit noch schon jetzt tage zeit kostenlos möglich",
        "etwas nicht kein keine ja nein denn da hier wenn nur bitte",
    ),
)

LANGUAGES = (ENGLISH, GERMAN)
