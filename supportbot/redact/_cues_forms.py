"""Where names are in forms, logs and data, and beside the word that says who somebody is to the writer."""

from __future__ import annotations

from supportbot.redact._cues import after

FORM = after(
    r"(?:^|(?<=[\n,;(/|])|(?<=[,;.|/] ))(?:(?:full |first |last |sur|customer )?name"
    r"|vorname|nachname|kundenname"
    r"|empfanger(?:in)?"
    r"|nom(?: complet)?|prenom|nombre(?: completo)?|apellidos?|imie(?: i nazwisko)?"
    r"|nazwisko|nome(?: completo)?"
    r"|customer|kund(?:e|in)|client|cliente|klient(?:ka)?"
    r"|apelido|recipient|contact(?: person)?|ansprechpartner(?:in)?|destinataire|destinatario|odbiorca"
    r"|absender(?:in)?|besteller(?:in)?|expediteur|remitente|nadawca|sender|attn|z\. ?hd\.?|c/o) ?[:=] ?",
    r"\b(?:attn|z\. ?hd\.|c/o)\.? ",
    hints="name surname vorname nachname kundenname nom prenom nombre empfanger apellido apelido "
    "imie nazwisko nome customer kunde kundin client klient recipient contact ansprechpartner "
    "destinataire destinatario odbiorca absender besteller expediteur remitente nadawca sender "
    "attn z c",
)

LABELLED = after(
    r"\b(?:(?:first|last|given|family|middle|sur|second|full)[ _-]?name|vorname|nachname"
    r"|familienname|prenom"
    r"|nom de famille"
    r"|primer apellido|segundo apellido|apellidos|nazwisko|sobrenome|primeiro nome|ultimo nome)"
    r"(?: is| ist| est| es| to| e|['\"]? ?[:=])? ?['\"]?",
    hints="name firstname lastname givenname family middle surname second fullname vorname nachname "
    "prenom nom primer segundo apellido nazwisko sobrenome primeiro ultimo",
)
"""What nobody but a person has."""

HELD = after(
    r"\b(?:(?:account|card|policy|ticket)[ -]?(?:holder|owner)(?:'?s)?(?: name)?|(?:konto"
    r"|karten)inhaber(?:in)?"
    r"|(?:nom du )?titulaire(?: du compte| de la carte)?"
    r"|(?:nombre del )?titular(?: de la cuenta| de la tarjeta)?"
    r"|(?:nome do )?titular(?: da conta| do cartao)?|(?:wlasciciel"
    r"|posiadacz)(?:ka)?(?: konta| karty| rachunku)?"
    r"|(?:the )?name on (?:the |my )?(?:card|account|order|parcel|invoice|booking|ticket|label|box)"
    r"|passenger(?: name)?|guest name|beneficiary|begunstigte[r]?|beneficiaire"
    r"|beneficiario|odbiorca przelewu)"
    r"(?: is| ist| est| es| to| e)? ?:? ",
    hints="holder owner accountholder cardholder policyholder ticketholder accountowner kontoinhaber karteninhaber"
    " titulaire titular "
    "wlasciciel posiadacz name passenger guest beneficiary begunstigte odbiorca",
)

DATA = after(
    r"(?<=[\"'{,;& ])(?:user|customer|recipient|sender|owner|holder|author|buyer|client"
    r"|contact|patient|employee"
    r"|billing|shipping|name|nom|nombre|nome|kunde|displayname|display_name|realname|real_name|cn)"
    r"(?:[ _]?name)?[\"']? ?[:=] ?[\"']",
    r"<(?:\w{1,20}:)?(?:full|first|last|sur|given|customer|user)?_?name>",
    hints="name user username customer recipient sender owner holder author buyer client contact "
    "patient employee billing shipping nom nombre nome kunde displayname display realname cn "
    "firstname fullname lastname surname givenname nomname nomename cnname",
)
"""A value in quotation marks may be a product's, so it takes a given name or a field that only people have."""

RELATED = after(
    r"\bmy (?:late |older |younger |little |big |ex-?)?(?:husband|wife|son|daughter"
    r"|mother|father|mum|mom|dad|brother"
    r"|sister|partner|boyfriend|girlfriend|fiancee?|flatmate|roommate|neighbou?r"
    r"|colleague|boss|friend|assistant"
    r"|grandma|grandpa|aunt|uncle|cousin|nephew|niece),? ",
    r"\b(?:mon|ma) (?:mari|epouse|epoux|femme|fils|fille|mere|pere|frere|soeur|conjointe?"
    r"|compagn(?:on|e)|copine?"
    r"|voisine?|collegue|amie?),? ",
    r"\bmi (?:marido|mujer|esposa|esposo|hij[oa]|madre|padre|herman[oa]|novi[oa]|pareja|vecin[oa]|amig[oa]"
    r"|compañer[oa]),? ",
    r"\bmoj[a]? (?:maz|zona|syn|corka|mama|tata|matka|ojciec|brat|siostra|partner(?:ka)?|chlopak|dziewczyna"
    r"|sasiad(?:ka)?|kolega|kolezanka|przyjaciel),? ",
    r"\b(?:meu|minha) (?:marido|mulher|esposa|esposo|filh[oa]|mae|pai|irmao?|namorad[oa]"
    r"|vizinh[oa]|colega|amig[oa]"
    r"|soci[oa]),? ",
    hints="my mon ma mi moj moja meu minha",
)
RELATED_NOUN = after(
    r"\b(?:mein|meine[mnr]?|unser|unsere[mnr]?) (?:mann|frau|ehemann|ehefrau|sohn|tochter"
    r"|mutter|vater|bruder"
    r"|schwester|partner(?:in)?"
    r"|freund(?:in)?|nachbar(?:i?n)?|kolleg(?:e|in|en)|chef(?:in)?|mitbewohner(?:in)?|oma"
    r"|opa|tante|onkel),? ",
    r"\b(?:delivered to|left (?:it )?with|signed (?:for )?by|accepted by|received by"
    r"|handed (?:it )?to|picked up by"
    r"|ordered by|spoke (?:to|with)|speak (?:to|with)|talked (?:to|with)|chatted with"
    r"|addressed to|registered to"
    r"|belongs to|booked (?:by|under)|made out to|a gift for|agent|ask for)(?: my \w{1,12})? ",
    r"\b(?:abgegeben bei|unterschrieben von|angenommen von|gesprochen mit|sprach mit"
    r"|telefonat mit|bestellt von"
    r"|remis a|signe par|parle (?:a|avec)|commande par|entregado a|firmado por"
    r"|recibido por|hable con|pedido por"
    r"|odebrala?|podpisala?|rozmawiala?m z|entregue a|assinado por|recebido por|falei com) ",
    hints="mein meine unser delivered left signed accepted received handed picked ordered spoke "
    "speak talked chatted addressed registered belongs booked made gift agent ask abgegeben "
    "unterschrieben angenommen gesprochen sprach telefonat bestellt remis signe parle commande "
    "entregado firmado recibido hable pedido odebral podpisal rozmawial entregue assinado "
    "recebido falei",
)
"""A place or a thing may follow, or a noun with its capital: only a given name will do."""
