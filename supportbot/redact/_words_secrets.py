"""What secrets are called: passwords, keys, codes and the answers to security questions.

A part of the table in ``_words``, which says how it is written.
"""

SECRETS: dict[str, dict[str, str]] = {
    "password": {
        "en": "password, passwords, secret word, code word, safe word, security word, phone password, "
        "pass word, passcode, passphrase, passwd, pwd, pw, pass, pasword, passwrd, "
        "psw, pwrd, log in pass, wifi key, wi fi key, network key, wpa key",
        "de": "passwort, kennwort, kundenkennwort, telefonkennwort, passwörter, zugangswort, losung, "
        "wlan schlüssel, pass wort, "
        "zugangspasswort, wlan key, netzwerkschlüssel, losungswort, kennwörter",
        "fr": "mot de passe, mot secret, mdp, mots de passe, mot de passé, code wifi, clé wifi",
        "es": "contraseña, palabra secreta, mi clave, palabra clave, clave de acceso, "
        "clave de mi cuenta, contraseñas, "
        "clave wifi, clave del wifi",
        "pl": "hasło, hasłem, hasła, haslo, hasłami",
        "pt": "senha, palavra passe, palavra chave, senhas",
    },
    "key": {
        "en": "api key, access key, secret key, private key, account key, license key, licence key, "
        "product key, activation key, token, secret, client secret, encryption key, recovery key, "
        "seed phrase, serial key, activation code, unlock code, license code, licence code, "
        "registration key, registration code, recovery code, recovery codes, backup code, "
        "backup codes, signing key, webhook secret, app secret, api secret, auth key, bot token, "
        "access token, refresh token, app password, bearer token, api token, shared secret, "
        "pass key, passkey, encryption password, private token, deploy key, sas token, master key, "
        "totp secret, reset code",
        "de": "api schlüssel, zugangsschlüssel, lizenzschlüssel, produktschlüssel, aktivierungsschlüssel, "
        "geheimer schlüssel, zugangstoken, freischaltcode, lizenzcode, seriennummernschlüssel, "
        "aktivierungscode, freischaltschlüssel, wiederherstellungscode, wiederherstellungsschlüssel, "
        "registrierungsschlüssel, api key, lizenz key, entsperrcode, zugriffstoken, backup code, "
        "ersatzcode, produktkey",
        "fr": "clé api, clé d'api, clé d'accès, clé secrète, clé privée, clé de licence, clé d'activation, "
        "jeton, clef api, clef d'api, clef de licence, clef d'activation, clé produit, "
        "code d'activation, code de récupération, code de secours, code de déverrouillage, "
        "clef secrète, clé de sécurité, numéro de licence",
        "es": "clave, clave api, clave secreta, clave privada, clave de licencia, clave de activación, "
        "código de activación, código de recuperación, código de desbloqueo, clave de producto, "
        "clave de recuperación, clave de la api, llave api, llave privada, código de respaldo, "
        "token de acceso",
        "pl": "klucz api, klucz dostępu, klucz licencyjny, klucz prywatny, klucz licencji, klucz produktu, "
        "kod aktywacyjny, kod odzyskiwania, kod odblokowujący, kod licencji, klucz aktywacyjny, "
        "klucz aktywacji, kod zapasowy, klucz seryjny, klucz sieciowy",
        "pt": "chave api, chave da api, chave de acesso, chave secreta, chave privada, chave de licença, "
        "chave de ativação, código de ativação, código de recuperação, código de desbloqueio, "
        "chave do produto, chave de recuperação, chave de segurança, chave da licença, chave do api",
    },
    "code": {
        "en": "pin, cvv, cvv2, cvc, cvc2, csc, otp, tan, verification code, security code, login code, "
        "log in code, one time code, one time password, 2fa code, access code, pass code, passcode, "
        "sms code, auth code, puk, mfa code, confirmation code, authentication code, authenticator code, "
        "authenticator, one time passcode, door code, gate code, entry code, locker code, alarm code, "
        "safe code, lock code, unlock pin, key box code, card code, sign in code, signin code, 2fa, "
        "tfa code, two factor code, sms tan, text code, google code, whatsapp code, voicemail pin, "
        "sim pin, parental code, pin no, cvn, lock screen code, device code, temporary code, temp code, "
        "otp code",
        "de": "prüfziffer, sicherheitscode, bestätigungscode, zugangscode, geheimzahl, einmalcode, pin nummer, "
        "prüfnummer, geheimcode, kartenprüfnummer, sms code, anmeldecode, tan nummer, "
        "verifizierungscode, verifikationscode, türcode, torcode, alarmcode, schließfachcode, "
        "zahlencode, pin code, authentifizierungscode, kartencode, login code, prüfcode, "
        "sicherheitsnummer, einmalpasswort, einmalkennwort, zwei faktor code, gerätecode, mobiltan, "
        "mtan, pushtan, sms pin",
        "fr": "code secret, code de sécurité, code de vérification, code confidentiel, cryptogramme, "
        "code d'accès, code pin, code de confirmation, code sms, code reçu par sms, code à usage unique, "
        "code de validation, code de connexion, code d'authentification, code d'entrée, digicode, "
        "code portail, code de la porte, code du portail, code d'immeuble, code porte, code de carte, "
        "code puk, code cvv, code de déblocage, code de ma carte, code temporaire, code d'identification",
        "es": "código de seguridad, código de verificación, código secreto, código de acceso, código pin, "
        "código de confirmación, código sms, código de un solo uso, código de autenticación, "
        "código de la puerta, código de entrada, código de la alarma, código cvv, código de validación, "
        "código de inicio, clave dinámica, código de la tarjeta, código puk, código temporal, "
        "código de identificación",
        "pl": "kod pin, kod weryfikacyjny, kod bezpieczeństwa, kod cvv, kod dostępu, kod sms, "
        "kod autoryzacyjny, kod z sms, kod z smsa, kod jednorazowy, kod do drzwi, kod do bramy, "
        "kod do domofonu, kod do klatki, kod do furtki, kod puk, kod potwierdzający, kod potwierdzenia, "
        "kod logowania, kod uwierzytelniający, kod cvc, kod alarmu, kod autoryzacji, kod blik, blik",
        "pt": "código de segurança, código de verificação, código de acesso, código secreto, "
        "código de confirmação, código sms, código de uso único, código de autenticação, "
        "código da porta, código do portão, código de entrada, código do alarme, código cvv, "
        "código de validação, código de login, código do cartão, código puk, código temporário, "
        "código de autorização",
    },
    "answer": {
        "en": "maiden name, first pet, pet's name, pets name, first school, first car, first teacher, birthplace,"
        "place of birth, city of birth, security answer, security question, secret answer, secret question,"
        "childhood nickname, childhood friend, childhood hero, favourite teacher, favorite teacher,"
        "memorable word, memorable date, memorable place, answer to my security question, "
        "street i grew up on",
        "de": "mädchenname, geburtsname, erstes haustier, ersten haustiers, sicherheitsfrage, sicherheitsantwort,"
        "geheimfrage, geheimantwort, geburtsort, lieblingslehrer, erste schule, erstes auto, codewort",
        "fr": "nom de jeune fille, question de sécurité, question secrète, réponse secrète, premier animal,"
        "lieu de naissance, ville de naissance, première école, réponse de sécurité, nom de naissance",
        "es": "apellido de soltera, pregunta de seguridad, pregunta secreta, respuesta secreta, primera mascota,"
        "lugar de nacimiento, ciudad de nacimiento, primer colegio, respuesta de seguridad",
        "pl": "nazwisko panieńskie, nazwiska panieńskiego, pytanie pomocnicze, pytanie zabezpieczające,"
        "pierwsze zwierzę, pierwszego zwierzęcia, imię zwierzaka, miejsce urodzenia, pierwsza szkoła,"
        "odpowiedź na pytanie, nazwisko rodowe",
        "pt": "nome de solteira, pergunta de segurança, pergunta secreta, resposta secreta,"
        "primeiro animal, primeiro bicho, local de nascimento, cidade natal, primeira escola, naturalidade",
    },
}
