"""The event loop is never held up, however many questions come at once."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from asyncio.events import Handle
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from supportbot.bootstrap import initialise, open_core
from supportbot.config import Settings
from supportbot.intake.history import Exchange
from supportbot.intake.questions import IncomingQuestion
from supportbot.service import Service
from supportbot.telemetry.pulse import MOST_SECONDS, settle, watch_event_loop

AT_ONCE = 32


@pytest.fixture
def callbacks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, str]]:
    """Processor seconds of each callback of the event loop, and which it was.

    Processor time, because the time on the wall also tells what else the machine is doing.
    """
    seen: list[tuple[float, str]] = []
    run = Handle._run

    def measured(handle: Handle) -> None:
        began = time.thread_time()
        run(handle)
        seen.append((time.thread_time() - began, repr(handle)))

    monkeypatch.setattr(Handle, "_run", measured)
    return seen


async def test_no_callback_is_slow_under_load(tmp_path: Path, callbacks: list[tuple[float, str]]) -> None:
    """32 questions at once, from the inbox to the answer in the database, with the engine that serves."""
    settings = Settings(home=tmp_path / "home", busy_seconds=0)
    await initialise(settings)
    async with open_core(settings, platforms={"web"}, daemon=True) as core, asyncio.TaskGroup() as tasks:
        answering = tasks.create_task(core.worker.run())
        knowing = tasks.create_task(core.knowledge.run())
        settle()
        await asyncio.sleep(0)
        callbacks.clear()  # what is done at the start holds up nobody yet
        answers = await asyncio.gather(*(ask(core.service, number) for number in range(AT_ONCE)))
        slowest, which = max(callbacks)
        await core.worker.drain(5)
        await answering
        knowing.cancel()
    assert {answer.model_version for answer in answers} == {"starter"}
    assert slowest < MOST_SECONDS, which


async def test_lag_is_measured() -> None:
    """A callback that blocks shows in the metric."""

    def late() -> float:
        within = REGISTRY.get_sample_value("supportbot_event_loop_lag_seconds_bucket", {"le": "0.05"})
        count = REGISTRY.get_sample_value("supportbot_event_loop_lag_seconds_count")
        assert within is not None
        assert count is not None
        return count - within

    before = late()
    watching = asyncio.create_task(watch_event_loop())
    async with asyncio.timeout(10):
        while late() == before:
            time.sleep(0.2)  # noqa: ASYNC251 - this is what must not be done, and what is looked for
            await asyncio.sleep(0)
    watching.cancel()


async def ask(service: Service, number: int) -> Exchange:
    """Ask something and return the exchange with the answer."""
    accepted = await service.ask(
        IncomingQuestion(
            platform="web",
            workspace="local",
            channel=f"t{number}",
            thread=f"t{number}",
            identity=f"web:{number}",
            asker=f"somebody {number}",
            text="How do I return an item?",
            reply_to={},
        )
    )
    async for piece in service.follow(accepted.question_id):
        if isinstance(piece, Exchange):
            return piece
    raise AssertionError("The answer has no end.")


_PRODUCT = """
import time
import numpy as np
from supportbot.telemetry.pulse import settle

settle()
matrix = np.ones((4_000, 400), np.float32)
matrix @ matrix.T
own, all_threads = time.thread_time(), time.process_time()
for _ in range(5):
    matrix @ matrix.T
print((time.process_time() - all_threads) / (time.thread_time() - own))
"""


def test_a_product_of_matrices_keeps_one_core_busy() -> None:
    """A settled process takes no second core for it, neither to compute nor to wait for more."""
    own = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
    two = own | {"OPENBLAS_NUM_THREADS": "2"}
    said = subprocess.check_output([sys.executable, "-c", _PRODUCT], env=two, text=True)
    assert float(said) < 1.2
