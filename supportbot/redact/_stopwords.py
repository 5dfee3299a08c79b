"""Words that no person is called: what follows "my name is" without being a name, ends one, or is greeted.

The commonest words of each language in such places, folded like the cues.
"""

from __future__ import annotations

from supportbot.redact._words import folded

_ENGLISH = """
    a about above after again all already also always am an and another any are as asking at back be because
    been being below but by calling called can cannot can't changed correct could customer did different do does
    doesn't don't double duplicated empty even ever every for from get getting gone got had has have having he
    hello help her here hi hidden his how however i i'd i'll i'm i've if in incomplete incorrect indeed into
    invalid is isn't it it's its just last like linked listed long looking mangled may me misspelled misspelt
    missing mistyped my need never no nobody not nothing now of off ok okay old on once one only or order our
    out over partly please printed quite rather really reads registered regarding right shall she short should
    showing shown since so some speaking spelled spelt still taken than thanks that that's the their them then
    there these they this those though to today too two under unknown up upon urgent used very want wanted was
    wasn't we were what when where which while who whose why will with without won't would writing written wrong
    wrongly yes yet you your
    agent angry anybody bot buyer care charge chief client company could crew day dear delivery department
    disappointed else evening everybody everyone everything folks frustrated great guys happy happening home
    how's interested just kindly ladies live lot madam manager member monday more morning much no-one nice night
    number office owner package paket parcel people person product products purchase question really returns
    sad sales seller service shop sir so sorry staff store student support sure team technical thank them
    tomorrow tuesday unhappy upset us user using waiting wednesday sirs madams gentlemen mesdames week world
    worried surname forename
"""
_GERMAN = """
    aber als alle alles am an auch auf aus bei beim bin bis bitte da damen danke das dass dem den denn der des die
    dies diese dieser doch du ein eine einem einen einer er es euch euer falsch fur gar gerne habe haben hat hatte
    herren hier hilfe ich ihr ihre ihnen im immer in ist ja jetzt kann kein keine konnen kunde kunden kundendienst
    kundenservice kundin laut man mehr mein meine mich mit mir mochte muss nach nicht noch nun nur oder ohne paket
    problem schon sehr seit sich sie sind so soll support team uber um und uns unser von vor war warte was wegen
    wenn wer wie wir wird wo wohne wurde zum zur zu zusammen bestellung rechnung nummer kundennummer artikel ware
    vorname nachname name
    lieferung frage guten tag hallo leute vorab voraus vielen viele
"""
_FRENCH = """
    a afin ai ainsi alors au aussi aux avait avance avec avoir bien bonjour ce cela cette chez client cliente
    colis comme commande c'est dans de depuis des donc du elle en equipe est et etait etes faut il ils j'ai je
    jour la le les leur lui ma madame mais mal me merci mes messieurs moi mon monsieur ne nos notre nous
    numero on ont ou par pas plus pour pourquoi quand que quel qui quoi sa sans service ses si son sont suis
    sur ta tout tous toute toutes tres un une vos votre vous y beaucoup aide tout-le-monde
"""
_SPANISH = """
    al algo aqui antes asi atencion buenas buenos bien cliente clienta como con compra cuando cual de del desde
    dia donde el ella en equipo era es esa ese eso esta este estoy fue gracias hace hay hola la las le les lo los
    mas me mi mis muy necesito no nos nosotros nuestro o para pedido pero por porque problema pues que quien quiero
    se senor senores si sin sobre soy su sus tal tambien tengo tienda todo todos todas un una uno usted ya y yo
    antemano ayuda
"""
_POLISH = """
    a ale bardzo bez bo by byc byl byla ci co czy dla dlaczego dnia do dzien dziekuje gdzie i ich ile im jak jaki
    jako je jest jestem jej jego ja juz kiedy klient klientem klientka kto ktory ma mam mi mnie moj moja moje moze
    na nad nam nas nie nic niz o od oraz paczka pan pani panstwo po pod prosze problem przez przy sa se sie sklep
    ten tej to tu tylko u w was wasz we witam wszyscy z za ze zamowienie zespol zle gory
"""
_PORTUGUESE = """
    a ao aos as ate bem boa bom cliente com como compra da das de depois do dos e ela ele em encomenda equipa
    equipe era essa esse esta este estou eu foi gostaria ha isso ja la lhe loja mais mal mas me meu minha muito na
    nao nas nem no nos nossa nosso num o obrigada obrigado onde os ou para pedido pela pelo por porque posso
    problema qual quando que quem quero se sem ser so sou sua seu tambem tem tenho todos todas tudo um uma voce
    voces
"""
_BRANDS = "martens pepper oetker bronner scholl coffee proper muscle beats lidl dre browns ringe wash best"
"""What follows a title without being a person (Dr. Martens)."""

NO_NAMES = frozenset(
    folded(f"{_ENGLISH} {_GERMAN} {_FRENCH} {_SPANISH} {_POLISH} {_PORTUGUESE} {_BRANDS}").split()
)
"""All of them: people write English with a German signature, so no language is asked for."""
