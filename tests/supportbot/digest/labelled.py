"""Questions that a bot might not know, each under what it asks for: two sets by one author.

The thresholds of ``gaps`` were chosen on both: there is no third that says what holds elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SHOP: Mapping[str, Sequence[str]] = {
    "invoice with another name": (
        "can you change the company name on my invoice",
        "wrong company on the bill, please correct it",
        "how do I get an invoice made out to a different name?",
    ),
    "gift wrapping": ("do you gift wrap?", "can the parcel be wrapped as a present", "is gift wrapping possible"),
    "ship to Norway": (
        "do you deliver to Norway",
        "shipping to Oslo possible?",
        "how much is postage to Norway?",
        "I live in Norway, can I order from you",
    ),
    "ship to an island": ("do you ship to the Canary Islands?",),
    "left-handed scissors": ("are there scissors for left-handers", "left handed scissors?"),
    "spare blades": ("where can I buy replacement blades", "do you sell spare blades for the knife"),
    "sharpening": ("do you sharpen old knives?", "can I send in my knife to have it sharpened"),
    "dishwasher": (
        "may the pans go into the dishwasher?",
        "is the frying pan dishwasher safe",
        "dishwasher ok for the pan?",
    ),
    "induction": ("does the pan work on induction", "is this pan suitable for an induction hob?"),
    "student discount": (
        "do students get a discount",
        "is there a reduced price for students?",
        "student discount",
    ),
    "newsletter": ("how do I unsubscribe from the newsletter", "stop sending me your newsletter"),
    "voucher twice": ("can I use two vouchers in one order?", "are coupons combinable"),
    "voucher expired": ("my voucher has expired, can you extend it", "can an expired gift voucher still be used?"),
    "delete account": ("how can I delete my account", "please close my customer account"),
    "job": ("are you hiring?", "do you have any open positions", "I would like to apply for a job with you"),
    "opening on Sunday": ("is the shop open on Sundays?", "opening hours on sunday"),
    "parking": ("where can I park near the store?",),
    "catalogue": ("can you send me a printed catalogue", "do you have a paper catalog?"),
}

CLINIC: Mapping[str, Sequence[str]] = {
    "prescription by post": (
        "can I get my prescription by mail",
        "could you post the prescription to me?",
        "prescription, can you send it to my home",
    ),
    "e-prescription": ("do you issue electronic prescriptions?", "is an e-prescription possible"),
    "sick note by phone": (
        "can I get a sick note over the phone",
        "sick note without coming in?",
        "do I have to come by for a sick note",
    ),
    "flu shot": ("when can I have my flu shot?", "are you giving flu vaccinations already", "flu jab appointment"),
    "travel vaccination": ("which vaccinations do I need for Kenya", "do you do travel vaccines?"),
    "new patients": ("do you take new patients?", "are you accepting new patients at the moment"),
    "change doctor": ("can I see a different doctor next time", "I would like to switch to another doctor"),
    "blood test fasting": (
        "do I need to fast before the blood test",
        "may I eat breakfast before you take blood?",
        "blood test: with an empty stomach?",
    ),
    "results": ("when are my lab results ready", "are the results of my blood test there yet?"),
    "wheelchair": ("is the practice accessible by wheelchair?", "can I get in with a wheelchair"),
    "bring dog": ("may I bring my dog along?",),
    "parking": ("is there parking at the clinic", "where do I park?"),
    "cancel late": (
        "what happens if I cancel on the same day",
        "is there a fee for a late cancellation?",
    ),
    "interpreter": ("does anybody there speak Turkish", "can I bring an interpreter?"),
    "medical records": (
        "how do I get a copy of my medical records",
        "please send my file to my new doctor",
        "I need my patient records",
    ),
    "video": ("do you offer video consultations?", "can I talk to the doctor by video call"),
    "insurance card": ("I forgot my insurance card, what now", "is it a problem that I lost my insurance card?"),
}


def flat(labelled: Mapping[str, Sequence[str]]) -> tuple[list[str], list[str]]:
    """Return the questions of a set, and for each what it asks for."""
    pairs = [(question, meant) for meant, questions in labelled.items() for question in questions]
    return [question for question, _ in pairs], [meant for _, meant in pairs]


def pairs_of(groups: Sequence[Sequence[object]]) -> set[tuple[object, object]]:
    """Return which members are together in a group."""
    return {(one, other) for group in groups for one in group for other in group if str(one) < str(other)}


def agreement(found: Sequence[Sequence[int]], meant: Sequence[str]) -> tuple[float, float]:
    """Return which share of the pairs that were put together belong together, and which share of these was."""
    apart: dict[str, list[int]] = {}
    for row, name in enumerate(meant):
        apart.setdefault(name, []).append(row)
    together, right = pairs_of(found), pairs_of(list(apart.values()))
    both = len(together & right)
    return both / max(len(together), 1), both / len(right)
