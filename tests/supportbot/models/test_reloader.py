"""The daemon follows the live version: real tiny models on real files, answers under way, and refusals."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import torch
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from supportbot.answering.generator import Generator
from supportbot.answering.live_model import LiveModel
from supportbot.engine.base import Engine, SamplingParams
from supportbot.engine.load import load_engine
from supportbot.engine.prompt import encode_prompt
from supportbot.engine.smoke import smoke
from supportbot.errors import DeadlineExceededError, EngineBusyError
from supportbot.intake.questions import Reply
from supportbot.models.registry import ModelSource, Registry
from supportbot.models.reloader import Reloader
from tests.versions import install_version

SHORT = SamplingParams(max_length=120)


class Loads:
    """Loads engines as the daemon does, notes them, and may do something in between."""

    def __init__(self) -> None:
        self.engines: list[Engine] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def __call__(self, source: ModelSource) -> Engine:
        """Load a version."""
        engine = load_engine(source.location, source.version, "fp32")
        self.engines.append(engine)
        self.meanwhile()
        return engine

    @property
    def versions(self) -> list[str]:
        """What was loaded, in order."""
        return [engine.model_version for engine in self.engines]


@pytest.fixture
def registry(tiny_model: Path, tmp_path: Path) -> Registry:
    """A registry with the versions `v1`, which is live, and `v2`."""
    registry = Registry(tmp_path / "models")
    install_version(registry, tiny_model, "v1")
    install_version(registry, tiny_model, "v2")
    registry.activate("v1")
    return registry


@pytest.fixture
async def loads() -> AsyncIterator[Loads]:
    """What loads engines; all are closed at the end."""
    loads = Loads()
    yield loads
    for engine in loads.engines:
        await engine.aclose()


@pytest.fixture
def generator(registry: Registry, loads: Loads) -> Generator:
    """A generator on `v1`."""
    return Generator(LiveModel(loads(registry.resolve(None)), None), sampling=SHORT)


@pytest.fixture
def reloader(registry: Registry, generator: Generator, loads: Loads) -> Reloader:
    """What follows the registry."""
    return Reloader(registry, generator, loads, smoke, describe)


async def describe(source: ModelSource, engine: Engine) -> LiveModel:
    """Trust every answer of every version."""
    return LiveModel(engine, None)


async def ask(generator: Generator) -> Reply:
    """Ask something."""
    return await generator.answer("Where is my order?", time.monotonic() + 60)


def live_in_metrics() -> set[str]:
    """Return the versions that the metrics name as live."""
    [family] = [family for family in REGISTRY.collect() if family.name == "supportbot_model"]
    return {sample.labels["version"] for sample in family.samples}


async def test_switch_is_followed_once(
    registry: Registry, reloader: Reloader, generator: Generator, loads: Loads
) -> None:
    """Nothing happens while nothing changes; after a switch the next answer names the new version."""
    assert not await reloader.follow()
    assert not await reloader.follow()
    registry.activate("v2")
    with capture_logs() as lines:
        assert await reloader.follow()
    assert not await reloader.follow()
    assert (await ask(generator)).model_version == "v2"
    assert loads.versions == ["v1", "v2"]
    [line] = [line for line in lines if line["event"] == "model.swapped"]
    assert (line["from"], line["to"]) == ("v1", "v2")
    assert line["seconds"] >= 0
    assert live_in_metrics() == {"v2"}


async def test_answers_flow_through_many_switches(
    registry: Registry, reloader: Reloader, generator: Generator
) -> None:
    """However questions and switches mix, each answer ends, on the version that was live when it began."""
    source = random.Random(7)
    asked: list[tuple[str, asyncio.Task[Reply]]] = []
    for step in range(6):
        for _ in range(source.randrange(4)):
            asked.append((generator.engine.model_version, asyncio.create_task(ask(generator))))
        await asyncio.sleep(0)  # the answers begin
        if source.random() < 0.7:
            registry.activate(f"v{step % 2 + 1}")
        await reloader.follow()
    assert len({version for version, _ in asked}) == 2
    for version, task in asked:
        assert (await task).model_version == version


async def test_loop_notices_within_two_seconds(
    registry: Registry, reloader: Reloader, generator: Generator, loads: Loads
) -> None:
    """The running loop follows by itself, there and back, and closes at its end what it replaced."""
    running = asyncio.create_task(reloader.run())
    try:
        for version in ("v2", "v1"):
            began = time.monotonic()
            await asyncio.to_thread(registry.activate, version)
            async with asyncio.timeout(30):
                while (await ask(generator)).model_version != version:
                    pass
            assert time.monotonic() - began < 2 + 3  # 2 s to notice, and loading on a busy machine
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert generator.engine is loads.engines[-1]


@pytest.mark.parametrize("damage", ["digest", "nan", "defect"])
async def test_failing_version_is_refused_once(
    registry: Registry,
    reloader: Reloader,
    generator: Generator,
    loads: Loads,
    tiny_model: Path,
    tmp_path: Path,
    damage: str,
) -> None:
    """A damaged version is one line in the log; the old model answers on, and a later switch is followed."""
    if damage == "nan":
        weights = {"transformer.ln_f.weight": torch.full((32,), float("nan"), dtype=torch.float16)}
        install_version(registry, tiny_model, "broken", weights=weights)
    else:
        install_version(registry, tiny_model, "broken")
    registry.activate("broken")
    if damage == "digest":
        (tmp_path / "models" / "broken" / "config.json").write_text("{}")

    def fail() -> None:
        raise RuntimeError("a defect of a library")

    if damage == "defect":
        loads.meanwhile = fail
    with capture_logs() as lines:
        assert not await reloader.follow()
        assert not await reloader.follow()
    [line] = [line for line in lines if line["event"] == "model.swap_failed"]
    assert (line["wanted"], line["kept"], line["log_level"]) == ("broken", "v1", "error")
    assert (await ask(generator)).model_version == "v1"
    loads.meanwhile = lambda: None
    registry.rollback()
    assert not await reloader.follow()  # what it returned to is what answers already
    registry.activate("v2")
    assert await reloader.follow()


async def test_refused_version_is_tried_again_after_another_switch_to_it(
    registry: Registry, reloader: Reloader, loads: Loads, tmp_path: Path
) -> None:
    """Mending the files and switching again is enough."""
    config = tmp_path / "models" / "v2" / "config.json"
    registry.activate("v2")
    text = config.read_text()
    config.write_text("{}")
    assert not await reloader.follow()
    config.write_text(text)
    assert not await reloader.follow()
    registry.activate("v2")
    assert await reloader.follow()
    assert loads.versions == ["v1", "v2"]


async def test_switch_back_while_loading_is_not_overtaken(
    registry: Registry, reloader: Reloader, generator: Generator, loads: Loads
) -> None:
    """A rollback while the new version is still loading leaves the old one where it is."""
    registry.activate("v2")
    loads.meanwhile = lambda: registry.activate("v1")
    assert not await reloader.follow()
    assert not await reloader.follow()
    assert generator.engine is loads.engines[0]
    assert (await ask(generator)).model_version == "v1"


async def test_stopped_reloader_begins_no_switch(registry: Registry, reloader: Reloader, loads: Loads) -> None:
    """After `stop` the loop ends by itself, and a switch is left to the next start."""
    running = asyncio.create_task(reloader.run())
    reloader.stop()
    registry.activate("v2")
    async with asyncio.timeout(10):
        await running
    assert loads.versions == ["v1"]


async def test_switch_that_is_loading_at_the_stop_is_dropped(
    registry: Registry, reloader: Reloader, generator: Generator, loads: Loads
) -> None:
    """What was loaded when the stop came never answers, and is closed."""
    registry.activate("v2")
    loads.meanwhile = reloader.stop
    assert not await reloader.follow()
    assert generator.engine is loads.engines[0]
    assert await is_closed(loads.engines[1])


async def test_cancelled_load_leaves_no_engine(registry: Registry, reloader: Reloader, loads: Loads) -> None:
    """A load can't be interrupted: whoever cancels it waits for its end, and finds the engine closed."""
    registry.activate("v2")
    loading, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        loading.set()
        go_on.wait()

    loads.meanwhile = wait
    running = asyncio.create_task(reloader.run())
    await asyncio.to_thread(loading.wait)
    running.cancel()
    go_on.set()
    await asyncio.wait([running])
    assert running.cancelled()
    assert await is_closed(loads.engines[1])


async def is_closed(engine: Engine) -> bool:
    """Return whether an engine takes no question any more."""
    stream = engine.stream(encode_prompt(engine.tokenizer, "Where?"), SHORT, time.monotonic() + 1)
    try:
        await anext(stream)
    except (EngineBusyError, DeadlineExceededError):
        return True
    finally:
        await stream.aclose()
    return False
