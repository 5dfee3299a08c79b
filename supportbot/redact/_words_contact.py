"""What is said of how to reach somebody: phones, networks, and where they live.

A part of the table in ``_words``, which says how it is written.
"""

CONTACT: dict[str, dict[str, str]] = {
    "phone": {
        "en": "phone, phones, telephone, tel, mobile, cell, cellphone, call, ring, text, whatsapp, fax, "
        "landline, hotline, my number, reach me, ph, signal, viber, telegram, telephone number, calling, "
        "contact, contact me, contact us, contact no, contact number, callback, call back, hit me up, "
        "sms, message me, texting, ring me, phone me, dial, telephon, phonenumber, office number, "
        "work number, home number, cellular, mobil, facetime, imessage, phn, whats app, wapp, my no",
        "de": "telefon, telefonnummer, telefonisch, handy, handynummer, mobil, mobilnummer, rufnummer, "
        "festnetz, rückruf, rückrufnummer, anrufen, erreichbar, meine nummer, meine neue nummer, ruf, "
        "rufen, ruft, anruf, telefonnr, tel nr, telnr, handynr, handy nr, mobilnr, mobilfunk, "
        "mobilfunknummer, mobiltelefon, rückrufe, zurückrufen, kontaktnummer, kontakt, meldet euch, "
        "melden sie sich, erreichen, erreicht ihr mich, durchwahl, festnetznummer, privatnummer, fon, "
        "telefax, diensthandy, smsen",
        "fr": "téléphone, portable, mobile, appelez, appeler, appelle, mon numéro, joindre, joignable, "
        "rappeler, tél, téléphoner, téléphonez, fixe, rappelez, rappelle, rappel, contacter, contactez, "
        "contact, gsm, natel, téléphonique, numéro de portable, numéro de tél, sms, textoter, télécopie, "
        "ligne directe, mon num, joignez",
        "es": "teléfono, móvil, celular, llámame, llámeme, llamar, llamen, mi número, fijo, teléfonos, tfno, "
        "tlf, telf, tfn, móviles, cel, llamad, llama, llame, llamadme, llamada, llamarme, contacto, "
        "contactar, contáctame, contactarme, contáctenme, mi whatsapp, wasap, guasap, wsp, comunicarse, "
        "extensión, número de contacto, escríbeme, fonos, fono",
        "pl": "telefonu, telefonie, komórka, komórki, komórkowy, dzwonić, zadzwoń, mój numer, kom, tel, "
        "telefon, telefonem, telefoniczny, nr tel, numer tel, dzwoń, dzwońcie, dzwoni, zadzwońcie, "
        "zadzwonić, oddzwonić, oddzwoń, oddzwońcie, oddzwonienie, kontakt, kontaktowy, kontaktu, "
        "komórkę, komórkowa, stacjonarny, numer kontaktowy, na numer, smsa, nr kom, dodzwonić, faks",
        "pt": "telefone, telemóvel, celular, ligue, liga, ligar, liguem, meu número, zap, fone, contacto, "
        "contato, telefones, tlm, tlf, telef, telemovel, cel, ligarem, ligação, me liga, me ligue, "
        "chamada, chamar, contactar, contactem, contate, fixo, telefone fixo, whats, wpp, zapzap, "
        "número de contacto, pix, chave pix, falar no, recado, ramal",
    },
    "network": {
        "en": "instagram, insta, ig, twitter, tiktok, facebook, fb, telegram, snapchat, snap, discord, skype, "
        "username, user name, handle, linkedin, login, nick, nickname, user, mastodon, bluesky, "
        "follow me, threads, user id, userid, screen name, account name, login name, user login, logon, "
        "gamertag, steam id, epic id, twitch, reddit, wechat, line id, venmo, cashapp, revtag, steamid, "
        "signal id, threema, threema id, msn, x handle",
        "de": "benutzername, nutzername, benutzer, anmeldename, nutzer, login name, loginname, mein insta, "
        "spielername, userkennung, benutzerkennung, kennung, anmeldenamen, profilname",
        "fr": "identifiant, nom d'utilisateur, pseudo, utilisateur, nom d utilisateur, nom de compte, "
        "mon insta, compte insta, identifiants, login, pseudonyme",
        "es": "nombre de usuario, usuario, nombre de cuenta, mi insta, mi usuario, usuario de, nick",
        "pl": "nazwa użytkownika, użytkownik, login, loginem, loginu, mój insta, nick, użytkownika, "
        "użytkowniku, nazwa konta, nazwą użytkownika, ksywa",
        "pt": "nome de utilizador, nome de usuário, utilizador, usuário, nome de usuario, nome da conta, "
        "meu insta, meu usuário, login, usuario",
    },
    "living": {
        "en": "my address, our address, new address, old address, home address, delivery address, i live, "
        "we live, living at, live at, ship to, ship it to, ship them to, deliver to, deliver it to, "
        "send it to, send to, address, shipping address, billing address, moved to, residing at, "
        "resident at, deliver, my place, my house, my home, my flat, residence, lives at, living in, "
        "staying at, stay at, i reside, mail it to, mail to, forward to, send them to, "
        "send the parcel to, new place, bring it to, postal address, mailing address, street address, "
        "addr, adress, adres, delivered to, shipped to, shipping to, sent to, redirect to, redirect it to",
        "de": "adresse, anschrift, lieferadresse, rechnungsadresse, wohne, wohnen, wohnhaft, umgezogen, "
        "liefern, lieferanschrift, wohnt, senden an, schicken, wohn, wohnort, zu hause, zuhause, daheim, "
        "lieferung an, lieferung nach, schicken an, schickt es, schicken sie, schickt, senden, sendet, "
        "zustellen, zustellung, zugestellt, liefert, umzug, neue adresse, neue anschrift, postanschrift, "
        "adr, versandadresse, wohnung, wohnsitz, gemeldet, rechnungsanschrift, paket an, heimadresse",
        "fr": "adresse, habite, habitons, demeurant, domicile, livrer, livrez, envoyez, réside, habitant, "
        "j'habite, j habite, loge, logeons, résidons, résidant, domicilié, domiciliée, expédier, "
        "expédiez, envoyer, livraison, livré, livrée, déménagé, chez moi, adresse de livraison, "
        "nouvelle adresse, adr, faire suivre, réexpédier, mon appartement, ma maison",
        "es": "dirección, vivo en, vivimos, domicilio, resido, enviar a, envíen, entregar, envíalo, vivo, "
        "vive en, vivo en la, resido en, residencia, mi casa, mi piso, envíalo a, enviarlo, enviadlo, "
        "enviarme, envíen a, mándalo, mandarlo, entregarlo, entrega, dirección de envío, me mudé, "
        "nueva dirección, domiciliado",
        "pl": "adres, adresem, adresu, mieszkam, mieszkamy, zamieszkały, zamieszkała, wysłać, dostarczyć, "
        "wyślijcie, mieszka, zamieszkuję, zam, adres dostawy, adresie, dostawa, dostawę, wyślij, "
        "wysyłka, wysłanie, przesłać, prześlijcie, przeprowadziłam, przeprowadziłem, mój dom, "
        "zameldowany, zameldowana, dostarczcie",
        "pt": "endereço, morada, moro, moramos, resido, residência, entregar, enviar para, vivo na, vivo no, "
        "moro em, vivo em, mora na, mora em, resido na, minha casa, envie para, enviem para, "
        "mandar para, mandem para, entreguem, entrega na, entrega em, endereço de entrega, "
        "morada de entrega, mudei, novo endereço, nova morada",
    },
    "shop": {
        "en": "shop, shops, store, stores, branch, outlet, showroom, office, your address, warehouse, "
        "headquarters, your store, your shop, shopping centre, mall, service centre, pick up point, "
        "pickup point, parcel shop, locker, post office, your branch, your office, your showroom, "
        "branches",
        "de": "filiale, laden, geschäft, markt, ihre adresse, eure adresse, zentrale, lager, filialen, "
        "ladengeschäft, ihr geschäft, packstation, abholstation, paketshop, einkaufszentrum, "
        "ihre filiale, postfiliale",
        "fr": "boutique, magasin, votre adresse, siège, agence, entrepôt, magasins, point relais, "
        "bureau de poste, votre magasin, centre commercial",
        "es": "tienda, su dirección, vuestra dirección, sucursal, sede, almacén, tiendas, punto de recogida, "
        "vuestra tienda, su tienda, oficina de correos, centro comercial",
        "pl": "sklep, sklepu, sklepie, salon, wasz adres, siedziba, magazyn, paczkomat, paczkomatu, "
        "punkt odbioru, sklepy, wasz sklep",
        "pt": "loja, vosso endereço, filial, sede, armazém, lojas, ponto de recolha, ponto de entrega, "
        "vossa loja, sua loja, centro comercial",
    },
    "postcode": {
        "en": "postcode, post code, postal code, zip, zip code, zipcode, pin code of my area, pincode, eircode",
        "de": "plz, postleitzahl",
        "fr": "code postal, cp",
        "es": "código postal, c.p., cod postal",
        "pl": "kod pocztowy, kodu pocztowego",
        "pt": "código postal, cep, cód postal",
    },
}
