"""The remote engine against servers on this machine that speak its protocol and generate with a real model."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
import torch
from aiohttp import web
from aiohttp.test_utils import RawTestServer as TestServer
from sqlalchemy import update

from supportbot.answerer import Answerer
from supportbot.db.models import Question
from supportbot.db.session import Database
from supportbot.engine.base import Chunk, Engine, SamplingParams
from supportbot.engine.load import load_engine
from supportbot.engine.remote.engine import RemoteEngine
from supportbot.engine.remote.load import load_remote
from supportbot.engine.remote.probe import Probe
from supportbot.engine.remote.server import Server, base_url
from supportbot.engine.smoke import smoke
from supportbot.engine.tokenizer import load_tokenizer
from supportbot.errors import ConfigError, DeadlineExceededError, EngineBusyError, ModelError
from supportbot.history import History
from supportbot.inbox import Inbox
from supportbot.live import Live
from supportbot.prompt import encode_prompt
from supportbot.service import Service
from supportbot.states import QuestionState
from supportbot.votes import Votes
from supportbot.worker import MAX_ATTEMPTS, Worker
from tests.openai_server import Form, LocalModelServer
from tests.supportbot.conftest import MakeQuestion

QUESTIONS = [f"Where is order {number}? {'please ' * (number % 7)}" for number in range(8)]
GREEDY = SamplingParams(do_sample=False, max_length=80)
SHORT = SamplingParams(do_sample=False, max_length=50)

Open = Callable[..., RemoteEngine]


@pytest.fixture
async def local(tiny_model: Path) -> AsyncIterator[Engine]:
    """What the servers generate with, and what the remote engine is compared with."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # a model this small gains nothing from more, and they wait for one another
    engine = load_engine(tiny_model, "tiny", "fp32")
    yield engine
    await engine.aclose()
    torch.set_num_threads(threads)


@pytest.fixture
async def servers(local: Engine) -> AsyncIterator[list[LocalModelServer]]:
    """Two servers in the form of vLLM."""
    async with LocalModelServer(local) as first, LocalModelServer(local) as second:
        yield [first, second]


@pytest.fixture
async def engine_of(tiny_model: Path) -> AsyncIterator[Open]:
    """A function that makes an engine of servers without asking them."""
    tokenizer = load_tokenizer(tiny_model)
    async with AsyncExitStack() as stack:

        def make(
            *servers: LocalModelServer,
            silence_seconds: float = 20.0,
            retry_seconds: float = 60.0,
            capacity: int = 64,
        ) -> RemoteEngine:
            probe = Probe(tokenizer)
            engine = RemoteEngine(
                [
                    Server(base_url(one.url), "tiny", None, probe, silence_seconds=silence_seconds)
                    for one in servers
                ],
                tokenizer,
                "remote-tiny",
                retry_seconds=retry_seconds,
                capacity=capacity,
            )
            stack.push_async_callback(engine.aclose)
            return engine

        yield make


async def collect(
    engine: Engine, question: str = "Where is my order?", params: SamplingParams = SHORT, seconds: float = 120
) -> list[Chunk]:
    """Return all chunks of one generation."""
    prompt = encode_prompt(engine.tokenizer, question)
    async with aclosing(engine.stream(prompt, params, time.monotonic() + seconds)) as chunks:
        return [chunk async for chunk in chunks]


async def collect_all(engine: Engine) -> list[list[Chunk]]:
    """Return the answers to all questions, asked at once."""
    return await asyncio.gather(*(collect(engine, question, GREEDY) for question in QUESTIONS))


def tokens_of(chunks: list[Chunk]) -> list[int]:
    """Return the token ids of a generation."""
    return [token for chunk in chunks for token in chunk.token_ids]


def logprobs_of(chunks: list[Chunk]) -> list[float]:
    """Return the log-probabilities of a generation."""
    return [logprob for chunk in chunks for logprob in chunk.logprobs]


def text_of(chunks: list[Chunk]) -> str:
    """Return the text of a generation."""
    return "".join(chunk.text for chunk in chunks)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is true that nobody announces."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.005)


# --- the same answers ------------------------------------------------------------------------------------------


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


# --- leaving early ---------------------------------------------------------------------------------------------


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


# --- servers that fail -----------------------------------------------------------------------------------------


def ill(server: LocalModelServer) -> None:
    """Answer everything with an error."""
    server.status = 503


def breaks(server: LocalModelServer) -> None:
    """Break off before the first token."""
    server.break_after = 0


def fails(server: LocalModelServer) -> None:
    """Tell an error instead of the first token, as vLLM does when its engine died."""
    server.fail_after = 0


def hangs(server: LocalModelServer) -> None:
    """Never send the first token."""
    server.hang_after = 0


def has_another_model(server: LocalModelServer) -> None:
    """Not have the model, as after a restart with other settings."""
    server.refuse = 404


@pytest.mark.parametrize("fault", [ill, breaks, fails, hangs, has_another_model])
async def test_before_the_first_token_another_server_answers(
    fault: Callable[[LocalModelServer], None],
    local: Engine,
    servers: list[LocalModelServer],
    engine_of: Open,
) -> None:
    """Whatever befalls a server, the caller gets the whole answer of another one, and it is left out then."""
    fault(servers[0])
    remote = engine_of(*servers, silence_seconds=0.5 if fault is hangs else 20.0)
    assert tokens_of(await collect(remote)) == tokens_of(await collect(local))
    await collect(remote)
    assert [len(server.asked) for server in servers] == [0 if fault is ill else 1, 2]
    first, second = remote.health.values()
    assert first is not None
    assert servers[0].url in first
    assert second is None


@pytest.mark.parametrize("fault", ["break_after", "fail_after", "hang_after"])
async def test_after_the_first_token_the_answer_is_asked_anew(
    fault: str, local: Engine, servers: list[LocalModelServer], engine_of: Open
) -> None:
    """An answer that was begun is never continued by another server; the next attempt goes elsewhere."""
    setattr(servers[0], fault, 3)
    remote = engine_of(*servers, silence_seconds=0.5 if fault == "hang_after" else 20.0)
    with pytest.raises(ModelError, match="broke off in the middle"):
        await collect(remote)
    assert servers[1].asked == []
    assert tokens_of(await collect(remote)) == tokens_of(await collect(local))
    assert len(servers[0].asked) == 1


async def test_a_server_that_is_well_again_is_asked_again(
    servers: list[LocalModelServer], engine_of: Open
) -> None:
    """The engine finds out by itself that a server is back, after it was down and after it was ill."""
    remote = engine_of(servers[0], retry_seconds=0.01)
    await servers[0].__aexit__(None, None, None)
    with pytest.raises(EngineBusyError, match="can't be reached"):
        await collect(remote)
    await servers[0].__aenter__()
    await until(lambda: list(remote.health.values()) == [None])
    assert tokens_of(await collect(remote))
    servers[0].status = 500
    with pytest.raises(EngineBusyError, match=r"status 500 \('out of order'\)"):
        await collect(remote)
    servers[0].mend()
    await until(lambda: list(remote.health.values()) == [None])
    assert tokens_of(await collect(remote))


async def test_check_says_how_every_server_is(servers: list[LocalModelServer], engine_of: Open) -> None:
    """A check needs no request to find out who is ill."""
    remote = engine_of(*servers)
    servers[1].status = 503
    first, second = (await remote.check()).values()
    assert first is None
    assert second == f"The server at {servers[1].url}/v1 failed with status 503 ('out of order')."
    servers[1].mend()
    assert list((await remote.check()).values()) == [None, None]


async def test_server_without_a_page_of_health_is_well(local: Engine, engine_of: Open) -> None:
    """Where there is no such page, the list of models is enough."""
    async with LocalModelServer(local, form="openai") as server:
        assert list((await engine_of(server).check()).values()) == [None]


async def test_question_waits_while_all_servers_are_down(
    database: Database, servers: list[LocalModelServer], engine_of: Open, question: MakeQuestion
) -> None:
    """However often it is tried meanwhile, a question is answered when a server is back, and never as failed."""
    remote = engine_of(*servers)
    inbox, live = Inbox(database, owner="test", lease=timedelta(minutes=1)), Live()
    worker = Worker(
        inbox,
        Answerer(remote, confidence_floor=None),
        live,
        platforms=["slack"],
        answer_seconds=30,
        question_age=timedelta(minutes=30),
    )
    service = Service(inbox, Votes(database), History(database), live, worker.wake)
    accepted = await service.ask(question())
    servers[0].status = servers[1].status = 503
    for _ in range(MAX_ATTEMPTS + 1):
        assert await answer_now(database, worker, accepted.question_id) is QuestionState.RECEIVED
    for server in servers:
        server.mend()
    await remote.check()
    assert await answer_now(database, worker, accepted.question_id) is QuestionState.ANSWERED


async def answer_now(database: Database, worker: Worker, question_id: int) -> QuestionState:
    """Let the time pass that a question was put off for, let it be answered, and return its state."""
    async with database.write() as session:
        await session.execute(update(Question).where(Question.id == question_id).values(lease_until=None))
    assert await worker.answer_one(question_id)
    async with database.read() as session:
        question = await session.get_one(Question, question_id)
        return QuestionState(question.state)


# --- what is no answer -----------------------------------------------------------------------------------------


async def test_refused_request_is_told_with_the_servers_words(
    servers: list[LocalModelServer], engine_of: Open
) -> None:
    """A request that no server would take is an error of its own; the server is not blamed."""
    servers[0].refuse, servers[0].message = 400, "This model's context is 100 tokens."
    remote = engine_of(*servers)
    with pytest.raises(ModelError, match=r"refused the request \('This model's context is 100 tokens'\)\."):
        await collect(remote)
    assert list(remote.health.values()) == [None, None]


async def test_numbers_that_are_none_are_reported(servers: list[LocalModelServer], engine_of: Open) -> None:
    """Log-probabilities that are not numbers end the request, and none is ever above 0."""
    remote = engine_of(servers[0])
    servers[0].logprob = 0.01  # as rounding may give
    assert set(logprobs_of(await collect(remote))) == {0.0}
    servers[0].logprob = math.nan
    with pytest.raises(ModelError, match="not numbers"):
        await collect(remote)


async def test_unknown_end_is_no_end(servers: list[LocalModelServer], engine_of: Open) -> None:
    """An answer that a filter cut is not passed off as whole."""
    servers[0].finish = "content_filter"
    with pytest.raises(ModelError, match="content_filter"):
        await collect(engine_of(servers[0]))


# --- settings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1"),
        (" https://models.example/v1/ ", "https://models.example/v1"),
        ("https://example.org/team/api", "https://example.org/team/api"),
    ],
)
def test_addresses_are_completed(setting: str, url: str) -> None:
    """An address without a path gets the usual one; others are taken as they are."""
    assert base_url(setting) == url


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("localhost:8000", "no address such as"),
        ("http://", "no address such as"),
        ("https://user:secret@example.org/v1", "SUPPORTBOT_REMOTE_API_KEY"),
    ],
)
def test_what_is_no_address_is_refused(setting: str, message: str) -> None:
    """The sentence names the setting and does not repeat a secret."""
    with pytest.raises(ConfigError, match=message) as caught:
        base_url(setting)
    assert "SUPPORTBOT_REMOTE_URLS" in str(caught.value)
    assert "secret@" not in str(caught.value)


@pytest.mark.parametrize(
    ("model", "key", "path", "message"),
    [
        ("tiny", "wrong", "", "refuses the key: set SUPPORTBOT_REMOTE_API_KEY"),
        ("other", "right", "", "has no model 'other' but tiny, large: correct SUPPORTBOT_REMOTE_MODEL"),
        (None, "right", "", r"several models: name one of them in SUPPORTBOT_REMOTE_MODEL \(large, tiny\)"),
        ("tiny", "right", "/elsewhere", "no such page .*: correct SUPPORTBOT_REMOTE_URLS"),
    ],
)
async def test_wrong_setting_is_told_at_the_start(
    model: str | None, key: str, path: str, message: str, local: Engine, tiny_model: Path
) -> None:
    """One sentence says which setting is wrong, and what the server has."""
    async with LocalModelServer(local, models=["tiny", "large"], api_key="right") as server:
        with pytest.raises(ConfigError, match=message) as caught:
            await asyncio.to_thread(load_remote, [server.url + path], model, key, tiny_model, "tiny")
        assert key not in str(caught.value)


@pytest.mark.parametrize(
    "page",
    [
        web.Response(text="<html>Welcome!</html>", content_type="text/html"),
        web.Response(text="{half a page", content_type="application/json"),
        web.json_response([1, 2]),
        web.json_response({"data": ["tiny"]}),
    ],
)
async def test_something_else_at_the_address_is_told(page: web.Response, tiny_model: Path) -> None:
    """Whatever a web server of another kind says, the sentence names the setting."""

    async def answer(request: web.BaseRequest) -> web.Response:
        return page

    async with TestServer(answer, host="127.0.0.1") as server:
        with pytest.raises(ConfigError, match="does not speak OpenAI's protocol: correct SUPPORTBOT_REMOTE_URLS"):
            await asyncio.to_thread(load_remote, [str(server.make_url("/"))], "tiny", None, tiny_model, "tiny")


async def test_servers_that_are_down_do_not_prevent_the_start(
    servers: list[LocalModelServer], tiny_model: Path
) -> None:
    """With the model named the engine starts without its servers; else it needs one that tells the name."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConfigError, match=r"SUPPORTBOT_REMOTE_MODEL\. .*can't be reached"):
            await asyncio.to_thread(load_remote, [nobody], None, None, tiny_model, "tiny")
        down = await asyncio.to_thread(load_remote, [nobody], "tiny", None, tiny_model, "tiny")
        with pytest.raises(EngineBusyError, match="can't be reached"):
            await collect(down)
        half = await asyncio.to_thread(load_remote, [nobody, servers[0].url], None, None, tiny_model, "tiny")
        assert tokens_of(await collect(half))
    await down.aclose()
    await half.aclose()


def test_no_address_at_all_is_refused(tiny_model: Path) -> None:
    """An empty list names the setting that is missing."""
    with pytest.raises(ConfigError, match="SUPPORTBOT_REMOTE_URLS"):
        load_remote([" "], None, None, tiny_model, "tiny")


async def test_key_is_shown_to_the_server_and_to_nobody_else(
    local: Engine, tiny_model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The key never reaches a log, and a key of OpenAI's own tools in the environment never reaches a server."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-somebody-elses")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-somebody-elses")
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as events:
        async with LocalModelServer(local, api_key="my-own-key") as server:
            engine = await asyncio.to_thread(load_remote, [server.url], None, "my-own-key", tiny_model, "tiny")
            await collect(engine)
            server.status = 500
            with pytest.raises(EngineBusyError):
                await collect(engine)
            await engine.aclose()
        assert set(server.keys) == {"Bearer my-own-key"}
        async with LocalModelServer(local) as server:
            engine = await asyncio.to_thread(load_remote, [server.url], None, None, tiny_model, "tiny")
            await engine.aclose()
        assert set(server.keys) == {"Bearer none"}
    logged = caplog.text + repr(events)
    assert "engine.server_out" in logged
    assert "my-own-key" not in logged
    assert "somebody-elses" not in logged


async def test_server_without_logprobs_is_told_of_once(local: Engine, engine_of: Open) -> None:
    """Who runs a server that never says how sure the model is reads so in the log."""
    async with LocalModelServer(local, form="tgi") as server:
        remote = engine_of(server)
        with structlog.testing.capture_logs() as events:
            await collect(remote)
            await collect(remote)
    assert [event["event"] for event in events].count("engine.no_logprobs") == 1
