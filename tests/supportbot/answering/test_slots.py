"""How many answers are generated at once follows how long they take."""

from __future__ import annotations

import asyncio
import time

import pytest

from supportbot.answering.slots import Slots
from supportbot.errors import OverloadedError

NEVER = float("inf")


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return what time it is."""
        return self.now


async def answer(slots: Slots, clock: Clock, together: int, seconds: float) -> None:
    """Let so many answers be generated together, which takes so long."""
    places = [slots.slot(NEVER) for _ in range(together)]
    for place in places:
        await place.__aenter__()
    clock.now += seconds
    for place in places:
        await place.__aexit__(None, None, None)


async def test_more_are_generated_while_they_come_soon() -> None:
    """As long as each answer comes within half of the promise, there are ever more places."""
    clock = Clock()
    slots = Slots(3.0, clock)
    for _ in range(20):
        await answer(slots, clock, slots.limit, 1.0)
    assert slots.limit >= 20


async def test_fewer_are_generated_when_they_take_long() -> None:
    """A machine on which all are late ends with one at a time, which always may be generated."""
    clock = Clock()
    slots = Slots(3.0, clock)
    for _ in range(20):
        await answer(slots, clock, slots.limit, 5.0)
    assert slots.limit == 1
    await answer(slots, clock, 1, 5.0)


async def test_the_number_settles_where_answers_come_in_time() -> None:
    """A machine that gives four answers a second may do about five at once, in 1.2 seconds."""
    clock = Clock()
    slots = Slots(3.0, clock)
    seen = []
    for _ in range(200):
        together = slots.limit
        await answer(slots, clock, together, together / 4)
        seen.append(together)
    assert min(seen[50:]) >= 3
    assert max(seen[50:]) <= 6


async def test_idle_places_are_no_evidence() -> None:
    """Single questions, one after the other, do not say that a hundred could be answered at once."""
    clock = Clock()
    slots = Slots(3.0, clock)
    for _ in range(100):
        await answer(slots, clock, 1, 0.5)
    assert slots.limit == 4


async def test_what_is_broken_off_is_no_evidence_of_speed() -> None:
    """An engine that fails at once is not a fast one; one that fails late was slow."""
    clock = Clock()
    slots = Slots(3.0, clock)

    async def fail_after(seconds: float) -> None:
        places = [slots.slot(NEVER) for _ in range(slots.limit)]
        for place in places:
            await place.__aenter__()
        clock.now += seconds
        for place in places:
            assert not await place.__aexit__(ConnectionError, ConnectionError(), None)

    for _ in range(5):
        await fail_after(0.1)
    assert slots.limit == 4
    assert slots.most_ahead is None
    await fail_after(2.0)
    assert slots.limit == 3


async def test_who_finds_no_place_in_time_is_told() -> None:
    """A question waits until it is too late, and a place that becomes free goes to who came first."""
    slots = Slots(3.0)
    places = [slots.slot(NEVER) for _ in range(slots.limit)]
    for place in places:
        await place.__aenter__()
    with pytest.raises(OverloadedError):
        async with slots.slot(time.monotonic() + 0.01):
            raise AssertionError("there was no place")
    came: list[int] = []

    async def come(number: int) -> None:
        async with slots.slot(NEVER):
            came.append(number)

    waiting = [asyncio.create_task(come(number)) for number in range(3)]
    await asyncio.sleep(0)
    for place in places:
        await place.__aexit__(None, None, None)
    await asyncio.gather(*waiting)
    assert came == [0, 1, 2]


async def test_a_slow_machine_has_patience() -> None:
    """Where one answer takes four seconds, the next person waits for it instead of being sent away."""
    clock = Clock()
    slots = Slots(3.0, clock)
    assert slots.patience == pytest.approx(0.75)
    await answer(slots, clock, 1, 4.0)
    assert slots.patience == pytest.approx(4.0)


async def test_how_many_may_be_in_front() -> None:
    """Those who have a place, and those who will have one while the last one waits."""
    clock = Clock()
    slots = Slots(3.0, clock)
    assert slots.most_ahead is None
    for _ in range(30):
        await answer(slots, clock, 1, 0.5)
    assert slots.most_ahead == 4 + 4 * 1.5  # four places, and three quarters of a second to wait for them


async def test_without_a_promise_everything_waits() -> None:
    """Where people are to wait, only the engine limits how many at once."""
    slots = Slots(None)
    assert slots.patience is None
    assert slots.most_ahead is None
    await answer(slots, Clock(), 50, 0)
