"""A follow-up is read with what its thread is about, if the knowledge is surer of that; else it is left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.follow_ups.threads import measure_threads
from supportbot.answering.follow_up import Decide, Earlier, resolve
from supportbot.knowledge.decision import Decision
from supportbot.knowledge.encoder.encoder import Encoder
from supportbot.knowledge.entries import Viewer
from supportbot.knowledge.index import Index
from tests.supportbot.knowledge.faq import entry

FAQ: Mapping[str, Sequence[str]] = {
    "The deposit for a bike is 50 euros.": ("how much is the deposit for a bike", "what deposit do I pay"),
    "The deposit for an e-bike is 200 euros.": ("how much is the deposit for an e-bike",),
    "A helmet costs 2 euros a day, in black.": ("do you have helmets", "do you have helmets how much"),
    "We are open from 9 to 18.": ("what are your opening hours",),
    "In winter we are open on Saturdays.": ("what are your opening hours in winter",),
    "Die Kaution für ein Rad beträgt 50 Euro.": ("wie hoch ist die Kaution für ein Rad",),
    "Die Kaution für ein E-Bike beträgt 200 Euro.": ("wie hoch ist die Kaution für ein E-Bike",),
}
BIKE, E_BIKE, HELMET, OPEN, WINTER, RAD, _ = range(1, len(FAQ) + 1)


@pytest.fixture(scope="module")
def index() -> Index:
    """The FAQ, compared by letters."""
    entries = [entry(number, answer, wordings) for number, (answer, wordings) in enumerate(FAQ.items(), start=1)]
    wordings = sum(map(len, FAQ.values()))
    return Index(
        entries, None, np.zeros((wordings, 0), np.float32), np.zeros((len(FAQ), 0), np.float32), wrong_rate=0.02
    )


def deciding(index: Index, asked: list[str]) -> Decide:
    """Return how to ask an index that is sure of wordings to the letter alone; what is asked is noted."""

    async def decide(text: str) -> Decision:
        asked.append(text)
        decision = index.decide(text, Viewer(workspace_id=None, consenting=(), now=datetime.now(UTC)))
        return replace(decision, sure=decision.exact)

    return decide


@pytest.mark.parametrize(
    ("before", "follow_up", "read"),
    [
        (
            ("how much is the deposit for a bike?", BIKE),
            "and for an e-bike?",
            "how much is the deposit for an e-bike",
        ),
        (("what are your opening hours?", OPEN), "ok, and in winter?", "what are your opening hours in winter"),
        (("do you have helmets?", HELMET), "how much?", "do you have helmets how much"),
        (("Hi. I am new here. Do you have helmets?", HELMET), "and how much", "Do you have helmets how much"),
        (
            ("wie hoch ist die Kaution für ein Rad", RAD),
            "und für ein E-Bike?",
            "wie hoch ist die Kaution für ein E-Bike",
        ),
        (
            ("how much is the deposit for a bike", BIKE),
            "and what are your opening hours?",
            "what are your opening hours",
        ),
    ],
)
async def test_is_read_as(index: Index, before: tuple[str, int], follow_up: str, read: str) -> None:
    """Its words replace those of the earlier question, or stand behind it; what is whole only loses its "and"."""
    assert await resolve(follow_up, [Earlier(*before)], deciding(index, [])) == read


@pytest.mark.parametrize(
    "follow_up",
    [
        "what are your opening hours?",
        "and kayaks?",
        "do you rent kayaks?",
        "what about the moon",
        "who made them?",
        "ok great, thanks!",
        "",
        "👍",
    ],
)
async def test_is_left_alone(index: Index, follow_up: str) -> None:
    """A change of topic, what is foreign, and what asks nothing stay as they are."""
    assert await resolve(follow_up, [Earlier("do you have helmets", HELMET)], deciding(index, [])) == follow_up


@pytest.mark.parametrize("follow_up", ["thanks!", "I see", "and " + "very " * 40 + "late?"])
async def test_nothing_is_asked_in_vain(index: Index, follow_up: str) -> None:
    """No look-up for what asks nothing or says all that it means, nor where nothing was asked before."""
    asked: list[str] = []
    assert await resolve(follow_up, [Earlier("do you have helmets")], deciding(index, asked)) == follow_up
    assert await resolve("and in winter?", [], deciding(index, asked)) == "and in winter?"
    assert asked == []


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["", "and ", "what about ", "und "]))
async def test_any_two_texts(index: Index, before: str, follow_up: str, leading: str) -> None:
    """At most three look-ups, and the result is what was asked, or what the knowledge is sure of."""
    asked: list[str] = []
    decide = deciding(index, asked)
    text = leading + follow_up
    resolved = await resolve(text, [Earlier(before, HELMET)], decide)
    assert len(asked) <= 3
    if resolved != text:
        decision = await decide(resolved)
        assert decision is not None
        assert decision.sure


@pytest.mark.long
async def test_threads_of_three_faqs(minilm: Encoder) -> None:
    """Right in 85 % at least, and no thread is worse than without what was asked before."""
    for name, figures in (await measure_threads(minilm)).items():
        assert figures["right_with"] >= 0.85, name
        assert figures["right_with"] > figures["right_without"], name
        assert figures["whole_right_with"] >= figures["whole_right_without"], name
        assert figures["wrong_with"] <= figures["wrong_without"], name
        assert figures["worse_with"] == 0, name
        assert figures["calls_most"] <= 3, name
