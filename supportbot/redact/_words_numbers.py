"""What the numbers of people, of banks and of orders are called, and the day of a birth.

A part of the table in ``_words``, which says how it is written.
"""

NUMBERS: dict[str, dict[str, str]] = {
    "card": {
        "en": "card, cards, credit card, debit card, visa, mastercard, amex, maestro, discover, cc, cc no, "
        "card no, card number, bank card, american express, prepaid card",
        "de": "karte, kreditkarte, kartennummer, girocard, kreditkartennummer, karten nr, kartennr, ec karte, "
        "bankkarte, debitkarte, kreditkartennr",
        "fr": "carte, carte bancaire, carte bleue, cb, numéro de carte, carte de crédit, carte de débit",
        "es": "tarjeta, número de tarjeta, tarjeta de crédito, tarjeta de débito, tdc",
        "pl": "karta, karty, kartą, numer karty, nr karty, kartę, karcie, karta kredytowa",
        "pt": "cartão, número do cartão, cartão de crédito, cartão de débito",
    },
    "bank": {
        "en": "iban, bank account, from account, to account, into account, account number, account no, acct, "
        "acct no, acct number, sort code, routing number, routing, bsb, aba, acc, acc no, acc number, "
        "a/c, accnt, bank acc, bank details, checking account, savings account, transit number, "
        "sortcode, ifsc, swift, bic, bank no",
        "de": "bankkonto, kontonummer, konto nr, kontonr, kto, blz, bankleitzahl, bankverbindung, konto, "
        "konto nummer, bank konto, girokonto, sparkonto, auf mein konto",
        "fr": "compte bancaire, numéro de compte, compte, rib, n° de compte, code banque, code guichet, "
        "compte courant, numero compte",
        "es": "cuenta bancaria, número de cuenta, ccc, cuenta corriente, clabe, cuenta, no de cuenta, "
        "número cuenta, cbu, cuenta de ahorros, cci",
        "pl": "numer konta, nr konta, konto bankowe, numer rachunku, rachunek, konta, rachunku, numeru konta, "
        "konto, kontem, nr rachunku, rachunek bankowy, na konto, nrb",
        "pt": "conta bancária, número da conta, conta corrente, agência, nib, conta, no da conta, "
        "conta poupança, agencia, conta no, conta salário",
    },
    "id": {
        "en": "passport, id card, national id, id number, identity number, identity card, ssn, "
        "social security, national insurance, nino, ni number, ni, tax id, tin, itin, driver's license, "
        "driver's licence, driving licence, driving license, customer number, customer no, customer id, "
        "client number, client id, member number, member id, patient id, student id, employee id, "
        "employee number, membership number, policy number, insurance number, patient, nhs number, "
        "license plate, licence plate, number plate, reg plate, imei, vin, medicare, aadhaar, "
        "loyalty number, loyalty card, passport number, passport no, pasport, passeport, passprt, "
        "drivers license, drivers licence, driver license, driver licence, driving permit, "
        "licence number, dl number, dl no, identification number, identity document, identity no, id no, "
        "id nr, national identity, national identification, citizen id, resident permit, "
        "residence permit, visa number, social insurance, tfn, pps, ppsn, bsn, rsin, oib, egn, cnp, "
        "personnummer, fødselsnummer, cpr, ahv, avs, codice fiscale, partita iva, tax number, tax no, "
        "taxpayer id, utr, vat reg no, mrn, medical record, medical record number, health card, "
        "health insurance, insurance no, insurance policy, policy no, patient no, nhs, student number, "
        "student no, student card, matriculation number, staff id, staff number, employee no, "
        "personnel number, membership, membership no, membership id, member no, subscriber number, "
        "subscriber id, client no, client nr, client ref, customer nr, cust no, cust id, cust number, "
        "customer ref, cpf, plate number, registration, registration number, reg number, reg no, "
        "vehicle registration, car registration, vehicle reg, tag number, imei number, mac address, "
        "device id, iccid, eid, meid, frequent flyer, frequent flyer number, loyalty id, bonus card, "
        "rewards number, library card, ssn number, social security number, nin, bvn, nric, fin number, "
        "hkid, cnic, emirates id, pan card, pan number, aadhar, aadhaar number, voter id, ration card, "
        "military id, badge number, uscis number, ni no, user number",
        "de": "reisepass, reisepassnummer, pass nr, passnummer, personalausweis, ausweis, ausweisnummer, "
        "führerschein, steuer id, steuernummer, steueridentifikationsnummer, idnr, "
        "sozialversicherungsnummer, versichertennummer, versicherungsnummer, kundennummer, kunden nr, "
        "kundennr, mitgliedsnummer, kennzeichen, personalausweisnummer, pass nummer, passnr, "
        "reisepassnr, ausweisnr, ausweis nr, personalausweisnr, perso, personalausweis nr, "
        "führerscheinnummer, führerscheinnr, führerschein nr, steueridentnummer, steuernr, steuer nr, "
        "steuer idnr, sv nummer, sv nr, svnr, sozialversicherungsnr, rentenversicherungsnummer, "
        "versichertennr, versicherungsnr, krankenkasse, krankenkassennummer, krankenversichertennummer, "
        "kvnr, gesundheitskarte, ahv nummer, ahv nr, matrikelnummer, matrikelnr, personalnummer, "
        "personalnr, mitgliedsnr, mitglieds nr, mitgliedsausweis, vertragskonto, kd nr, kdnr, kdnummer, "
        "kunden nummer, kunden id, nummernschild, autokennzeichen, kfz kennzeichen, fahrgestellnummer, "
        "patientennummer, aufenthaltstitel, schwerbehindertenausweis, policennummer, "
        "versicherungsschein, versicherungsscheinnummer, kundenkarte, bonusnummer, idnummer, "
        "identifikationsnummer, personenkennziffer, geräteid",
        "fr": "passeport, carte d'identité, sécurité sociale, numéro de sécu, permis de conduire, "
        "numéro client, numéro de client, n° client, no client, immatriculation, plaque, numéro fiscal, "
        "carte vitale, n° de passeport, n° passeport, passport, cni, carte nationale d'identité, "
        "carte identité, carte d identité, pièce d'identité, n° d'identité, sécu, n° sécu, n° de sécu, "
        "numéro sécu, nss, nir, n° de sécurité sociale, permis, permis de séjour, titre de séjour, "
        "carte de séjour, n° fiscal, identifiant fiscal, numéro d'allocataire, n° allocataire, "
        "numéro d'adhérent, n° adhérent, n° d'adhérent, numéro d'étudiant, numéro étudiant, matricule, "
        "mutuelle, n° de contrat, plaque d'immatriculation, immat, numéro de police, carte de fidélité, "
        "réf client, référence client, code client, numéro national, registre national",
        "es": "pasaporte, dni, nie, nif, seguridad social, número de cliente, permiso de conducir, matrícula, "
        "carné de identidad, documento de identidad, número de socio, curp, rut, número de pasaporte, "
        "no pasaporte, no de pasaporte, cédula, cédula de identidad, cédula de ciudadanía, dni no, "
        "nss, seg social, tarjeta sanitaria, número de afiliación, no de afiliación, "
        "número de la seguridad social, afiliación, carnet de conducir, carné de conducir, "
        "carnet de identidad, licencia de conducir, licencia de manejo, placa, patente, "
        "número de matrícula, no cliente, no de cliente, código de cliente, id de cliente, no socio, "
        "no de socio, socio, póliza, número de póliza, número fiscal, cuit, cuil, tarjeta de residencia, "
        "número de estudiante, historia clínica, número de empleado",
        "pl": "pesel, nip, paszport, dowód, dowodu, dowód osobisty, prawo jazdy, numer klienta, nr klienta, "
        "rejestracja, rejestracyjny, dowodu osobistego, paszportu, numer paszportu, nr paszportu, "
        "numer dowodu, nr dowodu, seria i numer, seria dowodu, regon, nr pesel, numer pesel, nr nip, "
        "prawa jazdy, nr prawa jazdy, karta pobytu, legitymacja, legitymacji, nr legitymacji, nr albumu, "
        "numer albumu, nr rej, numer rejestracyjny, nr rejestracyjny, tablica, tablice, rejestracji, "
        "numer polisy, nr polisy, polisa, id klienta, kod klienta, nr członkowski, numer członkowski, "
        "karta stałego klienta, numer ubezpieczenia, numer pacjenta, nr pacjenta, ekuz, nr vin",
        "pt": "cpf, rg, cnpj, nif, passaporte, cartão de cidadão, bilhete de identidade, número de cliente, "
        "carta de condução, cnh, niss, matrícula, placa, segurança social, número de utente, "
        "número do passaporte, no do passaporte, no passaporte, cc no, cartão cidadão, "
        "número de contribuinte, no contribuinte, contribuinte, identidade, título de eleitor, pasep, "
        "cartão sus, carteira de motorista, carteira de identidade, rne, nss, no utente, utente, "
        "número do cliente, no cliente, no de cliente, código de cliente, código do cliente, "
        "id do cliente, no de sócio, número de sócio, apólice, número da apólice, renavam, "
        "placa do carro, matrícula do carro, carta de conduzir, título de residência, número de aluno, "
        "no de aluno",
    },
    "born": {
        "en": "born, dob, date of birth, birth date, birthdate, birthday, d.o.b, b day, bday, birth, "
        "birth day, year of birth, d o b, birthyear",
        "de": "geboren, geburtsdatum, geburtstag, geb, geb. datum, geb.-datum, geb datum, geburtsdat, "
        "geburtsjahr, jahrgang, gebdatum, "
        "bday",
        "fr": "né, née, date de naissance, anniversaire, naissance, date naissance, ddn, jour de naissance, "
        "année de naissance",
        "es": "nacido, nacida, nací, fecha de nacimiento, cumpleaños, nacimiento, fecha nacimiento, "
        "fecha de nac, f nac, nac, fec nac, cumple, año de nacimiento",
        "pl": "urodzony, urodzona, urodziłem, urodziłam, data urodzenia, urodziny, ur, urodzenia, data ur, "
        "data urodz, rocznik, rok urodzenia, urodz",
        "pt": "nascido, nascida, nasci, data de nascimento, aniversário, nascimento, data nascimento, "
        "data de nasc, data nasc, dt nasc, nasc, ano de nascimento, niver, faço anos",
    },
    "order": {
        "en": "order*, invoice*, ticket*, case*, tracking, parcel*, shipment*, article*, item*, product*,"
        "sku, ean,"
        "isbn, serial*, model*, reference*, ref, booking*, customer*, account, request*, "
        "return, returns, rma,"
        "gtin, upc, po, quote, ups, dhl, fedex, consignment, delivery note, transaction, "
        "voucher, coupon, part",
        "de": "bestell*, auftrag*, rechnung*, sendung*, paket*, artikel*, vorgang*, lieferschein*, ware*,"
        "produkt*, seriennummer, modell*, gutschein*, angebot*, retoure*, beleg*, kundennummer",
        "fr": "commande*, facture*, suivi, colis, référence*, devis, dossier*, livraison, série, modèle, produit",
        "es": "pedido*, factura*, seguimiento, envío, artículo*, referencia*, producto*, modelo, serie, albarán",
        "pl": "zamówieni*, faktur*, paczk*, przesyłk*, artykuł*, produkt*, zwrot*, śledzenia, zlecen*, paragon*",
        "pt": "encomenda*, pedido*, fatura*, rastreio, rastreamento, artigo*, referência*, nota fiscal, produto*",
    },
}
