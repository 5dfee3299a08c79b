"""The remote engine gives the answers of the model itself, and stops when nobody waits any more."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from supportbot.engine.base import Engine, SamplingParams
from supportbot.engine.prompt import encode_prompt
from supportbot.engine.remote.load import load_remote
from supportbot.engine.smoke import smoke
from supportbot.errors import DeadlineExceededError, EngineBusyError
from tests.openai_server import Form, LocalModelServer
from tests.supportbot.engine.collecting import logprobs_of, text_of, tokens_of
from tests.supportbot.engine.remote.asking import GREEDY, QUESTIONS, Open, collect, collect_all
from tests.waiting import until


async def test_many_at_once_are_answered_as_by_the_model_itself(
    local: Engine, servers: list[LocalModelServer], engine_of: Open
) -> None:
    """Tokens, log-probabilities, text and ends of answers at once are those of an engine in this process."""
    remote = engine_of(*servers)
    theirs, ours = await collect_all(remote), await collect_all(local)
    assert [tokens_of(one) for one in theirs] == [tokens_of(one) for one in ours]
    assert [text_of(one) for one in theirs] == [text_of(one) for one in ours]
    assert [one[-1].finish for one in theirs] == [one[-1].finish for one in ours]
    for one, other in zip(theirs, ours, strict=True):
        assert logprobs_of(one) == pytest.approx(logprobs_of(other), abs=1e-4)
    assert [len(server.asked) for server in servers] == [4, 4]


@pytest.mark.parametrize("form", ["llama.cpp", "tgi", "openai"])
async def test_other_servers_give_the_same_text(form: Form, local: Engine, engine_of: Open) -> None:
    """Where ids are missing or incomplete, they are those of the text, which has no special token in it."""
    async with LocalModelServer(local, form=form) as server:
        remote = engine_of(server)
        await collect(remote)
        theirs, ours = await collect_all(remote), await collect_all(local)
        assert isinstance(server.asked[-1]["prompt"], str) == (form == "tgi")
        # Ids were tried once only.
        assert len(server.asked) == 1 + len(QUESTIONS) + (1 if form == "tgi" else 0)
    for one, other in zip(theirs, ours, strict=True):
        assert text_of(one) == text_of(other)
        assert local.tokenizer.decode(tokens_of(one), skip_special_tokens=True) == text_of(one)
        assert one[-1].finish == other[-1].finish
        assert len(logprobs_of(one)) == (0 if form == "tgi" else len(tokens_of(one)))


async def test_everything_documented_is_asked_for(
    local: Engine, servers: list[LocalModelServer], engine_of: Open
) -> None:
    """The sampling reaches the server under every name that servers have for it, and a seed gives its answer."""
    remote = engine_of(*servers)
    theirs, ours = [await collect(one, params=SamplingParams(seed=7)) for one in (remote, local)]
    assert tokens_of(theirs) == tokens_of(ours)
    prompt = encode_prompt(local.tokenizer, "Where is my order?")
    assert servers[0].asked == [
        {
            "model": "tiny",
            "prompt": list(prompt.token_ids),
            "stream": True,
            "logprobs": 1,
            "max_tokens": 200 - len(prompt.token_ids),
            "temperature": 0.8,
            "top_p": 0.95,
            "top_k": 50,
            "min_p": 0.0,
            "repetition_penalty": 1.2,
            "repeat_penalty": 1.2,
            "repeat_last_n": -1,
            "samplers": ["penalties", "temperature", "top_k", "top_p"],
            "seed": 7,
            "return_tokens_as_token_ids": True,
        }
    ]


async def test_length_counts_the_prompt(servers: list[LocalModelServer], engine_of: Open) -> None:
    """Prompt and answer together have at most `max_length` tokens, and the last chunk says why it ended."""
    remote = engine_of(*servers)
    prompt = encode_prompt(remote.tokenizer, "Where is my order?")
    params = SamplingParams(max_length=len(prompt.token_ids) + 5, do_sample=False)
    chunks = [chunk async for chunk in remote.stream(prompt, params, time.monotonic() + 60)]
    assert len(tokens_of(chunks)) == 5
    assert chunks[-1].finish == "length"
    with pytest.raises(ValueError, match="1 to 4 tokens"):
        await anext(remote.stream(prompt, SamplingParams(max_length=5), time.monotonic() + 60))


async def test_a_loaded_engine_passes_the_smoke_test(servers: list[LocalModelServer], tiny_model: Path) -> None:
    """What settings make works, finds out the model's name by itself, and keeps its connections."""
    engine = await asyncio.to_thread(load_remote, [servers[0].url], None, None, tiny_model, "remote-tiny")
    servers[0].connections.clear()
    for _ in range(5):
        await smoke(engine)
    assert (engine.model_version, engine.arithmetic, engine.capacity) == ("remote-tiny", "remote tiny", 64)
    assert len(servers[0].connections) == 1
    await engine.aclose()


async def test_closing_the_stream_stops_the_server(servers: list[LocalModelServer], engine_of: Open) -> None:
    """A server hears at once that nobody reads on."""
    servers[0].hang_after = 3
    remote = engine_of(servers[0])
    prompt = encode_prompt(remote.tokenizer, "Where is my order?")
    stream = remote.stream(prompt, GREEDY, time.monotonic() + 60)
    await anext(stream)
    assert not servers[0].gone.is_set()
    await stream.aclose()
    await asyncio.wait_for(servers[0].gone.wait(), 5)


async def test_cancelled_task_stops_the_server(servers: list[LocalModelServer], engine_of: Open) -> None:
    """Cancelling who reads, before the first token, reaches the server too."""
    servers[0].hang_after = 0
    task = asyncio.create_task(collect(engine_of(servers[0])))
    await until(lambda: bool(servers[0].asked))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.wait_for(servers[0].gone.wait(), 5)


@pytest.mark.parametrize("tokens", [0, 3])
async def test_deadline_ends_an_answer(tokens: int, servers: list[LocalModelServer], engine_of: Open) -> None:
    """Who waits longer than the deadline hears so, the server stops, and it is not blamed."""
    servers[0].hang_after = tokens
    remote = engine_of(servers[0])
    with pytest.raises(DeadlineExceededError):
        await collect(remote, seconds=0.3)
    await asyncio.wait_for(servers[0].gone.wait(), 5)
    assert list(remote.health.values()) == [None]


async def test_closing_the_engine_tells_those_who_wait(servers: list[LocalModelServer], engine_of: Open) -> None:
    """Open requests end with the error that leaves their questions in the inbox."""
    servers[0].hang_after = 2
    servers[1].hang_after = 0
    remote = engine_of(*servers)
    requests = [asyncio.create_task(collect(remote)) for _ in range(4)]
    await until(lambda: len(servers[0].asked) + len(servers[1].asked) == 4)
    await remote.aclose()
    outcomes = await asyncio.gather(*requests, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [EngineBusyError] * 4
    with pytest.raises(EngineBusyError, match="stopped"):
        await collect(remote)


async def test_no_more_than_the_capacity_is_under_way(servers: list[LocalModelServer], engine_of: Open) -> None:
    """Beyond its capacity the engine refuses at once; each server has its fair share of the rest."""
    servers[0].hang_after = servers[1].hang_after = 0
    remote = engine_of(*servers, capacity=6)
    requests = [asyncio.create_task(collect(remote)) for _ in range(6)]
    await until(lambda: [len(server.asked) for server in servers] == [3, 3])
    with pytest.raises(EngineBusyError):
        await collect(remote)
    for request in requests:
        request.cancel()
    await asyncio.gather(*requests, return_exceptions=True)
