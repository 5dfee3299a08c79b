"""Thousands of questions to the openvino engine while its process is killed and its model replaced.

``python -m tests.supportbot.engine.openvino.soak 5000`` prints what became of them as JSON. Each question ends in
exactly one way: it is answered, cancelled by the asker, or too late for the deadline that the asker chose. As in
the daemon, an generator asks, a reloader follows the registry, and who hears that something went wrong asks again.
The last quarter is left in peace, to see the memory of one process grow or not.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import structlog

from supportbot.answering.generator import Generator
from supportbot.answering.live_model import LiveModel
from supportbot.engine.base import Engine
from supportbot.engine.openvino.engine import OpenVINOEngine
from supportbot.engine.openvino.load import load_openvino
from supportbot.engine.smoke import smoke
from supportbot.errors import DeadlineExceededError, EngineBusyError, ModelError
from supportbot.models.registry import ModelSource, Registry
from supportbot.models.reloader import Reloader
from tests.versions import install_version

STARTER = Path(__file__).parents[4] / "supportbot" / "starter"

AT_ONCE = 40
"""Open questions: more than a batch, fewer than the engine's capacity."""

ATTEMPTS = 3
"""Of one question, as a worker makes them."""

QUESTIONS = [
    "how do i return an item",
    "where is my parcel",
    "do you ship to norway",
    "what is the meaning of life",
]


@dataclass(kw_only=True)
class Report:
    """What became of the questions, and of the memory (MiB) of this process and of the model's.

    ``begin`` is after the first fifth for this process, and after the disturbances for the model's.
    """

    ended: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    swaps: int = 0
    asked_again: int = 0
    seconds: float = 0.0
    daemon_begin: float = 0.0
    daemon_end: float = 0.0
    process_begin: float = 0.0
    process_end: float = 0.0


async def _described(source: ModelSource, engine: Engine) -> LiveModel:
    return LiveModel(engine, None)


class Soak:
    """A daemon's generator and reloader, many askers, and somebody who disturbs them.

    Args:
        folder: for the registry and the exports.
        number: of questions.
        seed: of all that is random.
    """

    def __init__(self, folder: Path, number: int, seed: int) -> None:
        self.report = Report()
        self._number = number
        self._random = random.Random(seed)
        self._exports = folder / "exports"
        self._registry = Registry(folder / "models")
        for version in ("v1", "v2"):
            install_version(self._registry, STARTER, version)
        self._registry.activate("v1")
        self._generator = Generator(LiveModel(self._load(self._registry.resolve(None)), None))
        self._reloader = Reloader(self._registry, self._generator, self._load, smoke, _described)
        self._open: set[asyncio.Task[str]] = set()
        self._saw_last_kill: set[asyncio.Task[str]] = set()

    async def run(self) -> Report:
        """Ask everything, disturb, and return what happened."""
        began = time.monotonic()
        async for asked in self._ask_all():
            if asked == self._number // 5:
                self.report.daemon_begin = _memory(os.getpid())
            if asked < 0.7 * self._number:
                await self._disturb()
            elif self._engine.pid and asked == int(0.75 * self._number):
                self.report.process_begin = _memory(self._engine.pid)
        self.report.daemon_end = _memory(os.getpid())
        if self._engine.pid:
            self.report.process_end = _memory(self._engine.pid)
        self.report.seconds = round(time.monotonic() - began, 1)
        self._reloader.stop()
        await self._reloader.run()  # until replaced models have ended
        await self._generator.aclose()
        return self.report

    @property
    def _engine(self) -> OpenVINOEngine:
        engine = self._generator.engine
        assert isinstance(engine, OpenVINOEngine)
        return engine

    def _load(self, source: ModelSource) -> Engine:
        return load_openvino(Path(source.location), source.version, "bf16", self._exports)

    async def _ask_all(self) -> AsyncIterator[int]:
        """Keep questions open until all were asked and have ended; give the number of those that were asked."""
        for number in range(self._number):
            if len(self._open) >= AT_ONCE:
                await asyncio.wait(self._open, return_when=asyncio.FIRST_COMPLETED)
            task = asyncio.create_task(self._ask(self._random.choice(QUESTIONS), self._random.random()))
            self._open.add(task)
            task.add_done_callback(self._note)
            yield number + 1
        while self._open:
            await asyncio.wait(self._open)

    async def _ask(self, question: str, fate: float) -> str:
        """Ask; some askers have little time, and some leave after a while."""
        short = fate < 0.1
        deadline = time.monotonic() + (fate if short else 120.0)
        answering = asyncio.create_task(self._answer(question, deadline))
        if 0.1 <= fate < 0.25:
            await asyncio.wait([answering], timeout=fate - 0.1)
            answering.cancel()
        try:
            return await answering
        except asyncio.CancelledError:
            return "cancelled"
        except DeadlineExceededError:
            return "too late" if short else "lost: deadline"
        except Exception as error:
            return f"lost: {type(error).__name__}: {error}"

    async def _answer(self, question: str, deadline: float) -> str:
        for attempt in range(ATTEMPTS):
            try:
                reply = await self._generator.answer(question, deadline)
            except (ModelError, EngineBusyError):
                if attempt + 1 == ATTEMPTS:
                    raise
                self.report.asked_again += 1
            else:
                return "answered" if reply.finish in ("stop", "length") else "lost: no end"
        raise AssertionError("every attempt returns or raises")

    def _note(self, task: asyncio.Task[str]) -> None:
        self._open.discard(task)
        self._saw_last_kill.discard(task)
        self.report.ended[task.result()] += 1

    async def _disturb(self) -> None:
        """Now and then kill the process, or replace the model; nobody is to see two kills."""
        chance = self._random.random()
        if chance < 0.01 and self._engine.pid and not self._saw_last_kill:
            with suppress(ProcessLookupError):
                os.kill(self._engine.pid, signal.SIGKILL)
                self.report.kills += 1
                self._saw_last_kill = set(self._open)
        elif chance > 0.99:
            live = self._registry.active()
            self._registry.activate("v1" if live == "v2" else "v2")
            self.report.swaps += await self._reloader.follow()


def _memory(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    return round(psutil.Process(pid).memory_info().rss / 2**20, 1)


async def soak(folder: Path, number: int, seed: int = 0) -> Report:
    """Run a soak of so many questions; see ``Report``."""
    return await Soak(folder, number, seed).run()


def main() -> None:
    """Run a soak and print its report."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(soak(Path(folder), int(sys.argv[1])))
    sys.stdout.write(json.dumps(vars(report), indent=2) + "\n")
    if any(name.startswith("lost") for name in report.ended):
        sys.exit(1)


if __name__ == "__main__":
    main()
