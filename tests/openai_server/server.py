"""The server itself: four pages, a key, and faults that last until they are fixed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Self

from aiohttp import web

from supportbot.engine.base import Chunk, Engine, SamplingParams, Tokenizer
from supportbot.engine.prompt import Prompt, encode_text
from tests.openai_server.forms import Form, Json, choices, tokenized

_SECONDS = 60.0


class LocalModelServer:
    """A server on a free port of 127.0.0.1; use it with ``async with``.

    Args:
        engine: what generates; it belongs to the caller.
        form: whose answers it imitates.
        models: names under which it offers the model.
        api_key: what it wants to be shown, if anything.

    Attributes:
        asked: the body of each request, in order.
        probed: the body of each request for tokens of a text, in order.
        keys: the ``Authorization`` of each request of any page.
        gone: set whenever a client leaves before the end of its answer.
        status: answer every request with this status and ``message``, pages about health included, if set.
        refuse: refuse every prompt with this status and ``message``, though it says that it is well.
        break_after: tokens after which an answer breaks off.
        hang_after: tokens after which an answer goes on no more, or when ``go_on`` is set.
        fail_after: tokens after which an error is told in the middle of the stream.
        logprob: sent instead of every real one.
        finish: sent instead of every real reason.
        tokenizer: tokenizes texts instead of the engine's own.
        places: tokens of prompt and answer together, as it says.
        tokenize_status: refuse to tokenize with this status.
        tokenize_page: sent instead of every tokenized text.
        tokenize_hangs: tokenize nothing and say nothing.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        form: Form = "vllm",
        models: Sequence[str] = ("tiny",),
        api_key: str | None = None,
    ) -> None:
        self._engine = engine
        self._form: Form = form
        self._models = models
        self._api_key = api_key
        self._port = 0
        self.asked: list[Json] = []
        self.probed: list[Json] = []
        self.keys: list[str | None] = []
        self.connections: set[object] = set()
        self.gone = asyncio.Event()
        self.fix()

    def fix(self) -> None:
        """Have no fault any more."""
        self.status: int | None = None
        self.refuse: int | None = None
        self.message = "out of order"
        self.break_after: int | None = None
        self.hang_after: int | None = None
        self.go_on = asyncio.Event()
        self.fail_after: int | None = None
        self.logprob: float | None = None
        self.finish: str | None = None
        self.tokenizer: Tokenizer | None = None
        self.places = 1024
        self.tokenize_status: int | None = None
        self.tokenize_page: str | None = None
        self.tokenize_hangs = False

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/health", self._health)
        app.router.add_get("/v1/models", self._list)
        app.router.add_post("/v1/completions", self._complete)
        if self._form != "openai":
            app.router.add_post("/tokenize", self._tokenize)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection; enter again to come back under the same address."""
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self._port}"

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.keys.append(request.headers.get("Authorization"))
        self.connections.add(request.transport)
        if self._api_key and self.keys[-1] != f"Bearer {self._api_key}":
            return _error(401, "Unauthorized")
        if self.status:
            return _error(self.status, self.message)
        return await handler(request)

    async def _health(self, request: web.Request) -> web.Response:
        return web.Response() if self._form != "openai" else _error(404, "Not Found")

    async def _list(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": name} for name in self._models]})

    async def _tokenize(self, request: web.Request) -> web.Response:
        self.probed.append(await request.json())
        if self.tokenize_hangs:
            await asyncio.Event().wait()
        if self.tokenize_status:
            return _error(self.tokenize_status, self.message)
        if self.tokenize_page is not None:
            kind = "text/html" if self.tokenize_page.startswith("<") else "application/json"
            return web.Response(text=self.tokenize_page, content_type=kind)
        page = tokenized(self._form, self.probed[-1], self.tokenizer or self._engine.tokenizer, self.places)
        return web.json_response(page) if page is not None else _error(422, "Field required")

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(body)
        if self.refuse:
            return _error(self.refuse, self.message)
        if body["model"] not in self._models:
            return _error(404, f"The model `{body['model']}` does not exist.")
        if self._form == "tgi" and not isinstance(body["prompt"], str):
            return _error(422, "Expected a string")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            await self._write(response, body)
        except (ConnectionResetError, asyncio.CancelledError):
            self.gone.set()
            raise
        return response

    async def _write(self, response: web.StreamResponse, body: Json) -> None:
        count = 0
        async with aclosing(_generate(self._engine, body)) as chunks:
            async for chunk in chunks:
                if count == self.hang_after:
                    await self.go_on.wait()
                if count == self.break_after:
                    return
                if count == self.fail_after:
                    await _send(response, {"error": {"message": self.message, "code": 500}})
                    return
                count += 1
                for choice in choices(self._form, self._spoilt(chunk), self._engine.tokenizer):
                    await _send(response, {"id": "1", "object": "text_completion", "choices": [choice]})
        await _send(response, {"id": "1", "object": "text_completion", "choices": [], "usage": {}})
        await response.write(b"data: [DONE]\n\n")

    def _spoilt(self, chunk: Chunk) -> Chunk:
        logprobs = chunk.logprobs if self.logprob is None else (self.logprob,) * len(chunk.logprobs)
        finish = self.finish if chunk.finish and self.finish else chunk.finish
        return Chunk(chunk.token_ids, logprobs, chunk.text, finish)  # type: ignore[arg-type]


async def _send(response: web.StreamResponse, event: Json) -> None:
    await response.write(f"data: {json.dumps(event)}\n\n".encode())


async def _generate(engine: Engine, body: Json) -> AsyncGenerator[Chunk, None]:
    """Generate what a body asks for."""
    ids = body["prompt"] if isinstance(body["prompt"], list) else encode_text(engine.tokenizer, body["prompt"])
    params = SamplingParams(
        max_length=len(ids) + body["max_tokens"],
        do_sample=body["temperature"] > 0,
        temperature=body["temperature"] or 1.0,
        top_p=body["top_p"],
        top_k=max(0, body["top_k"]),
        repetition_penalty=body["repetition_penalty"],
        seed=body["seed"],
    )
    async with aclosing(
        engine.stream(Prompt("", tuple(ids), False), params, time.monotonic() + _SECONDS)
    ) as chunks:
        async for chunk in chunks:
            yield chunk


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"message": message, "code": status}}, status=status)
