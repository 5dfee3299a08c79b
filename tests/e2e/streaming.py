"""A daemon whose model speaks as slowly as a test wants: the starter, on a server that holds an answer back."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import torch

from supportbot.engine.load import load_engine
from supportbot.models.registry import starter_directory
from tests.e2e.daemon import STREAMING
from tests.openai_server import LocalModelServer

QUESTION = "How do I return an item?"

HELD_AFTER = 14
"""Tokens of an answer: the eight that its confidence is told from, and a few words more."""


@asynccontextmanager
async def slow_starter() -> AsyncGenerator[LocalModelServer]:
    """Serve the starter; ``hold`` makes its answers wait in the middle."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    engine = load_engine(starter_directory(), "starter", "fp32")
    try:
        async with LocalModelServer(engine, models=["starter"]) as server:
            yield server
    finally:
        await engine.aclose()
        torch.set_num_threads(threads)


def hold(server: LocalModelServer) -> None:
    """Let each answer stop in the middle, until ``go_on`` is set; to be called when the daemon has tried it
    out."""
    server.hang_after = HELD_AFTER


def settings_for(server: LocalModelServer) -> dict[str, str]:
    """Return the settings of a daemon that asks this server."""
    return {
        **STREAMING,
        "SUPPORTBOT_ENGINE": "remote",
        "SUPPORTBOT_MODEL": "starter",
        "SUPPORTBOT_REMOTE_URLS": server.url,
        "SUPPORTBOT_REMOTE_MODEL": "starter",
        "SUPPORTBOT_ANSWER_MODE": "generate_only",
    }
