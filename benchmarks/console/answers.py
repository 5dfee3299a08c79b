"""What the console costs the bot: its answers with and without somebody who clicks, in turns."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from statistics import fmean, median

import numpy as np
from sqlalchemy import select

from benchmarks.console.invented import Words
from benchmarks.console.pages import Page
from supportbot.core import Core
from supportbot.db.models import Answer, Wording, Workspace
from supportbot.db.states import AnswerSource
from supportbot.errors import SupportBotError
from supportbot.intake.questions import IncomingQuestion

_DIFFERENT = 30
"""Questions of each kind that are asked, again and again."""

_TRIES = 30
"""Texts that are tried for each of them."""

_PAUSE = 1.0
"""Seconds between two clicks: five curators, each of whom looks at a page for some seconds before the next."""

_RESAMPLED = 4_000

_numbers = count()


@dataclass(slots=True)
class Answered:
    """Seconds of answers by kind, without and with clicks, a list for each turn."""

    quiet: dict[str, list[list[float]]] = field(default_factory=dict)
    clicked: dict[str, list[list[float]]] = field(default_factory=dict)
    clicks: int = 0
    clicked_seconds: float = 0.0

    def slowdown(self, kind: str) -> float:
        """Return how many times as long an answer takes during clicks: the median of all pairs of turns."""
        return round(median(self._ratios(kind)), 3)

    def interval(self, kind: str) -> list[float]:
        """Return where the slowdown lies with a probability of 90 %, by resampled pairs (bootstrap)."""
        ratios = self._ratios(kind)
        rng = np.random.default_rng(1)
        medians = np.median(rng.choice(ratios, (_RESAMPLED, len(ratios))), axis=1)
        return [round(float(end), 3) for end in np.quantile(medians, (0.05, 0.95))]

    def _ratios(self, kind: str) -> list[float]:
        pairs = zip(self.clicked[kind], self.quiet[kind], strict=True)
        return [fmean(beside) / fmean(alone) for beside, alone in pairs]

    def figures(self) -> dict[str, object]:
        """Return them as a record keeps them."""
        return {
            "clicks": self.clicks,
            "clicks_a_second": round(self.clicks / self.clicked_seconds, 2),
            **{
                kind: {
                    "quiet_ms": _ms(self.quiet[kind]),
                    "clicked_ms": _ms(self.clicked[kind]),
                    "slowdown": self.slowdown(kind),
                    "slowdown_90": self.interval(kind),
                }
                for kind in self.quiet
            },
        }


def _ms(turns: Sequence[Sequence[float]]) -> float:
    return round(1000 * median(one for turn in turns for one in turn), 1)


async def measure_answers(
    core: Core, pages: Mapping[str, Page], turns: int, seconds: float, told: Callable[[], None] = lambda: None
) -> Answered:
    """Ask in turns, without and with somebody who clicks.

    Args:
        core: opened as a daemon's, with an engine that is ready.
        pages: what is clicked, in any order.
        turns: of each kind.
        seconds: of a turn: long enough for some clicks, short enough that the machine stays the same.
        told: called after each.
    """
    rng, found = random.Random(1), Answered()  # noqa: S311 - no secret
    questions = await _questions(core, rng, _DIFFERENT)
    for kind in questions:
        found.quiet[kind], found.clicked[kind] = [], []
    for turn in range(turns):
        for beside in (True, False) if turn % 2 else (False, True):
            if beside:
                began = time.monotonic()
                async with _clicking(pages, rng, found):
                    taken = await _turn(core, questions, rng, seconds)
                found.clicked_seconds += time.monotonic() - began
            else:
                taken = await _turn(core, questions, rng, seconds)
            for kind, times in taken.items():
                (found.clicked if beside else found.quiet)[kind].append(times)
            told()
    return found


async def _turn(
    core: Core, questions: Mapping[str, Sequence[str]], rng: random.Random, seconds: float
) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {kind: [] for kind in questions}
    until = time.monotonic() + seconds
    while not all(taken.values()) or time.monotonic() < until:
        for kind, texts in questions.items():
            taken[kind].append(await _ask(core, rng.choice(texts), kind))
    return taken


async def _ask(core: Core, text: str, kind: str) -> float:
    """Return the seconds from a question's arrival to its answer in the outbox."""
    number = next(_numbers)
    began = time.perf_counter()
    accepted = await core.service.ask(
        IncomingQuestion(
            platform="web",
            workspace="local",
            channel=f"asker-{number}",
            thread="1",
            identity=f"benchmark:{number}",
            asker=f"web:{number}",
            text=text,
            reply_to={},
        )
    )
    await core.worker.answer_one(accepted.question_id)
    took = time.perf_counter() - began
    async with core.database.read() as session:
        written = select(Answer.source, Answer.model_version).where(Answer.question_id == accepted.question_id)
        row = (await session.execute(written)).one_or_none()
    if row is None or _by_whom(row.source, row.model_version) != kind:
        raise SupportBotError(f"A question was answered otherwise than before ({kind}), so its time says nothing.")
    return took


async def _questions(core: Core, rng: random.Random, many: int) -> dict[str, list[str]]:
    """Return questions by who answers them; each is asked once to find out.

    Raises:
        SupportBotError: too few are answered by one of them.
    """
    found: dict[str, list[str]] = {"verified": [], "generated": []}
    async with core.database.read() as session:
        workspace_id = await session.scalar(select(Workspace.id).where(Workspace.is_local))
        wordings = list(await session.scalars(select(Wording.text).order_by(Wording.id.desc()).limit(1_000)))
    words = Words(7)
    for _ in range(_TRIES * many):
        for kind, text in (("verified", rng.choice(wordings)), ("generated", words.text(8, 12))):
            if len(found[kind]) < many:
                until = time.monotonic() + core.settings.answer_seconds
                reply = await core.answerer.answer(text, until, workspace_id=workspace_id)
                if _by_whom(reply.source, reply.model_version) == kind:
                    found[kind].append(text)
        if all(len(texts) == many for texts in found.values()):
            return found
    few = min(found, key=lambda kind: len(found[kind]))
    raise SupportBotError(f"Too little of what is invented is {few} when it is asked: give more --entries.")


def _by_whom(source: AnswerSource, model_version: str | None) -> str | None:
    if source is AnswerSource.APPROVED:
        return "verified"
    return "generated" if model_version is not None else None


@asynccontextmanager
async def _clicking(pages: Mapping[str, Page], rng: random.Random, found: Answered) -> AsyncGenerator[None]:
    over = asyncio.Event()

    async def click() -> None:
        while not over.is_set():
            await rng.choice(list(pages.values()))()
            found.clicks += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), _PAUSE)

    clicking = asyncio.create_task(click())
    try:
        yield
    finally:
        over.set()
        await clicking  # a page that somebody waits for belongs to no turn without clicks
