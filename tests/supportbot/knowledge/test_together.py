"""Questions that are looked up together: each has its own answer, whatever becomes of the others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from supportbot.knowledge.decision import Decision
from supportbot.knowledge.encoder.encoder import Encoder
from supportbot.knowledge.entries import Viewer
from supportbot.knowledge.index import Index
from supportbot.knowledge.together import Together
from tests.supportbot.knowledge.faq import gym
from tests.supportbot.knowledge.test_index import NOBODY, build
from tests.waiting import until

QUESTIONS = [
    "entrance fee",
    "can I hire shoes from you?",
    "will it rain tomorrow",
    "how do i get out of my contract",
]


class SlowIndex(Index):
    """The gym's FAQ; it waits until it may decide, and fails at one question."""

    batches: list[list[str]]
    go: threading.Event

    def decide_all(self, asked: Sequence[tuple[str, Viewer]], *, most: int = 3) -> list[Decision]:
        """Decide as an index does, later."""
        self.batches.append([question for question, _ in asked])
        self.go.wait()
        if "fail" in self.batches[-1]:
            raise LookupError("mine")
        return super().decide_all(asked, most=most)


@pytest.fixture
def slow(minilm: Encoder) -> SlowIndex:
    """The index, not allowed to decide yet."""
    index = build(gym(), minilm)
    index.__class__ = SlowIndex
    assert isinstance(index, SlowIndex)
    index.batches, index.go = [], threading.Event()
    return index


@pytest.mark.parametrize("fitted", [True, False], ids=["rule", "nearest"])
def test_together_each_is_decided_as_alone(fitted: bool, minilm: Encoder) -> None:
    """Neighbours change neither answers nor how sure they are, and each asker is told what is for them."""
    index = build(gym(), minilm, fitted=fitted)
    gone = Viewer(workspace_id=None, consenting=(), now=NOBODY.now, gone={1})
    asked = [(question, viewer) for question in QUESTIONS for viewer in (NOBODY, gone)]
    for together, (question, viewer) in zip(index.decide_all(asked), asked, strict=True):
        alone = index.decide(question, viewer)
        assert (together.sure, together.exact) == (alone.sure, alone.exact)
        assert [one.entry.id for one in together.candidates] == [one.entry.id for one in alone.candidates]
        confidences = [one.confidence for one in alone.candidates]
        assert [one.confidence for one in together.candidates] == pytest.approx(confidences, abs=1e-4)
    assert index.decide_all([]) == []


async def test_what_comes_meanwhile_is_looked_up_together(slow: SlowIndex) -> None:
    """The first ones begin at once, each in a thread; those that come then are one batch."""
    together = Together()
    asked = [asyncio.create_task(together.decide(slow, question, NOBODY)) for question in [*QUESTIONS, *QUESTIONS]]
    await until(lambda: len(slow.batches) == 2)
    slow.go.set()
    decisions = await asyncio.gather(*asked)
    assert [len(batch) for batch in slow.batches] == [1, 1, 6]
    assert decisions[0].exact
    assert not decisions[2].sure
    assert [one.candidates[0].entry.id for one in decisions[:4]] == [
        one.candidates[0].entry.id for one in decisions[4:]
    ]


async def test_one_that_fails_takes_nobody_with_it(slow: SlowIndex) -> None:
    """Its own asker has the error; who does not wait any more is not looked up."""
    together = Together()
    asked = [asyncio.create_task(together.decide(slow, question, NOBODY)) for question in QUESTIONS[:2]]
    await until(lambda: len(slow.batches) == 2)
    asked += [
        asyncio.create_task(together.decide(slow, question, NOBODY)) for question in ("fail", "gone", *QUESTIONS)
    ]
    await asyncio.sleep(0)  # each of them waits now
    asked[3].cancel()
    slow.go.set()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(outcomes[2], LookupError)
    assert isinstance(outcomes[3], asyncio.CancelledError)
    assert all(isinstance(one, Decision) for one in (*outcomes[:2], *outcomes[4:]))
    assert not any("gone" in batch for batch in slow.batches)
