"""Servers on this machine that speak the protocol of the remote engine and generate with a real model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import torch

from supportbot.engine.base import Engine
from supportbot.engine.load import load_engine
from supportbot.engine.remote.engine import RemoteEngine
from supportbot.engine.remote.probe import Probe
from supportbot.engine.remote.server import Server, base_url
from supportbot.engine.tokenizer import load_tokenizer
from tests.openai_server import LocalModelServer
from tests.supportbot.engine.remote.asking import Open


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
