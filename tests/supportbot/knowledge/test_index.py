"""An index: what it answers, to whom, and what it does with texts that nobody should type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.calibration import LEAST_THRESHOLD, Evidence
from supportbot.knowledge.encoder.encoder import Encoder
from supportbot.knowledge.entries import KnownEntry, Viewer
from supportbot.knowledge.features import TextEncoder
from supportbot.knowledge.foreign import foreign_vectors, shipped_foreign
from supportbot.knowledge.index import Index
from tests.supportbot.knowledge.faq import APPROVED_AT, entry, gym

NOBODY = Viewer(workspace_id=None, consenting=(), now=APPROVED_AT)


def build(entries: Sequence[KnownEntry], encoder: TextEncoder | None, *, fitted: bool = True) -> Index:
    """Return the index of some entries."""
    texts = [normalise_question(one.text) for known in entries for one in known.wordings]
    answers = [known.answer for known in entries]
    if encoder is None:
        none = np.zeros((len(texts), 0), np.float32)
        index = Index(entries, None, none, none[: len(answers)], wrong_rate=0.02)
    else:
        (vectors, tokens), (answer_vectors, answer_tokens) = map(encoder.encode_with_tokens, (texts, answers))
        both = (tokens, answer_tokens)
        index = Index(entries, encoder, vectors, answer_vectors, tokens=both, wrong_rate=0.02)
    return index.fitted(shipped_foreign(), foreign_vectors(encoder)) if fitted else index


@pytest.fixture(scope="module")
def index(minilm: Encoder) -> Index:
    """The gym's FAQ, fitted."""
    return build(gym(), minilm)


@pytest.fixture(scope="module")
def unfitted(minilm: Encoder) -> Index:
    """The same, without a rule."""
    return build(gym(), minilm, fitted=False)


def test_candidates_are_ranked_however_far_away_they_are(index: Index) -> None:
    """The entry that the rule finds most likely comes first also where nothing is like the question."""
    for question in shipped_foreign()[:40]:
        candidates = index.decide(normalise_question(question.text), NOBODY).candidates
        found = [one.probability or 0 for one in candidates]
        assert found == sorted(found, reverse=True)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("at what hour do you shut the doors on saturdays", "We are open"),
        ("could I hire shoes from you?", "Climbing shoes can be rented"),
        ("how do i get out of my membersip", "You can cancel"),
        ("is a child of nine allowed to climb by itself", "Children under 14"),
        ("whats the price of a day pass", "A day ticket"),
    ],
)
def test_other_words_find_the_answer(question: str, answer: str, index: Index, unfitted: Index) -> None:
    """Questions in other words, one misspelt, find their answer first, with a rule and without one."""
    for each in (index, unfitted):
        decision = each.decide(question, NOBODY)
        assert decision.candidates[0].entry.answer.startswith(answer)
        assert len(decision.candidates) == 3


@pytest.mark.parametrize("question", ["will it rain tomorrow", "what is the capital of france", "tell me a joke"])
def test_foreign_questions_are_not_answered(question: str, index: Index) -> None:
    """What has nothing to do with the FAQ is not sure."""
    assert not index.decide(question, NOBODY).sure


def test_known_wording_is_sure_to_the_letter(index: Index) -> None:
    """A wording is answered whatever the threshold, without regard to case and signs at its end."""
    decision = index.decide("Entrance Fee?!", NOBODY)
    assert (decision.sure, decision.exact) == (True, True)
    assert decision.candidates[0].entry.answer.startswith("A day ticket")
    assert decision.candidates[0].similarity == 1.0


def test_newest_entry_has_a_contested_wording(minilm: Encoder) -> None:
    """Where two entries claim the same wording, the one that was approved last is given."""
    late = replace(
        entry(9, "We are closed for repairs.", ["when are you open"]), approved_at=APPROVED_AT + timedelta(1)
    )
    decision = build([*gym(), late], minilm).decide("when are you open", NOBODY)
    assert decision.candidates[0].entry.id == 9


def test_letters_alone_work_without_an_encoder() -> None:
    """With the encoder switched off, near wordings are still found."""
    index = build(gym(), None)
    assert index.decide("how do I cancel membership", NOBODY).candidates[0].entry.id == 5
    assert not index.decide("what is the capital of france", NOBODY).sure


@pytest.mark.parametrize("fitted", [True, False], ids=["rule", "nearest"])
def test_words_of_a_workspace_stay_there_without_consent(fitted: bool, minilm: Encoder) -> None:
    """An answer from one workspace's log is given there, and elsewhere only once that workspace consented."""
    private = entry(
        9, "The code of the back door is on the whiteboard.", ["how do I open the back door"], workspace_id=1
    )
    index = build([*gym(), private], minilm, fitted=fitted)

    def ids(viewer: Viewer, question: str) -> list[int]:
        return [candidate.entry.id for candidate in index.decide(question, viewer).candidates]

    at_home = Viewer(workspace_id=1, consenting=(), now=APPROVED_AT)
    elsewhere = Viewer(workspace_id=2, consenting=(), now=APPROVED_AT)
    with_consent = Viewer(workspace_id=2, consenting={1}, now=APPROVED_AT)
    for question in ("how do I open the back door", "opening of the back door?"):
        assert ids(at_home, question)[0] == 9
        assert 9 not in ids(elsewhere, question)
        assert ids(with_consent, question)[0] == 9


def test_narrow_and_expired_entries_are_not_given(minilm: Encoder) -> None:
    """An entry for one workspace, and one whose time is over, are given to nobody else and nowhere."""
    narrow = replace(entry(8, "Staff enter by the yard.", ["where do staff enter"]), workspace_id=1)
    expired = replace(entry(9, "Two for one in May.", ["is there a discount in may"]), valid_until=APPROVED_AT)
    index = build([*gym(), narrow, expired], minilm)
    viewer = Viewer(workspace_id=2, consenting=(), now=APPROVED_AT)
    for question in ("where do staff enter", "is there a discount in may"):
        assert not {8, 9} & {one.entry.id for one in index.decide(question, viewer).candidates}
    assert index.decide("where do staff enter", replace(viewer, workspace_id=1)).candidates[0].entry.id == 8


@pytest.mark.parametrize("count", [1, 2])
def test_a_handful_of_entries_is_cautious(count: int, minilm: Encoder) -> None:
    """One or two entries answer what is near and nothing else."""
    index = build(gym()[:count], minilm)
    assert index.calibration.evidence is Evidence.TOO_LITTLE
    assert index.decide("what are the opening hours?", NOBODY).sure
    for question in ("will it rain tomorrow", "how do I reset my password", "ok", "where is my parcel"):
        assert not index.decide(question, NOBODY).sure


def test_a_handful_of_entries_in_another_language_is_cautious(minilm: Encoder) -> None:
    """An encoder that knows English finds German texts alike; what is German only is answered no more for that."""
    hours = "Wir haben Dienstag bis Sonntag von 10 bis 18 Uhr geöffnet."
    prices = "Erwachsene zahlen 12 Euro, Kinder unter 6 Jahren sind frei."
    index = build(
        [
            entry(1, hours, ["Wann habt ihr offen?", "Wie sind eure Öffnungszeiten?", "habt ihr montags offen?"]),
            entry(2, prices, ["Was kostet der Eintritt?", "Wie teuer ist eine Karte?", "eintrittspreise kinder"]),
        ],
        minilm,
    )
    decision = index.decide("wie teuer ist der eintritt für kinder", NOBODY)
    assert decision.sure
    assert decision.candidates[0].entry.answer == prices
    for question in ("darf mein hund mit?", "wo kann ich parken?", "habt ihr wlan?", "wie wird das wetter morgen"):
        assert not index.decide(question, NOBODY).sure, question


def test_one_wording_each_is_calibrated_by_its_own_rule(minilm: Encoder) -> None:
    """Five answers with one wording are too little; fifteen are calibrated on left-out answers alone."""
    pairs = [(text, known.answer) for known in gym() for text in [one.text for one in known.wordings][:3]]
    singles = [
        entry(number, f"{number}. {answer}", [text]) for number, (text, answer) in enumerate(pairs, start=1)
    ]
    assert build(singles, minilm).calibration.evidence is Evidence.SINGLE_WORDINGS


MANY = [
    f"{start} {one.text}" for known in gym()[:2] for one in known.wordings for start in ("hi,", "so", "and", "um")
]
FEW_WORDS = {
    "one answer": [entry(1, "Yes.", MANY)],
    "one wording each": [entry(number, f"Answer {number}.", [text]) for number, text in enumerate(MANY, start=1)],
    "each wording many times": [
        replace(known, wordings=tuple(one for one in known.wordings for _ in range(5))) for known in gym()
    ],
    "two answers with the same wordings": [*gym(), replace(gym()[0], id=9, answer="We never close.")],
    "all wordings the same": [
        entry(number, f"Answer {number}.", ["how much is it"] * 5) for number in range(1, 6)
    ],
}


@pytest.mark.parametrize("name", FEW_WORDS)
def test_poor_knowledge_answers_nothing_foreign(name: str, minilm: Encoder) -> None:
    """However little the wordings tell, there is a threshold, and what is foreign stays below it."""
    index = build(FEW_WORDS[name], minilm)
    assert LEAST_THRESHOLD <= index.calibration.threshold < 2
    for question in ("will it rain tomorrow", "how do I reset my password", "ok", "where is my parcel"):
        assert not index.decide(question, NOBODY).sure
    assert index.decide(normalise_question(FEW_WORDS[name][0].wordings[0].text), NOBODY).sure


STRANGE = {
    "a long answer and wording": entry(9, "Please read. " * 3_000, ["Where do I " + "really " * 6_000 + "go?"]),
    "only emoji": entry(9, "🧗🧗", ["🧗", "👍🏽👍🏽"]),
    "right to left": entry(9, "נעליים להשכרה בדלפק.", ["איפה שוכרים נעליים", "هل يمكنني استئجار أحذية"]),
    "mixed languages": entry(9, "Schuhe gibt es am Tresen.", ["wo kann ich Schuhe leihen", "где взять обувь"]),
    "control characters": entry(9, "Bell\x07 \x1b[31mred", ["\x00\x1b[2J what", "\u202ereversed"]),
    "nothing after normalising": entry(9, "?", ["\u200b\u00ad", " "]),
}


@pytest.mark.parametrize("name", STRANGE)
def test_strange_entries_hurt_nobody(name: str, minilm: Encoder) -> None:
    """Whatever an entry holds, the others are found as before, and nothing foreign is answered with it."""
    index = build([*gym(), STRANGE[name]], minilm)
    assert index.decide("could I hire shoes from you?", NOBODY).candidates[0].entry.id in {3, 9}
    assert index.decide("when are you open", NOBODY).candidates[0].entry.id == 1
    assert not index.decide("what is the capital of france", NOBODY).sure


@given(question=st.text(max_size=400))
@settings(max_examples=60)
def test_any_text_gets_a_decision(question: str, index: Index) -> None:
    """Whatever is asked, there is a decision with confidences in order and similarities from -1 to 1."""
    decision = index.decide(normalise_question(question), NOBODY)
    confidences = [candidate.confidence for candidate in decision.candidates]
    assert confidences == sorted(confidences, reverse=True)
    assert all(-1.001 <= candidate.similarity <= 1.001 for candidate in decision.candidates)
