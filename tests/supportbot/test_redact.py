"""Redaction: what has to go, what has to stay, and that no text whatever breaks it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from supportbot.redact import Redacted, redact
from supportbot.redact._finds import PLACEHOLDER
from supportbot.redact._hinted import Hinted
from supportbot.redact._view import views

ROOT = Path(__file__).parents[2]

# Joined from pieces, so that no scanner of repositories takes a made-up token for a real one.
SLACK_TOKEN = "xoxb-" + "123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx"
SLACK_APP_TOKEN = "xapp-" + "1-A0123456789-1234567890123-0a1b2c3d4e5f60718293a4b5c6d7e8f9"
SLACK_HOOK = "https://hooks.slack.com/" + "services/T00000001/B00000001/XyZ0123456789abcdefghijk"
DISCORD_TOKEN = "MTE4NTk2MjM0OTE4NzY1NDMy" + ".GhJkLm.aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5z7"
AWS_KEY_ID = "AKIA" + "Q7W3E5R9T1Y2U4I6"
GITHUB_TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
GITHUB_FINE_TOKEN = "github_pat_" + "11ABCDEFG0aBcDeFgHiJkL_mNoPqRsTuVwXyZ0123456789"
OPENAI_KEY = "sk-" + "proj-a1B2c3D4e5F6g7H8i9J0k1L2m3N4"
STRIPE_KEY = "sk_live_" + "a1B2c3D4e5F6g7H8i9J0k1L2"
JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    ".eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkphbmUgUm9lIn0"
    ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
)
PRIVATE_KEY = (
    "-----BEGIN RSA PRIVATE "
    + "KEY-----\nMIIEowIBAAKCAQEA04up8hoqzS1\nzUqLgMXj2wQ==\n-----END RSA PRIVATE KEY-----"
)

POSITIVES = [
    # kind, text, what must be gone from it
    ("email", "Write to anna.lopez@example.com please", "anna.lopez@example.com"),
    ("email", "mine is Jörg.Müller+shop@post.example.co.uk.", "Jörg.Müller+shop@post.example.co.uk"),
    ("email", "<mailto:kim_lee@example.org>", "kim_lee@example.org"),
    ("email", "o'brien-99@sub-domain.example.travel,thanks", "o'brien-99@sub-domain.example.travel"),
    ("email", "KUNDE@BEISPIEL.DE did not get the invoice", "KUNDE@BEISPIEL.DE"),
    ("email", "post an info@müller-möbel.example bitte", "info@müller-möbel.example"),
    ("phone", "call me at 415-555-2671 after five", "415-555-2671"),
    ("phone", "(212) 555-0123 ext. 12 is my office", "(212) 555-0123 ext. 12"),
    ("phone", "reach me on +49 151 23456789", "+49 151 23456789"),
    ("phone", "0049 151 23456789 is my mobile", "0049 151 23456789"),
    ("phone", "my number is 07911 123456", "07911 123456"),
    ("phone", "Tel. 030/1234567", "030/1234567"),
    ("phone", "tel: 06 12 34 56 78", "06 12 34 56 78"),
    ("phone", "whatsapp +91 98765 43210 ok?", "+91 98765 43210"),
    ("phone", "my phone is 4155552671", "4155552671"),
    ("phone", "text 555-123-4567 when it ships", "555-123-4567"),
    ("phone", "ring 020 7946 0958, ask for the manager", "020 7946 0958"),
    ("phone", "+1 (555) 010-4477", "+1 (555) 010-4477"),
    ("phone", "phone 555-2671 is dead", "555-2671"),
    ("card", "my visa 4111 1111 1111 1111 12/27 was charged twice", "4111 1111 1111 1111"),
    ("card", "5555555555554444", "5555555555554444"),
    ("card", "paid with 2223-0031-2200-3222", "2223-0031-2200-3222"),
    ("card", "amex 3782 822463 10005 declined", "3782 822463 10005"),
    ("card", "discover 6011000990139424", "6011000990139424"),
    ("card", "4222222222222 is an old visa", "4222222222222"),
    ("card", "my card number is 1234 5678 9012 3456", "1234 5678 9012 3456"),
    ("card", "diners 3056 930902 5904", "3056 930902 5904"),
    ("iban", "refund to DE89 3704 0044 0532 0130 00 please", "DE89 3704 0044 0532 0130 00"),
    ("iban", "IBAN: GB29NWBK60161331926819", "GB29NWBK60161331926819"),
    ("iban", "fr14 2004 1010 0505 0001 3m02 606 is where it goes", "fr14 2004 1010 0505 0001 3m02 606"),
    ("iban", "nl91abna0417164300", "nl91abna0417164300"),
    ("iban", "my iban is DE12 3456 7890 1234 5678 90", "DE12 3456 7890 1234 5678 90"),
    ("iban", "NO93-8601-1117-947", "NO93-8601-1117-947"),
    ("ip", "blocked from 203.0.113.42", "203.0.113.42"),
    ("ip", "my router 192.168.1.1:8080 shows nothing", "192.168.1.1"),
    ("ip", "from 2001:db8:85a3::8a2e:370:7334 it fails", "2001:db8:85a3::8a2e:370:7334"),
    ("ip", "fe80::1%eth0", "fe80::1%eth0"),
    ("ip", "::ffff:198.51.100.7 was in the log.", "::ffff:198.51.100.7"),
    ("ip", "2001:0db8:0000:0000:0000:ff00:0042:8329", "2001:0db8:0000:0000:0000:ff00:0042:8329"),
    ("secret", f"the bot uses {SLACK_TOKEN} today", SLACK_TOKEN),
    ("secret", f"app token {SLACK_APP_TOKEN}", SLACK_APP_TOKEN),
    ("secret", f"posting to {SLACK_HOOK} fails", SLACK_HOOK),
    ("secret", f"DISCORD={DISCORD_TOKEN}", DISCORD_TOKEN),
    ("secret", f"{AWS_KEY_ID} is denied", AWS_KEY_ID),
    ("secret", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzTESTKEY9", "wJalrXUtnFEMI"),
    ("secret", f"git push with {GITHUB_TOKEN}", GITHUB_TOKEN),
    ("secret", f"or {GITHUB_FINE_TOKEN}?", GITHUB_FINE_TOKEN),
    ("secret", f"{OPENAI_KEY}: invalid", OPENAI_KEY),
    ("secret", f"stripe says {STRIPE_KEY}", STRIPE_KEY),
    ("secret", f"Authorization: Bearer {JWT}", JWT),
    ("secret", f"here it is:\n{PRIVATE_KEY}\nthanks", "MIIEowIBAAKCAQEA04up8hoqzS1"),
    ("secret", PRIVATE_KEY[:60], "MIIEowIBAAKCAQEA04up8hoqzS1"),
    ("secret", "my password is hunter2!", "hunter2"),
    ("secret", "Passwort: Sommer", "Sommer"),
    ("secret", 'password for the shop is "correct horse battery staple"', "correct horse battery staple"),
    ("secret", "api key: 9f8e7d6c5b4a", "9f8e7d6c5b4a"),
    ("secret", "api_key=abc123def456", "abc123def456"),
    ("secret", "pw: S0mmer!2026 does not work", "S0mmer!2026"),
    ("secret", "the PIN of my gift card is 4021", "4021"),
    ("secret", "cvv 123", "123"),
    ("secret", "your verification code is 482913", "482913"),
    ("secret", "git clone https://anna:pa55word@git.example.com/x", "pa55word"),
    ("secret", "sha 9e107d9d372bb6826bd81d3542a419d6 leaked", "9e107d9d372bb6826bd81d3542a419d6"),
    ("secret", "it printed kJ8sP2xQv9LmZ4tRw7YbN3cHd6Fg1A and stopped", "kJ8sP2xQv9LmZ4tRw7YbN3cHd6Fg1A"),
    ("user", "ask <@U123ABC> about it", "U123ABC"),
    ("user", "<@W012A3CDE|anna> told me", "W012A3CDE|anna"),
    ("user", "I am U024BE7LH, why?", "U024BE7LH"),
    ("user", "member id: UK3LMN4PQ", "UK3LMN4PQ"),
    ("user", "<@123456789012345678> did it", "123456789012345678"),
    ("user", "<@!1185962349187654321>", "1185962349187654321"),
    ("user", "my discord id is 118596234918765432", "118596234918765432"),
    ("user", "https://acme.slack.com/team/U061F7AUR", "U061F7AUR"),
    ("name", "Hi, my name is Anna Lopez and my parcel is late", "Anna Lopez"),
    ("name", "my name is john smith where is my order", "john smith"),
    ("name", "MY NAME IS ANNA LOPEZ", "ANNA LOPEZ"),
    ("name", "My name's Seán O'Brien-Murphy.", "Seán O'Brien-Murphy"),
    ("name", "my name is Ludwig van der Berg, order 4021-553", "Ludwig van der Berg"),
    ("name", "I am called Priya.", "Priya"),
    ("name", "Hello, this is Maria Santos speaking", "Maria Santos"),
    ("name", "Where is it?\n\nKind regards,\nTom Becker", "Tom Becker"),
    ("name", "Please cancel. Best regards, Dr. J. Okafor", "J. Okafor"),
    ("name", "my name is 王小明", "王小明"),
    ("name", "Thanks,\nElena", "Elena"),
    ("secret", "pass: qwerty123", "qwerty123"),
    ("secret", "My password's hunter22", "hunter22"),
    ("secret", "my password: abc", "abc"),
    ("user", "user ID U1A2B3C4D", "U1A2B3C4D"),
    ("name", "Thank you!\n- Sam", "Sam"),
    ("name", "My name is: Karl-Heinz Müller.", "Karl-Heinz Müller"),
    ("phone", "mobile: 0176-55512345", "0176-55512345"),
    ("phone", "my cell 3125557788", "3125557788"),
    ("phone", "ph: 0412 345 678", "0412 345 678"),
    ("secret", "the passphrase is blue-horse-42-staple", "blue-horse-42-staple"),
    ("ip", "[2001:db8::1]:443 refused", "2001:db8::1"),
    ("name", "it's Kevin again, still no parcel", "Kevin"),
    ("name", "hello my name is Fatima al-Zahra and I ordered", "Fatima al-Zahra"),
    ("iban", "transfer to it60x0542811101000000123456 please", "it60x0542811101000000123456"),
]

NEGATIVES = [
    "Where is order 4021-553?",
    "order number 4021553987 never came",
    "Order #2026112212 is still open",
    "invoice 2026-11-0042 shows 49.95 instead of 39.95",
    "It cost 1,249.00 EUR on 2026-11-22.",
    "delivery between 22.11.2026 and 24.11.2026",
    "open 8:00-20:00, Monday to Friday, 10:30:45 sharp",
    "SKU 80213-44-1120 in size 42/44",
    "tracking 1Z999AA10123456784",
    "tracking number 940011020088",
    "my tracking number is 00340434161094021501",
    "The tent is 210 x 140 x 110 cm and weighs 2.4 kg",
    "version 10.2.1.4 of the app crashes",
    "app v3.14.2 is out",
    "std::vector and a::b are C++",
    "Use code SUMMER20 or WELCOME2026 at the checkout",
    "the discount code is WELCOME10",
    "my voucher code TARN-2026-XMAS is rejected",
    "My password is not working",
    "my password is wrong and I am locked out",
    "password is case-sensitive and 8-16 characters long",
    "Password: how do I reset it?",
    "I forgot my password, please help",
    "the token is expired, what now?",
    "is it a secret: when is the sale",
    "the rolling pin is 43cm long",
    "what does the pin on the map mean?",
    "API key rotation is described where?",
    "my name is spelled wrong on the parcel",
    "my name is not on the list",
    "My name is still missing from the account",
    "the name is Alpine Ridge 3",
    "this is urgent",
    "This is the third time I am asking",
    "This is Alpine Ridge, not the tent I ordered",
    "I am called away on business next week",
    "Thanks for the quick help",
    "Thanks, will do",
    "Best, I think, would be a refund.",
    "Kind regards to the whole team",
    "with regards to my order",
    "I want a refund @ 49.95",
    "@support can you help",
    "email me the invoice",
    "the file photo_2026-11-22.png is not loading",
    "https://tarnfield.example/Products/Tents-2026/Alpine_Ridge-3P",
    "https://shop.example/orders/4021-553?from=email&step=2",
    "550e8400-e29b-41d4-a716-446655440000 is the request",
    "UNDERSTAND THAT WAREHOUSE WORKERS ARE UNAVAILABLE",
    "the WH1000XM5 and the U32J590UQN monitor",
    "TV model UE55AU7100K",
    "EAN 4006381333931",
    "call it what you want, 3 of 12 arrived",
    "I ordered 12 plates, 6 bowls and 24 glasses for 2026",
    "the year 2025-2026 and pages 1200-1350",
    "5 - 10 - 15 - 20 - 25 - 30",
    "item 12 345 678 is sold out",
    "AB12 CD34 is the shelf",
    "half past 12/11/2026 at 10.30",
    "#4021 and #general",
    "<#C024BE7LR|general> is the channel",
    "Internationalization and antidisestablishmentarianism",
    "Screenshot_2026-11-22_at_10.15.33 is attached",
    "it says error 0x80070057 or ERR_SSL_PROTOCOL_ERROR_2",
    "10/10 would buy again!!! 5*",
    "The order 77-2031-5590 from 03/11/2026 for 129.90",
    "refund of $1,299.99 to my gift card",
    "UPS 1Z12345E0205271688",
    "GTIN 00012345600012",
    "password reset link expired after 15 minutes",
    "call between 9:00-17:00",
    "Best regards from sunny Spain, where the tent broke",
    "Thanks!\nWhere is my parcel?",
    "Thanks\nOrder 4021-553",
    "ISBN 978-3-16-148410-0",
    "VAT number DE123456789",
    "2026-11-22T10:15:30.123456Z",
    "password: required",
    "article 4.11.22.33 in the catalogue",
]


PIECE = re.compile(r"\w{4,}")


@pytest.mark.parametrize(("kind", "text", "gone"), POSITIVES)
def test_found(kind: str, text: str, gone: str) -> None:
    """Personal data and secrets become the placeholder of their kind, and no piece of them is left."""
    redacted = redact(text)
    assert redacted.counts == {kind: 1}
    assert f"[{kind}]" in redacted.text
    assert gone not in redacted.text
    assert not [piece for piece in PIECE.findall(gone) if piece in redacted.text]


@pytest.mark.parametrize("text", NEGATIVES)
def test_kept(text: str) -> None:
    """Ordinary support text stays as it is: orders, prices, dates, articles, and cues with nothing behind them."""
    assert redact(text) == Redacted(text, {})


def test_several_kinds_at_once() -> None:
    """A text with many finds keeps everything between them, and each kind is counted."""
    text = "Hi, my name is Anna Lopez (anna@example.com or bob@example.com), order 4021-553, +49 151 23456789."
    redacted = redact(text)
    assert redacted.text == "Hi, my name is [name] ([email] or [email]), order 4021-553, [phone]."
    assert redacted.counts == {"name": 1, "email": 2, "phone": 1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DE89370400440532013000", "[iban]"),
        ("4111 1111 1111 1111", "[card]"),
        ("my password is anna@example.com", "my password is [secret]"),
        ("https://anna:pa55word@shop.example.com/x", "https://[secret]/x"),
        ("<@123456789012345678>", "[user]"),
        ("call 192.168.100.200", "call [ip]"),
        ("<mailto:kim@example.org|kim@example.org>", "<mailto:[email]|[email]>"),
    ],
)
def test_overlapping_finds(text: str, expected: str) -> None:
    """Where two kinds overlap, all of it goes, under the name of the longer or the more specific one."""
    assert redact(text).text == expected


def test_keep_leaves_what_is_public() -> None:
    """The shop's own address and hotline can be left in the answers, and nobody else's are."""
    text = "Write to Help@tarnfield.example, call 0800 555 0142, or ask anna@tarnfield.example."
    kept = redact(text, keep=["help@tarnfield.example", "0800 555 0142"])
    assert kept.text == "Write to Help@tarnfield.example, call 0800 555 0142, or ask [email]."
    assert redact(text).counts == {"email": 2, "phone": 1}


def test_starter_faq_is_kept() -> None:
    """All wordings of the starter pass unchanged; of its answers, the shop's own addresses and hotline go."""
    topics = yaml.safe_load((ROOT / "training/starter/faq.yaml").read_text(encoding="utf-8"))["topics"]
    for topic in topics:
        for wording in [*topic["wordings"], *topic["held_out"]]:
            assert redact(wording) == Redacted(wording, {})
    changed = {topic["answer"]: redact(topic["answer"]).counts for topic in topics}
    public = re.compile(r"[a-z]+@tarnfield\.example|0800 555 0142")
    for answer, counts in changed.items():
        assert sum(counts.values()) == len(public.findall(answer))
        assert redact(answer, keep=public.findall(answer)).text == answer


def pieces(text: str) -> list[str]:
    """Return what stands between the bars."""
    return text.split("|")


# Cues, separators, placeholders and pieces of finds, which come together in all orders.
PIECES = pieces(
    "my name is |Anna |password: |is |hunter2|call |card |4111 1111 |4111111111111111| |415-555-|2671|+49 |a@b.co"
    '|0151 2345678|@|.|-|\n|[email]|[card]|[|]|"|10.0.0.|1|::|fe80|<@|U024BE7LH|>|DE89|3704 0044 0532 0130 00|eyJ'
    "|xoxb-|sk-|123456789012345678|order |#|regards,\n|thanks\n|://|:|-----BEGIN PRIVATE KEY-----|user id "
    "|a1B2c3D4e5F6g7H8i9J0k1L2|\ud800|\0|é|٣|\u00a0|'|pin |iban |id |=|secret"
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_redacting_twice_changes_nothing(text: str) -> None:
    """The result holds nothing that would be found again, whatever comes to stand side by side."""
    once = redact(text)
    assert redact(once.text) == Redacted(once.text, {})


HINTED = [
    (module, name, pattern)
    for module in sorted(module for module in sys.modules if module.startswith("supportbot.redact._"))
    for name, value in vars(sys.modules[module]).items()
    for pattern in (value.values() if isinstance(value, dict) else [value])
    if isinstance(pattern, Hinted)
]
PLAIN = [text for _, text, _ in POSITIVES] + PIECES


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(PLAIN), max_size=6).map("".join))
def test_hints_miss_nothing(text: str) -> None:
    """A pattern that is skipped for want of a hint would not have matched."""
    for view in views(text, PLACEHOLDER):
        for module, name, hinted in HINTED:
            found = hinted.pattern.search(view.folded if hinted.folded else view.text)
            assert not found or list(hinted.finditer(view)), (module, name, found)


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text_is_accepted(text: str) -> None:
    """No text raises, lone surrogates and NUL included, and texts without a find come back as they are."""
    redacted = redact(text)
    assert redacted.counts or redacted.text == text


HOSTILE = pieces(
    "1|1 |+1-|x@|a.|ab:|eyJ|eyJhbGciOiJIUzI1NiJ9.|sk-|xoxb-1-|//|http://a:b@|[|password |password is |password: '"
    "|my name is Anna |-----BEGIN PRIVATE KEY-----|1.2.3.4 |DE89 |4111 1111 1111 1111 |card 1234567890123 "
    "|[card] 123456 |call 123 |thanks |regards, | |\n|123456789012345678 |a1B|_|\ud800|\0"
    "|a at b dot |a (at) b.|12 Aa |rua Aa |ul. Aa |passport 1 |&amp;|né le 1 |Mr |x@b . |1\u2009"
    "|On Anna wrote|Anna 1234567 "
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_grows_with_the_length_only(piece: str) -> None:
    """No repetition of 20,000 characters makes a pattern backtrack, which would take minutes; most take .05 s."""
    text = piece * (20_000 // len(piece))
    start = time.process_time()
    redact(text)
    assert time.process_time() - start < 10


PROBE = """
import json, sys
events = []
sys.addaudithook(lambda event, args: events.append(event) if event.startswith("socket.") else None)
from supportbot.redact import redact
heavy = [name for name in ("phonenumbers", "stdnum", "detect_secrets", "requests") if name in sys.modules]
for text in json.load(sys.stdin):
    redact(text)
looked_up = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname"} & set(events)
print(json.dumps({"heavy": heavy, "looked_up": sorted(looked_up)}))
"""


def test_import_is_light_and_nothing_is_looked_up() -> None:
    """Importing loads no library, and redacting opens no connection: no token is verified with its vendor."""
    texts = json.dumps([text for _, text, _ in POSITIVES])
    command = [sys.executable, "-W", "error", "-c", PROBE]
    done = subprocess.run(command, input=texts, capture_output=True, text=True, check=True, cwd=ROOT)
    assert json.loads(done.stdout) == {"heavy": [], "looked_up": []}
    assert done.stderr == ""
