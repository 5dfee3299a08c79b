"""Addresses, keys and servers of the remote engine as an operator sets them, right and wrong."""

from __future__ import annotations

import asyncio
import logging
import socket
from pathlib import Path

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import RawTestServer as TestServer

from supportbot.engine.base import Engine
from supportbot.engine.remote.load import load_remote
from supportbot.engine.remote.server import base_url
from supportbot.errors import ConfigError, EngineBusyError
from tests.openai_server import LocalModelServer
from tests.supportbot.engine.collecting import tokens_of
from tests.supportbot.engine.remote.asking import Open, collect


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
