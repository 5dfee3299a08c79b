"""Whether servers of the remote engine have the tokenizer of the prompts, asked over HTTP as it is for real."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tokenizers import normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from supportbot.cli._checks import examine
from supportbot.cli._findings import Finding
from supportbot.config import Settings
from supportbot.engine.base import Engine, SamplingParams
from supportbot.engine.load import load_engine
from supportbot.engine.prompt import MAX_LENGTH, encode_prompt
from supportbot.engine.remote.engine import RemoteEngine
from supportbot.engine.remote.failures import ServerOutError
from supportbot.engine.remote.load import load_remote
from supportbot.engine.remote.probe import PROBE, Probe
from supportbot.engine.remote.server import Server, base_url
from supportbot.engine.tokenizer import load_tokenizer
from supportbot.errors import ConfigError, EngineBusyError
from tests.openai_server import Form, LocalModelServer
from tests.tiny_model import build_tokenizer

FORMS: list[Form] = ["vllm", "llama.cpp", "tgi"]
SHORT = SamplingParams(do_sample=False, max_length=45)
REMEDY = "set SUPPORTBOT_MODEL to the model that this server runs."


@pytest.fixture
async def local(tiny_model: Path) -> AsyncIterator[Engine]:
    """What the servers generate with."""
    engine = load_engine(tiny_model, "tiny", "fp32")
    yield engine
    await engine.aclose()


@pytest.fixture
async def server(local: Engine) -> AsyncIterator[LocalModelServer]:
    """A server in the form of vLLM."""
    async with LocalModelServer(local) as server:
        yield server


async def load(directory: Path, *servers: LocalModelServer) -> RemoteEngine:
    """Make an engine as settings do."""
    return await asyncio.to_thread(load_remote, [one.url for one in servers], "tiny", None, directory, "tiny")


async def answer(engine: Engine) -> int:
    """Have a question answered and return how many tokens came."""
    prompt = encode_prompt(engine.tokenizer, "Where is my order?")
    async with aclosing(engine.stream(prompt, SHORT, time.monotonic() + 60)) as chunks:
        return sum([len(chunk.token_ids) async for chunk in chunks])


def fewer_merges() -> PreTrainedTokenizerFast:
    """A tokenizer that learned less from the same texts: its tokens are the first ones of the other."""
    return build_tokenizer(300)


def decomposing() -> PreTrainedTokenizerFast:
    """The same tokens, but accents are taken off their letters first."""
    tokenizer = build_tokenizer()
    tokenizer.backend_tokenizer.normalizer = normalizers.NFD()
    return tokenizer


def with_a_space_in_front() -> PreTrainedTokenizerFast:
    """The same tokens, but every text begins with a space."""
    tokenizer = build_tokenizer()
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    return tokenizer


def one_more_at_the_end() -> PreTrainedTokenizerFast:
    """The same tokens, and one more after each text."""
    tokenizer = build_tokenizer()
    tokenizer.backend_tokenizer.normalizer = normalizers.Replace("🙂", "🙂!")
    return tokenizer


# --- the same tokenizer ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
async def test_server_with_the_tokenizer_is_used(form: Form, local: Engine, tiny_model: Path) -> None:
    """Each kind of server understands the one question, is asked once, and nothing is remarked."""
    async with LocalModelServer(local, form=form) as server:
        with capture_logs() as lines:
            engine = await load(tiny_model, server)
            assert await answer(engine)
            assert await answer(engine)
    assert [body["inputs"] for body in server.probed] == [PROBE]
    assert "engine.tokenizer_unchecked" not in {line["event"] for line in lines}
    assert list(engine.health.values()) == [None]
    await engine.aclose()


async def test_special_tokens_around_the_text_are_no_difference(
    server: LocalModelServer, tiny_model: Path, tmp_path: Path
) -> None:
    """TGI always puts a model's special tokens around a text, whatever it is asked for."""
    own = build_tokenizer()
    own.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", int(own.eos_token_id))]
    )
    own.save_pretrained(tmp_path)
    server.tokenize_page = json.dumps([{"id": id} for id in own(PROBE)["input_ids"]])
    await (await load(tmp_path, server)).aclose()
    with pytest.raises(ConfigError, match=f"token 1 of a test text is {own.eos_token_id} there"):
        await load(tiny_model, server)


# --- another one -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [fewer_merges, decomposing, with_a_space_in_front])
@pytest.mark.parametrize("form", FORMS)
async def test_server_with_another_tokenizer_is_refused(
    other: Callable[[], PreTrainedTokenizerFast], form: Form, local: Engine, tiny_model: Path
) -> None:
    """One sentence names the server, the first difference and the setting, and no question is asked."""
    async with LocalModelServer(local, form=form) as server:
        server.tokenizer = other()
        with pytest.raises(ConfigError) as caught:
            await load(tiny_model, server)
        assert re.fullmatch(
            rf"The server at {server.url}/v1 has another tokenizer than the model of SUPPORTBOT_MODEL "
            rf"\(token \d+ of a test text is \d+ there and \d+ here\): {REMEDY}",
            str(caught.value),
        )
    assert server.asked == []


async def test_a_longer_encoding_is_a_difference_too(server: LocalModelServer, tiny_model: Path) -> None:
    """Where no token differs but their number, the sentence says so."""
    server.tokenizer = one_more_at_the_end()
    with pytest.raises(ConfigError, match=r"it makes \d+ tokens of a test text instead of \d+"):
        await load(tiny_model, server)


async def test_the_other_servers_are_used(local: Engine, server: LocalModelServer, tiny_model: Path) -> None:
    """Only the wrong one is left out, the log says why, and it is used when it has the right model."""
    async with LocalModelServer(local) as wrong:
        wrong.tokenizer = fewer_merges()
        with capture_logs() as lines:
            engine = await load(tiny_model, wrong, server)
        assert await answer(engine)
        assert await answer(engine)
        assert (len(wrong.asked), len(server.asked)) == (0, 2)
        out = next(line for line in lines if line["event"] == "engine.server_out")
        assert out["url"] == f"{wrong.url}/v1"
        assert out["why"].endswith(REMEDY)
        wrong.fix()
        assert list((await engine.check()).values()) == [None, None]
        assert await answer(engine)
        assert len(wrong.asked) == 1
    await engine.aclose()


async def test_server_that_comes_back_with_another_model_is_left_out(
    local: Engine, server: LocalModelServer, tiny_model: Path
) -> None:
    """A server is asked again whenever it becomes well, and questions wait with the reason at hand."""
    engine = await load(tiny_model, server)
    server.status = 503
    with pytest.raises(EngineBusyError, match="status 503"):
        await answer(engine)
    server.fix()
    server.tokenizer = fewer_merges()
    with capture_logs() as lines:
        await engine.check()
        await engine.check()
    assert [line["event"] for line in lines] == ["engine.server_out"]
    with pytest.raises(EngineBusyError, match=f"another tokenizer .*{REMEDY}"):
        await answer(engine)
    assert len(server.asked) == 0
    server.fix()
    await engine.check()
    assert await answer(engine)
    await engine.aclose()


async def test_doctor_says_what_is_wrong(server: LocalModelServer, tiny_model: Path) -> None:
    """The check of the model carries the sentence, remedy included."""
    server.tokenizer = fewer_merges()
    settings = Settings(engine="remote", remote_urls=server.url, model=str(tiny_model))
    findings: dict[str, Finding] = {finding.check: finding async for finding in examine(settings)}
    assert not findings["model"].ok
    assert findings["model"].detail.endswith(REMEDY)


# --- servers that can't tell -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 404, 405, 422, 501])
async def test_server_without_such_a_page_is_used(status: int, server: LocalModelServer, tiny_model: Path) -> None:
    """What can't be checked is believed, and the log says so once, however often it is asked."""
    server.tokenize_status = status
    with capture_logs() as lines:
        engine = await load(tiny_model, server)
        for _ in range(3):
            await engine.check()
        assert await answer(engine)
    assert [line["url"] for line in lines if line["event"] == "engine.tokenizer_unchecked"] == [f"{server.url}/v1"]
    await engine.aclose()


@pytest.mark.parametrize(
    "page",
    [
        "<html>Welcome!</html>",
        "{half a page",
        "",
        "null",
        "12",
        "[]",
        '["Where", "is"]',
        '{"tokens": []}',
        '{"tokens": {"1": 2}}',
        '{"tokens": [1, true]}',
        '[{"id": null}]',
    ],
)
async def test_page_of_another_kind_says_nothing(page: str, server: LocalModelServer, tiny_model: Path) -> None:
    """Whatever else answers under that address is no reason to leave a server out."""
    server.tokenize_page = page
    with capture_logs() as lines:
        engine = await load(tiny_model, server)
    assert "engine.tokenizer_unchecked" in {line["event"] for line in lines}
    assert await answer(engine)
    await engine.aclose()


@pytest.mark.parametrize("fault", [429, 500, 503, "silence"])
async def test_server_that_fails_to_tokenize_is_asked_again(
    fault: int | str, server: LocalModelServer, tiny_model: Path
) -> None:
    """A server that is ill or overloaded is not taken for one without such a page."""
    probe = Probe(load_tokenizer(tiny_model))
    asked = Server(base_url(server.url), "tiny", None, probe, check_seconds=0.5)
    server.tokenize_status = fault if isinstance(fault, int) else None
    server.tokenize_hangs = fault == "silence"
    with pytest.raises(ServerOutError, match=f"status {fault}" if isinstance(fault, int) else "in time"):
        await asked.check()
    server.fix()
    await asked.check()
    await asked.aclose()


# --- places ----------------------------------------------------------------------------------------------------


async def test_too_few_places_are_told(server: LocalModelServer, tiny_model: Path) -> None:
    """A server that would refuse longer questions is refused itself, with the option that fixes it."""
    server.places = MAX_LENGTH
    await (await load(tiny_model, server)).aclose()
    server.places = MAX_LENGTH - 1
    with pytest.raises(ConfigError, match=r"has places for 199 tokens .* 200 are needed.*--max-model-len 200"):
        await load(tiny_model, server)
