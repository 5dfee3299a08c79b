"""The words by which people say what follows, in one table: a topic, and for each language its phrases.

A language is added here, a line in each topic. Phrases are written as a dictionary writes them and compared
without capitals and accents, as many people type. Between the words of a phrase may be a blank, a hyphen or
nothing; a star stands for an ending or the rest of a compound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.redact._view import View

TABLE: dict[str, dict[str, str]] = {
    "password": {
        "en": "password, passwords, pass word, passwort, passcode, passphrase, passwd, pwd, pw, pass",
        "de": "passwort, kennwort, passwörter, zugangswort, losung, wlan schlüssel",
        "fr": "mot de passe, mdp, mots de passe",
        "es": "contraseña, mi clave, palabra clave, clave de acceso, clave de mi cuenta",
        "pl": "hasło, hasłem, hasła",
        "pt": "senha, palavra passe, palavra chave",
    },
    "key": {
        "en": "api key, access key, secret key, private key, account key, license key, licence key, product key,"
        "activation key, token, secret, client secret, encryption key, recovery key, seed phrase",
        "de": "api schlüssel, zugangsschlüssel, lizenzschlüssel, produktschlüssel, aktivierungsschlüssel,"
        "geheimer schlüssel, zugangstoken, freischaltcode, lizenzcode",
        "fr": "clé api, clé d'api, clé d'accès, clé secrète, clé privée, clé de licence, clé d'activation, jeton",
        "es": "clave, clave api, clave secreta, clave privada, clave de licencia, clave de activación",
        "pl": "klucz api, klucz dostępu, klucz licencyjny, klucz prywatny, klucz licencji, klucz produktu",
        "pt": "chave api, chave da api, chave de acesso, chave secreta, chave privada, chave de licença,"
        "chave de ativação",
    },
    "code": {
        "en": "pin, cvv, cvv2, cvc, cvc2, csc, otp, tan, verification code, security code, login code,"
        "log in code,"
        "one time code, one time password, 2fa code, access code, pass code, passcode, sms code, auth code",
        "de": "prüfziffer, sicherheitscode, bestätigungscode, zugangscode, geheimzahl, einmalcode, pin nummer,"
        "prüfnummer, geheimcode, kartenprüfnummer",
        "fr": "code secret, code de sécurité, code de vérification, code confidentiel, cryptogramme, code d'accès,"
        "code pin, code de confirmation",
        "es": "código de seguridad, código de verificación, código secreto, código de acceso, código pin,"
        "código de confirmación",
        "pl": "kod pin, kod weryfikacyjny, kod bezpieczeństwa, kod cvv, kod dostępu, kod sms, kod autoryzacyjny",
        "pt": "código de segurança, código de verificação, código de acesso, código secreto,código de confirmação",
    },
    "phone": {
        "en": "phone, phones, telephone, tel, mobile, cell, cellphone, call, ring, text, whatsapp, fax, landline,"
        "hotline, my number, reach me, ph, signal, viber, telegram",
        "de": "telefon, telefonnummer, telefonisch, handy, handynummer, mobil, mobilnummer, rufnummer, festnetz,"
        "rückruf, rückrufnummer, anrufen, erreichbar, meine nummer, meine neue nummer, ruf, rufen",
        "fr": "téléphone, portable, mobile, appelez, appeler, appelle, mon numéro, joindre, joignable, rappeler",
        "es": "teléfono, móvil, celular, llámame, llámeme, llamar, llamen, mi número, fijo",
        "pl": "telefonu, telefonie, komórka, komórki, komórkowy, dzwonić, zadzwoń, mój numer, kom, tel",
        "pt": "telefone, telemóvel, celular, ligue, liga, ligar, liguem, meu número, zap, fone, contacto, contato",
    },
    "order": {
        "en": "order*, invoice*, ticket*, case*, tracking, parcel*, shipment*, article*, item*, product*,"
        "sku, ean,"
        "isbn, serial*, model*, reference*, ref, booking*, customer*, account, request*, return, returns, rma,"
        "gtin, upc, po, quote, ups, dhl, fedex, consignment, delivery note, transaction, voucher, coupon, part",
        "de": "bestell*, auftrag*, rechnung*, sendung*, paket*, artikel*, vorgang*, lieferschein*, ware*,"
        "produkt*, seriennummer, modell*, gutschein*, angebot*, retoure*, beleg*, kundennummer",
        "fr": "commande*, facture*, suivi, colis, référence*, devis, dossier*, livraison, série, modèle, produit",
        "es": "pedido*, factura*, seguimiento, envío, artículo*, referencia*, producto*, modelo, serie, albarán",
        "pl": "zamówieni*, faktur*, paczk*, przesyłk*, artykuł*, produkt*, zwrot*, śledzenia, zlecen*, paragon*",
        "pt": "encomenda*, pedido*, fatura*, rastreio, rastreamento, artigo*, referência*, nota fiscal, produto*",
    },
    "card": {
        "en": "card, cards, credit card, debit card, visa, mastercard, amex, maestro, discover",
        "de": "karte, kreditkarte, kartennummer, girocard, kreditkartennummer",
        "fr": "carte, carte bancaire, carte bleue",
        "es": "tarjeta",
        "pl": "karta, karty, kartą",
        "pt": "cartão",
    },
    "bank": {
        "en": "iban, bank account, from account, to account, into account, account number, account no,"
        "acct, acct no, acct number, sort code, routing number,"
        "routing, bsb, aba",
        "de": "bankkonto, kontonummer, konto nr, kontonr, kto, blz, bankleitzahl, bankverbindung, konto",
        "fr": "compte bancaire, numéro de compte, compte, rib",
        "es": "cuenta bancaria, número de cuenta, ccc, cuenta corriente, clabe",
        "pl": "numer konta, nr konta, konto bankowe, numer rachunku, rachunek, konta, rachunku",
        "pt": "conta bancária, número da conta, conta corrente, agência, nib",
    },
    "id": {
        "en": "passport, id card, national id, id number, identity number, identity card, ssn, social security, "
        "national insurance, nino, ni number, ni,"
        "tax id, tin, itin, driver's license, driver's licence, driving licence, driving license, customer number,"
        "customer no, customer id, client number, client id, member number, member id, patient id,"
        "student id, employee id, employee number, membership number, policy number,"
        "insurance number, patient, nhs number, license plate, licence plate, number plate, reg plate, imei, vin,"
        "medicare, aadhaar, loyalty number, loyalty card",
        "de": "reisepass, reisepassnummer, pass nr, passnummer, personalausweis, ausweis, ausweisnummer,"
        "führerschein, steuer id,"
        "steuernummer, steueridentifikationsnummer, idnr, sozialversicherungsnummer, versichertennummer,"
        "versicherungsnummer, kundennummer, kunden nr, kundennr, mitgliedsnummer, kennzeichen,"
        "personalausweisnummer",
        "fr": "passeport, carte d'identité, sécurité sociale, numéro de sécu, permis de conduire, numéro client,"
        "numéro de client, n° client, no client, immatriculation, plaque, numéro fiscal, carte vitale",
        "es": "pasaporte, dni, nie, nif, seguridad social, número de cliente, permiso de conducir, matrícula,"
        "carné de identidad, documento de identidad, número de socio, curp, rut",
        "pl": "pesel, nip, paszport, dowód, dowodu, dowód osobisty, prawo jazdy, numer klienta, nr klienta,"
        "rejestracja, rejestracyjny, dowodu osobistego, paszportu",
        "pt": "cpf, rg, cnpj, nif, passaporte, cartão de cidadão, bilhete de identidade, número de cliente,"
        "carta de condução, cnh, niss, matrícula, placa, segurança social, número de utente",
    },
    "born": {
        "en": "born, dob, date of birth, birth date, birthdate, birthday, d.o.b",
        "de": "geboren, geburtsdatum, geburtstag, geb",
        "fr": "né, née, date de naissance, anniversaire, naissance",
        "es": "nacido, nacida, nací, fecha de nacimiento, cumpleaños, nacimiento",
        "pl": "urodzony, urodzona, urodziłem, urodziłam, data urodzenia, urodziny, ur, urodzenia",
        "pt": "nascido, nascida, nasci, data de nascimento, aniversário, nascimento",
    },
    "living": {
        "en": "my address, our address, new address, old address, home address, delivery address, i live, we live,"
        "living at, live at, ship to, ship it to, ship them to, deliver to, deliver it to, send it to, send to,"
        "address, shipping address, billing address, moved to, residing at, resident at, deliver",
        "de": "adresse, anschrift, lieferadresse, rechnungsadresse, wohne, wohnen, wohnhaft, umgezogen, liefern,"
        "lieferanschrift, wohnt, senden an, schicken",
        "fr": "adresse, habite, habitons, demeurant, domicile, livrer, livrez, envoyez, réside, habitant",
        "es": "dirección, vivo en, vivimos, domicilio, resido, enviar a, envíen, entregar, envíalo",
        "pl": "adres, adresem, adresu, mieszkam, mieszkamy, zamieszkały, zamieszkała, wysłać, dostarczyć,"
        "wyślijcie",
        "pt": "endereço, morada, moro, moramos, resido, residência, entregar, enviar para, vivo na, vivo no",
    },
    "shop": {
        "en": "shop, shops, store, stores, branch, outlet, showroom, office, your address, warehouse,headquarters",
        "de": "filiale, laden, geschäft, markt, ihre adresse, eure adresse, zentrale, lager",
        "fr": "boutique, magasin, votre adresse, siège, agence, entrepôt",
        "es": "tienda, su dirección, vuestra dirección, sucursal, sede, almacén",
        "pl": "sklep, sklepu, sklepie, salon, wasz adres, siedziba, magazyn",
        "pt": "loja, vosso endereço, filial, sede, armazém",
    },
    "network": {
        "en": "instagram, insta, ig, twitter, tiktok, facebook, fb, telegram, snapchat, snap, discord, skype,"
        "username, user name, handle, linkedin, login, nick, nickname, user, mastodon, bluesky, follow me,"
        "threads",
        "de": "benutzername, nutzername, benutzer, anmeldename",
        "fr": "identifiant, nom d'utilisateur, pseudo, utilisateur",
        "es": "nombre de usuario, usuario",
        "pl": "nazwa użytkownika, użytkownik",
        "pt": "nome de utilizador, nome de usuário, utilizador, usuário",
    },
}

LANGUAGES = ("en", "de", "fr", "es", "pl", "pt")


def phrases(topic: str, *languages: str) -> Iterator[str]:
    """Yield the phrases of a topic, folded; of all languages unless some are named."""
    for language in languages or LANGUAGES:
        yield from (folded(phrase.strip()) for phrase in TABLE[topic][language].split(","))


def folded(words: str) -> str:
    """Return words in small letters without accents."""
    return View(words, None).folded


def listed(words: str) -> list[str]:
    """Return words that stand in one line, folded."""
    return folded(words).split()


def said(topic: str, *languages: str) -> str:
    """Return a topic as alternatives of a regular expression that is tried on folded text."""
    # The longest first, so that "password" is not read as "pass".
    alternatives = sorted(set(phrases(topic, *languages)), key=lambda phrase: (-len(phrase), phrase))
    return "|".join(
        re.escape(phrase).replace(r"\ ", r"[ _-]{0,2}").replace(r"\*", r"\w{0,24}") for phrase in alternatives
    )


def hinted(topic: str, *languages: str) -> list[str]:
    """Return what a text with a phrase of the topic has for certain, as ``Hinted`` takes it: its longest word."""
    return [max(phrase.replace("*", " ").split(), key=len) for phrase in phrases(topic, *languages)]
