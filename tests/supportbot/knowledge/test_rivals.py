"""Questions that two answers fight for, and wordings that stand under the wrong one."""

from __future__ import annotations

import numpy as np
import pytest

from supportbot.answering.explain import Verdict, explain
from supportbot.db.session import Database
from supportbot.db.states import EntryState
from supportbot.feedback.entries import Entries
from supportbot.knowledge.encoder.open import open_encoder
from supportbot.knowledge.entries import KnownEntry
from supportbot.knowledge.features import Features, TextEncoder
from supportbot.knowledge.foreign import shipped_foreign
from supportbot.knowledge.index import Index
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.rivals import Sign, rivalries, waiting
from tests.supportbot.knowledge.shop import DELIVERY, FAQ, entries


@pytest.fixture
def known(database: Database) -> Entries:
    """What is known, to be changed."""
    return Entries(database)


async def test_questions_that_two_answers_fight_for(database: Database, known: Entries) -> None:
    """Nearly the same question under two answers is found by letters alone, and told once."""
    long = "How long does the delivery of a large parcel to the north of Scotland"
    await known.add([f"{long} take?", "x y z"], "Two days.", "ada")
    await known.add([f"{long} takes?"], "Four days.", "ada")
    await known.add(["Where are you?"], "In Leeds.", "ada")
    live = [entry for entry in (await entries(database)).values() if entry.state is EntryState.LIVE]
    found = rivalries(live, None, _none(live), leave_out=False)
    assert [(one.wording.text, one.other_wording.text, one.sign) for one in found] == [
        (f"{long} take?", f"{long} takes?", Sign.NEAR)
    ]
    assert found[0].similarity >= 0.9
    assert rivalries(live[:1], None, _none(live), leave_out=True) == []


async def test_a_wording_in_the_wrong_entry_is_found(database: Database, known: Entries) -> None:
    """With the real encoder: what was filed under the wrong answer would be answered with the right one."""
    for answer, questions in FAQ.items():
        await known.add(questions, answer, "ada")
    misplaced = "What is the usual time until a parcel is delivered?"
    vouchers = "Yes, from 10 to 100 pounds."
    await known.add([misplaced, "Are gift cards sold?", "Can I buy a voucher?"], vouchers, "ada")
    encoder: TextEncoder = open_encoder("")
    knowledge = Knowledge(database, lambda: encoder, wrong_rate=0.02)
    before = list((await entries(database)).values())
    await knowledge.load()
    assert isinstance(knowledge.index, Index)
    live = list((await entries(database)).values())
    assert (waiting(before, encoder.digest), waiting(live, encoder.digest)) == (20, 0)
    none = knowledge.index.features([text for text, _ in shipped_foreign()])
    found = rivalries(live, encoder.digest, none, leave_out=True)
    assert (misplaced, DELIVERY, Sign.LEFT_OUT) in [
        (one.wording.text, one.other.answer, one.sign) for one in found
    ]
    # From either side it is the same two answers.
    assert {frozenset((one.entry.answer, one.other.answer)) for one in found} == {frozenset((DELIVERY, vouchers))}
    # And the whole way, from a question in other words to a reason.
    why = await explain(knowledge, "Hello,\nhow many days until I get my package?")
    assert why.decision is not None
    assert why.decision.candidates[0].entry.answer == DELIVERY
    assert (await explain(knowledge, "I forgot my password")).verdict is Verdict.WORDING
    assert (await explain(knowledge, "x" * 200)).verdict is Verdict.DEGENERATE
    both = await explain(knowledge, "How can I pay and how do I reset my password?")
    assert (both.verdict, [entry.answer for entry in both.given]) == (
        Verdict.PARTS,
        ["We take cards and PayPal.", "Reset it on the sign-in page."],
    )
    await knowledge.aclose()


def _none(live: list[KnownEntry]) -> Features:
    """Return no foreign questions, compared by letters."""
    wordings, answers = (
        np.zeros((number, 0), np.float32) for number in (sum(len(one.wordings) for one in live), len(live))
    )
    return Index(live, None, wordings, answers, wrong_rate=0.02).features([])
