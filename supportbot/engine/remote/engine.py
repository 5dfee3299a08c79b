"""The engine past one machine: the model runs behind one or several OpenAI-compatible servers.

A request goes to the healthy server with the fewest of our requests. A server that fails is left out and checked
every few seconds until it is well again. Before its first token an answer moves to another server; after it the
caller gets ``ModelError`` and asks again, so no answer is ever a mixture of two. Without any server the caller
gets ``EngineBusyError``: the question waits in the inbox as long as the servers are away, and never fails because
of them.

This module knows the state of servers; ``server`` knows the protocol.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import structlog
from openai.types import CompletionChoice
from prometheus_client import Counter

from supportbot.engine.base import Chunk, SamplingParams
from supportbot.engine.prompt import Prompt
from supportbot.engine.remote.failures import ServerOutError
from supportbot.engine.remote.reading import Reader
from supportbot.engine.remote.server import Server
from supportbot.engine.tokenizer import ModelTokenizer
from supportbot.errors import DeadlineExceededError, EngineBusyError, ModelError

log = structlog.get_logger(__name__)

DEFAULT_CAPACITY = 64
"""Twice a usual batch: one under way and one that waits at the servers."""

RETRY_SECONDS = 5.0
"""Pause before a failed server is checked again."""

_DRAIN_SECONDS = 0.5
"""After the last token a server only ends the stream; its connection is kept only if that comes at once."""

FAILURES = Counter("supportbot_engine_server_failures", "Failed requests to a model server.", ["url"])


class RemoteEngine:
    """Answers with a model behind servers; see ``engine.base.Engine``.

    Args:
        servers: at least one; of several idle ones the first is asked.
        tokenizer: the model's own.
        model_version: name stored with each answer.
        capacity: requests under way at once, over all servers.
        retry_seconds: pause before a server that failed is asked how it is.
    """

    def __init__(
        self,
        servers: Sequence[Server],
        tokenizer: ModelTokenizer,
        model_version: str,
        *,
        capacity: int = DEFAULT_CAPACITY,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._servers = tuple(servers)
        self._tokenizer = tokenizer
        self._model_version = model_version
        self._capacity = capacity
        self._retry_seconds = retry_seconds
        self._open = 0
        self._warned = False
        self._closing = False
        self._watch: asyncio.Task[None] | None = None

    @property
    def model_version(self) -> str:
        """Name of what answers."""
        return self._model_version

    @property
    def tokenizer(self) -> ModelTokenizer:
        """The model's own tokenizer."""
        return self._tokenizer

    @property
    def capacity(self) -> int:
        """Requests that the servers are given at once."""
        return self._capacity

    @property
    def arithmetic(self) -> str:
        """Where a seed reproduces an answer; only the servers know their arithmetic."""
        return f"remote {self._servers[0].model}"

    @property
    def health(self) -> dict[str, str | None]:
        """For each server, why it is left out at present, or None."""
        return {server.url: str(server.why_out) if server.why_out else None for server in self._servers}

    async def check(self) -> dict[str, str | None]:
        """Check every server, and return ``health``."""
        await asyncio.gather(*map(self._check, self._servers))
        return self.health

    async def stream(self, prompt: Prompt, params: SamplingParams, deadline: float) -> AsyncGenerator[Chunk, None]:
        """Continue a prompt; see ``engine.base.Engine.stream``.

        Raises:
            EngineBusyError: as many requests as make sense are under way, or no server can answer at present.
            DeadlineExceededError: the deadline passed before the last chunk.
            ModelError: a server failed after its first token, refused the request, or sent something that is no
                answer.
        """
        if not 0 < len(prompt.token_ids) < params.max_length:
            raise ValueError(
                f"A prompt must have 1 to {params.max_length - 1} tokens, this one has {len(prompt.token_ids)}."
            )
        if self._open >= self._capacity:
            raise EngineBusyError("The servers hold as many questions as they are given.")
        self._open += 1
        tried: set[Server] = set()
        delivered = False
        try:
            while True:
                server = self._pick(tried)
                tried.add(server)
                try:
                    async with aclosing(self._attempt(server, prompt, params, deadline)) as chunks:
                        async for chunk in chunks:
                            delivered = True
                            yield chunk
                    return
                except ServerOutError as error:
                    if self._closing:
                        raise _closing_error() from None
                    self._leave_out(server, error)
                    if delivered:
                        raise ModelError(f"The answer broke off in the middle. {error}") from error
        finally:
            self._open -= 1

    def expect(self, answers: Sequence[str]) -> None:
        """Ignore the texts: the server has its own ways to be fast."""

    async def aclose(self) -> None:
        """Drop what is under way and close all connections."""
        self._closing = True
        if self._watch:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        await asyncio.gather(*(server.aclose() for server in self._servers))

    async def _attempt(
        self, server: Server, prompt: Prompt, params: SamplingParams, deadline: float
    ) -> AsyncGenerator[Chunk, None]:
        """Answer with one server."""
        reader = Reader(self._tokenizer)
        server.open += 1
        try:
            async with aclosing(server.complete(prompt, params)) as choices:
                while True:
                    chunk = reader.read(await _next(choices, server, deadline))
                    if chunk.token_ids and not chunk.logprobs:
                        self._warn_of_no_logprobs(server)
                    if chunk.token_ids or chunk.text or chunk.finish:
                        yield chunk
                    if chunk.finish:
                        await _drain(choices, server)
                        return
        finally:
            server.open -= 1

    def _pick(self, tried: set[Server]) -> Server:
        """Return the healthy server with the fewest open requests that was not tried for this one.

        Raises:
            EngineBusyError: there is none.
        """
        if self._closing:
            raise _closing_error()
        self._watch_if_needed()
        left = [server for server in self._servers if not server.why_out and server not in tried]
        if not left:
            why = next((str(server.why_out) for server in self._servers if server.why_out), "")
            raise EngineBusyError(f"No server of the model can answer at present. {why}".rstrip())
        return min(left, key=lambda server: server.open)

    def _leave_out(self, server: Server, why: ServerOutError) -> None:
        FAILURES.labels(server.url).inc()
        if not server.why_out:
            log.error("engine.server_out", url=server.url, why=str(why))
        server.why_out = why
        self._watch_if_needed()

    def _watch_if_needed(self) -> None:
        is_watching = self._watch and not self._watch.done()
        if not is_watching and any(server.why_out for server in self._servers):
            self._watch = asyncio.create_task(self._watch_over(), name=f"servers-{self._model_version}")

    async def _watch_over(self) -> None:
        """Check the servers that are left out, until all are well."""
        while ill := [server for server in self._servers if server.why_out]:
            await asyncio.sleep(self._retry_seconds)
            await asyncio.gather(*map(self._check, ill))

    async def _check(self, server: Server) -> None:
        try:
            await server.check()
        except ServerOutError as error:
            if server.why_out and str(server.why_out) != str(error):  # it was down, and is back with another model
                log.error("engine.server_out", url=server.url, why=str(error))
            server.why_out = error
            return
        if server.why_out:
            log.info("engine.server_back", url=server.url)
        server.why_out = None

    def _warn_of_no_logprobs(self, server: Server) -> None:
        if not self._warned:
            log.warning(
                "engine.no_logprobs",
                url=server.url,
                means="This server never says how sure the model is, so no answer becomes 'I am not sure'.",
            )
        self._warned = True


async def _next(
    choices: AsyncGenerator[CompletionChoice, None], server: Server, deadline: float
) -> CompletionChoice:
    """Return the next piece.

    Raises:
        DeadlineExceededError: it did not come in time.
        ServerOutError: the answer was cut off, or the server failed.
    """
    try:
        async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
            return await anext(choices)
    except TimeoutError:
        raise DeadlineExceededError("The answer was not finished in time.") from None
    except StopAsyncIteration:
        raise ServerOutError(f"The server at {server.url} broke off an answer without an end.") from None


async def _drain(choices: AsyncGenerator[CompletionChoice, None], server: Server) -> None:
    """Read a response to its end, so that its connection can be used again."""
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for _ in choices:
                pass
    except (TimeoutError, ServerOutError) as error:
        # The answer is whole: only its connection is closed instead of kept.
        log.debug("engine.connection_dropped", url=server.url, error=error)


def _closing_error() -> EngineBusyError:
    return EngineBusyError("The bot is being stopped; the question waits until it is back.")
