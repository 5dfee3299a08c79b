"""The engine when its process dies, hangs, or never comes up: nobody's answer is lost, doubled or mixed."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
import torch
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from transformers import GPT2Config, GPT2LMHeadModel

from supportbot.engine.base import Chunk, SamplingParams
from supportbot.engine.openvino.engine import OpenVINOEngine, build_load
from supportbot.engine.openvino.export import export
from supportbot.engine.prompt import Prompt, encode_prompt
from supportbot.engine.tokenizer import load_tokenizer
from supportbot.errors import DeadlineExceededError, EngineBusyError, ModelError
from tests.supportbot.engine.collecting import collect, collect_all, text_of, tokens_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

Asked = list[tuple[Prompt, SamplingParams]]

ANSWER_TOKENS = 60
"""At most: as many as leave a middle in which things can happen."""


def make_engine(model: Path, exports: Path, *, batch: int = 32, silence: float = 20.0) -> OpenVINOEngine:
    """Make an engine that computes in fp32."""
    load = build_load(str(export(model, exports, "16bit")), "fp32", batch=batch)
    return OpenVINOEngine(load, load_tokenizer(model), "tiny", silence_seconds=silence)


@pytest.fixture(scope="module")
def model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that takes some milliseconds for a step, so that there is a middle in which things can happen."""
    directory = tmp_path_factory.mktemp("slower") / "model"
    shutil.copytree(tiny_model, directory)
    torch.manual_seed(0)
    config = GPT2Config.from_pretrained(tiny_model, n_embd=256, n_layer=8, n_head=4)
    GPT2LMHeadModel(config).half().save_pretrained(directory)
    return directory


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def engine(model: Path, exports: Path) -> AsyncIterator[OpenVINOEngine]:
    """An engine whose process may be killed: it comes back."""
    engine = make_engine(model, exports)
    yield engine
    await engine.aclose()


def questions(engine: OpenVINOEngine, number: int) -> Asked:
    """Return so many requests, each with a prompt and a seed of its own."""
    prompts = [encode_prompt(engine.tokenizer, f"Where is order {index}?") for index in range(number)]
    return [
        (prompt, SamplingParams(seed=index, max_length=len(prompt.token_ids) + ANSWER_TOKENS))
        for index, prompt in enumerate(prompts)
    ]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def answers(engine: OpenVINOEngine) -> list[list[int]]:
    """What the engine says to 32 questions when nothing happens to it."""
    return [tokens_of(chunks) for chunks in await collect_all(engine, questions(engine, 32))]


def pid_of(engine: OpenVINOEngine) -> int:
    """Return the number of the engine's process, which there must be."""
    assert engine.pid is not None
    return engine.pid


async def interrupt(engine: OpenVINOEngine, asked: Asked, number: int) -> list[list[Chunk] | BaseException]:
    """Ask all at once and send the process a signal as soon as somebody has a few tokens."""
    before = None

    async def one(request: tuple[Prompt, SamplingParams]) -> list[Chunk]:
        nonlocal before
        chunks = []
        async for chunk in engine.stream(*request, time.monotonic() + 60):
            chunks.append(chunk)
            if len(chunks) == 3 and before is None:
                before = pid_of(engine)
                os.kill(before, number)
        return chunks

    outcomes = await asyncio.gather(*map(one, asked), return_exceptions=True)
    assert engine.pid != before
    return outcomes


def tokens_of_all(outcomes: Sequence[list[Chunk] | BaseException]) -> list[list[int]]:
    """Return the tokens of answers, none of which failed."""
    assert not [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    return [tokens_of(outcome) for outcome in outcomes if not isinstance(outcome, BaseException)]


async def test_a_killed_process_costs_nobody_an_answer(engine: OpenVINOEngine, answers: list[list[int]]) -> None:
    """32 answers that were cut off in the middle end with the same tokens, none missing and none twice."""
    outcomes = await interrupt(engine, questions(engine, 32), signal.SIGKILL)
    assert tokens_of_all(outcomes) == answers
    for chunks in outcomes:
        assert not isinstance(chunks, BaseException)
        whole = engine.tokenizer.decode(tokens_of(chunks), skip_special_tokens=True)
        assert whole.startswith(text_of(chunks).rstrip("\N{REPLACEMENT CHARACTER}"))


async def test_a_process_killed_while_idle_comes_back(engine: OpenVINOEngine, answers: list[list[int]]) -> None:
    """Nobody notices that the process died between two questions."""
    await collect(engine, *questions(engine, 1)[0])
    os.kill(pid_of(engine), signal.SIGKILL)
    assert tokens_of(await collect(engine, *questions(engine, 1)[0])) == answers[0]


@pytest.mark.long
async def test_too_little_memory_ends_in_a_restart(engine: OpenVINOEngine, answers: list[list[int]]) -> None:
    """A process that gets no more memory fails and is replaced; the answers are those that were to come."""
    await collect(engine, *questions(engine, 1)[0])
    before = pid_of(engine)
    size = psutil.Process(before).memory_info().vms
    resource.prlimit(before, resource.RLIMIT_AS, (size, size))
    # More than it has ever read: some megabytes, which it would find no use for.
    engine.expect(["Where is order 84? " * 50_000] * 4)
    outcomes = await collect_all(engine, questions(engine, 32))
    assert [tokens_of(chunks) for chunks in outcomes] == answers
    assert pid_of(engine) != before
    engine.expect([])


async def test_the_use_of_the_cache_is_told(engine: OpenVINOEngine) -> None:
    """An operator sees how much of the cache answers under way take, and that they give it back when dropped."""
    name = "supportbot_engine_cache_used_percent"
    prompt, params = questions(engine, 1)[0]
    async with aclosing(engine.stream(prompt, params, time.monotonic() + 60)) as chunks:
        await anext(chunks)
        assert 0 < (REGISTRY.get_sample_value(name) or 0) < 10
    assert REGISTRY.get_sample_value(name) == 0


async def test_a_hanging_process_is_replaced(model: Path, exports: Path, answers: list[list[int]]) -> None:
    """A process that is stopped in the middle of 8 answers is killed after its silence, and they go on."""
    engine = make_engine(model, exports, silence=3.0)  # less, and one on a busy machine is taken for a dead one
    with capture_logs() as lines:
        outcomes = await interrupt(engine, questions(engine, 8), signal.SIGSTOP)
    assert tokens_of_all(outcomes) == answers[:8]
    [line] = [line for line in lines if line["event"] == "engine.process_ended"]
    assert line["why"] == "silent"
    await engine.aclose()


async def test_an_idle_process_may_be_silent(model: Path, exports: Path, answers: list[list[int]]) -> None:
    """Silence without work is no reason to replace anything."""
    engine = make_engine(model, exports, silence=2.0)
    await collect(engine, *questions(engine, 1)[0])
    before = pid_of(engine)
    await asyncio.sleep(3.0)  # its silence, and two looks of the watch after that: nothing is to happen
    assert tokens_of(await collect(engine, *questions(engine, 1)[0])) == answers[0]
    assert pid_of(engine) == before
    await engine.aclose()


async def test_the_second_death_is_told(engine: OpenVINOEngine, answers: list[list[int]]) -> None:
    """A request whose process dies twice is given up with an error; the engine answers the next one."""

    async def kill_twice() -> None:
        killed: set[int] = set()
        while len(killed) < 2:
            if engine.pid is not None and engine.pid not in killed:
                killed.add(engine.pid)
                os.kill(engine.pid, signal.SIGKILL)
            await asyncio.sleep(0)

    asked = asyncio.gather(*(collect(engine, *one) for one in questions(engine, 4)), return_exceptions=True)
    await kill_twice()
    outcomes = await asked
    assert all(isinstance(outcome, ModelError) for outcome in outcomes)
    assert "twice" in str(outcomes[0])
    assert tokens_of(await collect(engine, *questions(engine, 1)[0])) == answers[0]


async def test_cancelling_half_leaves_the_other_half(engine: OpenVINOEngine, answers: list[list[int]]) -> None:
    """16 of 32 leave in the middle; the others end with their tokens, and nobody is left in the engine."""
    asked = questions(engine, 32)

    async def one(index: int) -> list[int]:
        tokens: list[int] = []
        stream = engine.stream(*asked[index], time.monotonic() + 60)
        async for chunk in stream:
            tokens += chunk.token_ids
            if index % 2 and len(tokens) == 3:
                await stream.aclose()
        return tokens

    outcomes = await asyncio.gather(*map(one, range(32)))
    assert outcomes == [answer[:3] if index % 2 else answer for index, answer in enumerate(answers)]


async def test_cancelled_tasks_leave_the_engine(engine: OpenVINOEngine, answers: list[list[int]]) -> None:
    """The task of a caller may be cancelled at any moment, also before its first token."""
    tasks = [asyncio.create_task(collect(engine, *request)) for request in questions(engine, 64)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    assert all(
        isinstance(one, asyncio.CancelledError) for one in await asyncio.gather(*tasks, return_exceptions=True)
    )
    outcomes = await collect_all(engine, questions(engine, 32))
    assert [tokens_of(chunks) for chunks in outcomes] == answers


async def test_an_engine_that_is_starting_can_be_left(model: Path, exports: Path) -> None:
    """Whoever leaves while the model loads does not end the loading for the others."""
    engine = make_engine(model, exports)
    impatient = asyncio.create_task(collect(engine, *questions(engine, 1)[0]))
    patient = asyncio.create_task(collect(engine, *questions(engine, 2)[1]))
    late = asyncio.create_task(collect(engine, *questions(engine, 1)[0], seconds=0.05))
    await asyncio.sleep(0)
    impatient.cancel()
    with capture_logs() as lines:
        assert tokens_of(await patient)
    assert [line["event"] for line in lines] == ["engine.started"]
    with pytest.raises(DeadlineExceededError):
        await late
    await engine.aclose()


async def test_closing_tells_those_who_wait(model: Path, exports: Path) -> None:
    """Closing in the middle ends open requests with an error, and the process; later ones are refused."""
    engine = make_engine(model, exports)
    stream = engine.stream(*questions(engine, 1)[0], time.monotonic() + 60)
    await anext(stream)
    others = [asyncio.create_task(collect(engine, *request)) for request in questions(engine, 40)]
    await asyncio.sleep(0)
    pid = pid_of(engine)
    await engine.aclose()
    with pytest.raises(EngineBusyError):
        await collect(engine, *questions(engine, 1)[0])
    with pytest.raises(EngineBusyError):
        [chunk async for chunk in stream]
    outcomes = await asyncio.gather(*others, return_exceptions=True)
    assert all(isinstance(outcome, list | EngineBusyError) for outcome in outcomes)
    assert not psutil.pid_exists(pid)
    await engine.aclose()


async def test_closing_while_it_starts(model: Path, exports: Path) -> None:
    """An engine can be closed while its process is loading, and before it was ever used."""
    engine = make_engine(model, exports)
    waiting = asyncio.create_task(collect(engine, *questions(engine, 1)[0]))
    await asyncio.sleep(0)
    await engine.aclose()
    with pytest.raises(EngineBusyError):
        await waiting
    await make_engine(model, exports).aclose()


async def test_a_model_that_cannot_load_is_told_to_all(model: Path, exports: Path) -> None:
    """A graph that vanished fails every request that waits, with one attempt for all of them."""
    engine = make_engine(model, exports)
    load = build_load(str(export(model, exports, "16bit")), "fp32")
    broken = OpenVINOEngine(
        type(load)(**{**{name: getattr(load, name) for name in load.__struct_fields__}, "directory": "/nowhere"}),
        load_tokenizer(model),
        "broken",
    )
    with capture_logs() as lines:
        outcomes = await asyncio.gather(
            *(collect(broken, *request) for request in questions(engine, 8)), return_exceptions=True
        )
    assert all(isinstance(outcome, ModelError) for outcome in outcomes)
    assert "'broken'" in str(outcomes[0])
    assert [line["event"] for line in lines] == ["engine.start_failed"]
    await broken.aclose()


async def test_processes_that_die_at_once_are_started_ever_more_rarely(model: Path, exports: Path) -> None:
    """A process that is killed while it loads is tried three times, with longer pauses, and then given up."""
    engine = make_engine(model, exports)
    asked = asyncio.create_task(collect(engine, *questions(engine, 1)[0]))
    others = {process.pid for process in psutil.Process().children()}
    killed: list[int] = []
    began = time.monotonic()
    while not asked.done():
        for process in psutil.Process().children():
            if process.pid not in {*others, *killed}:
                process.kill()
                killed.append(process.pid)
        await asyncio.sleep(0)
    with pytest.raises(ModelError, match="cannot start"):
        await asked
    assert len(killed) == 3
    assert time.monotonic() - began > 1.5  # the pauses: a half and a whole second
    await engine.aclose()


async def test_capacity_is_the_end_of_patience(model: Path, exports: Path) -> None:
    """Twice a batch may be open; whoever comes then is refused at once, and others come after them."""
    engine = make_engine(model, exports, batch=2)
    outcomes = await asyncio.gather(
        *(collect(engine, *request) for request in questions(engine, 7)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [list] * 4 + [EngineBusyError] * 3
    assert tokens_of(await collect(engine, *questions(engine, 7)[6]))
    await engine.aclose()


async def test_it_can_be_made_in_a_thread_and_used_in_several_loops(model: Path, exports: Path) -> None:
    """An engine belongs to no loop until it is used, and to the next one after the first has ended."""
    made: list[OpenVINOEngine] = []
    thread = threading.Thread(target=lambda: made.append(make_engine(model, exports)))
    thread.start()
    thread.join()
    [engine] = made

    async def ask() -> list[int]:
        return tokens_of(await collect(engine, *questions(engine, 1)[0]))

    async def ask_and_close() -> list[int]:
        try:
            return await ask()
        finally:
            await engine.aclose()

    first = await asyncio.to_thread(asyncio.run, ask())
    assert await asyncio.to_thread(asyncio.run, ask_and_close()) == first
