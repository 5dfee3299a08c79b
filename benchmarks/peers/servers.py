"""Servers with OpenAI's completions protocol: started here for the comparison, or running elsewhere.

Their figures include the client's cost, as the daemon's would. The modules named after the programs say how to
start them.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import Any, ClassVar

from benchmarks.peers._program import Program
from benchmarks.peers.base import Answer, Peer, Setup
from supportbot.engine.base import SamplingParams
from supportbot.engine.prompt import Prompt
from supportbot.errors import ConfigError

SERVED_NAME = "benchmark"
AT_ONCE, POSITIONS = 32, 512
"""Answers that a server must decode together, and the tokens of each with its prompt."""

_TIMEOUT_SECONDS = 600.0
_RETRIES = 3
"""Attempts to connect: llama-server sometimes drops an idle connection just when it is used again."""
_IDLE_SECONDS = 1.0
"""Seconds until we drop an idle connection: a server does so after about 5 s, maybe just as a turn begins."""


class Remote(Peer):
    """A server that somebody else runs, with its own model."""

    is_local = False
    sampling: ClassVar[dict[str, Any]] = {}
    """Parameters of this server beside the usual ones."""

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        """See ``Peer.missing``."""
        return None if setup.remote_url else "no --remote-url is given"

    def __init__(self, setup: Setup) -> None:
        from httpx2 import Limits
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient

        super().__init__(setup)
        self._runner = asyncio.Runner()
        self._client = AsyncOpenAI(
            base_url=self.base_url(),
            api_key=os.environ.get("SUPPORTBOT_REMOTE_API_KEY", "none"),
            timeout=_TIMEOUT_SECONDS,
            max_retries=_RETRIES,
            http_client=DefaultAsyncHttpxClient(limits=Limits(keepalive_expiry=_IDLE_SECONDS)),
        )
        self._model = self.model_name()

    def base_url(self) -> str:
        """Return the server's address, ``/v1`` included."""
        return self.setup.remote_url

    def model_name(self) -> str:
        """Return the server's name of the model."""
        return self.setup.remote_model or self._runner.run(self._first_model())

    def answer(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Answer]:
        """Continue prompts; see ``Peer.answer``."""
        from openai import OpenAIError

        try:
            return self._runner.run(self._gather(prompts, params))
        except OpenAIError as error:
            raise ConfigError(f"The server gave up in the middle: {error}") from error

    def close(self) -> None:
        """Drop the connections."""
        self._runner.run(self._client.close())
        self._runner.close()

    async def _first_model(self) -> str:
        models = await self._client.models.list()
        return models.data[0].id

    async def _gather(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Answer]:
        streams = (self._stream(prompt, params, place) for place, prompt in enumerate(prompts))
        return list(await asyncio.gather(*streams))

    async def _stream(self, prompt: Prompt, params: SamplingParams, place: int) -> Answer:
        tokens, first_token = 0, 0.0
        stream = await self._client.completions.create(
            model=self._model,
            prompt=list(prompt.token_ids) if self.is_local else prompt.text,  # another model has another tokenizer
            max_tokens=params.max_length - len(prompt.token_ids),
            temperature=params.temperature,
            top_p=params.top_p,
            seed=params.seed + place,
            logprobs=1,
            stream=True,
            stream_options={"include_usage": True},
            extra_body={
                "top_k": params.top_k,
                "repetition_penalty": params.repetition_penalty,
                "ignore_eos": True,  # a trained model may end early
                **self.sampling,
            },
        )
        async for event in stream:
            if event.choices and not first_token:
                first_token = time.perf_counter()
            if event.usage:
                tokens = event.usage.completion_tokens
        return Answer(tokens=tokens, first_token=first_token)


class LocalServer(Remote):
    """A server that is started for the comparison and ends with it."""

    is_local = True
    version_at: ClassVar[tuple[str, str]]
    """Path and key of the server's version."""

    def __init__(self, setup: Setup) -> None:
        self._port = _free_port()
        self._program = Program(self.command(setup, self._port), self.environment(setup), setup.scratch)
        with ExitStack() as undo:
            undo.callback(self._program.close)
            self._program.await_health(f"http://127.0.0.1:{self._port}/health")
            super().__init__(setup)
            self._read_version()
            undo.pop_all()

    @abstractmethod
    def command(self, setup: Setup, port: int) -> list[str]:
        """Return the command that starts the server."""

    @abstractmethod
    def environment(self, setup: Setup) -> dict[str, str]:
        """Return the server's variables in addition to this process's environment."""

    def base_url(self) -> str:
        """See ``Remote.base_url``."""
        return f"http://127.0.0.1:{self._port}/v1"

    def model_name(self) -> str:
        """See ``Remote.model_name``."""
        return SERVED_NAME

    def answer(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Answer]:
        """Continue prompts; see ``Peer.answer``."""
        try:
            return super().answer(prompts, params)
        except ConfigError as error:
            if how := self._program.told_end():
                raise ConfigError(how) from error
            raise

    def close(self) -> None:
        """End the server."""
        super().close()
        self._program.close()

    def _read_version(self) -> None:
        import httpx2

        path, key = self.version_at
        with suppress(httpx2.HTTPError, ValueError, KeyError):
            self.version = str(httpx2.get(f"http://127.0.0.1:{self._port}{path}").json()[key])


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])
