"""Threads, whose last message is asked with and without the earlier ones."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.follow_ups.texts import THREADS, Thread, read_faqs
from benchmarks.imported import open_knowledge
from supportbot.answering.explain import explain
from supportbot.answering.follow_up import Earlier, resolve
from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.decision import Decision
from supportbot.knowledge.features import TextEncoder
from supportbot.knowledge.knowledge import Knowledge

_WRONG_RATE = 0.02
"""The product's default."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a thread's last message.

    Attributes:
        thread: that was asked.
        without: the answers that are given to the message alone.
        resolved: the answers to the message as rewritten.
        calls: how often the knowledge was asked to read it.
    """

    thread: Thread
    without: tuple[str, ...]
    resolved: tuple[str, ...]
    calls: int


async def measure_threads(encoder: TextEncoder) -> dict[str, Any]:
    """Return the figures of each set, and of all together."""
    outcomes: dict[str, list[Outcome]] = {name: [] for name in THREADS}
    for faq in read_faqs():
        with tempfile.TemporaryDirectory(prefix="benchmark-") as home:
            async with open_knowledge(faq.rows, Path(home), encoder, _WRONG_RATE) as knowledge:
                for name in THREADS:
                    outcomes[name] += [await _ask(knowledge, thread) for thread in faq.threads[name]]
    record = {name: _figures(outcomes[name]) for name in THREADS}
    return record | {"all": _figures([one for name in THREADS for one in outcomes[name]])}


async def _ask(knowledge: Knowledge, thread: Thread) -> Outcome:
    calls = 0

    async def decide(text: str) -> Decision | None:
        nonlocal calls
        calls += 1
        return await knowledge.decide(text, None)

    earlier: list[Earlier] = []
    for question in thread.earlier:
        asked = await resolve(normalise_question(question), earlier, decide)
        given = (await explain(knowledge, asked)).given
        earlier.append(Earlier(asked, given[0].id if given else None))
    calls = 0
    then = normalise_question(thread.then)
    resolved = await resolve(then, earlier, decide)
    without = await _given(knowledge, then)
    return Outcome(thread, without, without if resolved == then else await _given(knowledge, resolved), calls)


async def _given(knowledge: Knowledge, text: str) -> tuple[str, ...]:
    return tuple(entry.answer for entry in (await explain(knowledge, text)).given)


def _figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    figures: dict[str, Any] = {"threads": len(outcomes), "calls_most": max(one.calls for one in outcomes)}
    figures["worse_with"] = sum(one.without == _wanted(one.thread) != one.resolved for one in outcomes)
    for way in ("with", "without"):
        told = [(one.thread, one.resolved if way == "with" else one.without) for one in outcomes]
        known = [(thread, given) for thread, given in told if thread.right is not None]
        figures[f"right_{way}"] = _share([given == _wanted(thread) for thread, given in told])
        figures[f"wrong_{way}"] = _share([given not in ((), _wanted(thread)) for thread, given in known])
        for kind in ("carried", "whole"):
            figures[f"{kind}_right_{way}"] = _share(
                [given == _wanted(thread) for thread, given in known if thread.kind == kind]
            )
        figures[f"foreign_answered_{way}"] = _share(
            [bool(given) for thread, given in told if thread.right is None]
        )
    return figures


def _wanted(thread: Thread) -> tuple[str, ...]:
    return () if thread.right is None else (thread.right,)


def _share(cases: Sequence[bool]) -> float:
    return round(sum(cases) / len(cases), 4)
