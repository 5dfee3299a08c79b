"""Waiting for what another task does, and letting tasks run beside a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar


class Follower(Protocol):
    """Something that follows the database until it is stopped."""

    async def run(self) -> object:
        """Follow it."""

    async def aclose(self) -> None:
        """Let go of what it holds."""


FollowerT = TypeVar("FollowerT", bound=Follower)


@asynccontextmanager
async def following(follower: FollowerT) -> AsyncIterator[FollowerT]:
    """Let it run as in a daemon, and stop it as a daemon does."""
    task = asyncio.create_task(follower.run())
    try:
        yield follower
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await follower.aclose()


@asynccontextmanager
async def beside(running: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """Let something run that never ends by itself, and wait until it is gone: it may hold a connection."""
    task = asyncio.create_task(running)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something is true that nobody announces; patience is far longer than what is promised."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.005)
