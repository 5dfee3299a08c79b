"""Servers that speak the completions protocol of OpenAI: started here for the comparison, or running elsewhere.

What the client costs is in their figures, as it would be in the daemon's.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from abc import abstractmethod
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.peers.base import Answer, Peer, Setup
from supportbot.engine.base import SamplingParams
from supportbot.errors import ConfigError
from supportbot.prompt import Prompt

_TIMEOUT_SECONDS = 600.0
_START_SECONDS = 300.0
_POLL_SECONDS = 0.05
_END_SECONDS = 5.0
_SERVED_NAME = "benchmark"


class Remote(Peer):
    """A server that somebody else runs, with whatever model it has."""

    is_local = False
    sampling: ClassVar[dict[str, Any]] = {}
    """What this server wants beside the usual parameters."""

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        """See ``Peer.missing``."""
        return None if setup.remote_url else "no --remote-url is given"

    def __init__(self, setup: Setup) -> None:
        from openai import AsyncOpenAI

        super().__init__(setup)
        self._runner = asyncio.Runner()
        key = os.environ.get("SUPPORTBOT_REMOTE_API_KEY", "none")
        self._client = AsyncOpenAI(base_url=self.base_url(), api_key=key, timeout=_TIMEOUT_SECONDS, max_retries=0)
        self._model = self.model_name()

    def base_url(self) -> str:
        """Return where the server answers, ``/v1`` included."""
        return self.setup.remote_url

    def model_name(self) -> str:
        """Return what the server calls the model."""
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
            prompt=list(prompt.token_ids) if self.is_local else prompt.text,  # another model has other tokens
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
                "ignore_eos": True,  # a model that was taught ends where it likes
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
    """Path and key under which the server tells its version."""

    def __init__(self, setup: Setup) -> None:
        import httpx

        self._port = _free_port()
        command = self.command(setup, self._port)
        self._server = subprocess.Popen(  # noqa: S603 - one of the programs below
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._await_health(command)
        super().__init__(setup)
        path, key = self.version_at
        self.version = str(httpx.get(f"http://127.0.0.1:{self._port}{path}").json()[key])

    @abstractmethod
    def command(self, setup: Setup, port: int) -> list[str]:
        """Return what starts the server."""

    def base_url(self) -> str:
        """See ``Remote.base_url``."""
        return f"http://127.0.0.1:{self._port}/v1"

    def model_name(self) -> str:
        """See ``Remote.model_name``."""
        return _SERVED_NAME

    def close(self) -> None:
        """End the server."""
        super().close()
        self._server.terminate()
        try:
            self._server.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()

    def _await_health(self, command: list[str]) -> None:
        import httpx

        until = time.monotonic() + _START_SECONDS
        while self._server.poll() is None and time.monotonic() < until:
            try:
                if httpx.get(f"http://127.0.0.1:{self._port}/health").status_code == HTTPStatus.OK:
                    return
            except httpx.TransportError:
                time.sleep(_POLL_SECONDS)
        self._server.kill()
        raise ConfigError(f"The server did not start; see what it says with: {shlex.join(command)}")


class LlamaServer(LocalServer):
    """``llama-server`` of llama.cpp with q8_0 weights."""

    weight_bits = 8
    precision = "q8_0 weights"
    version_at = ("/props", "build_info")
    sampling: ClassVar[dict[str, Any]] = {
        "repeat_penalty": SamplingParams().repetition_penalty,
        "repeat_last_n": 512,  # all of prompt and answer
        "samplers": ["penalties", "temperature", "top_k", "top_p"],
        "cache_prompt": False,
    }

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        """See ``Peer.missing``."""
        if setup.quick:
            return "its converter takes no tokenizer but those of models that it knows"
        wanted = (_LLAMA_SERVER, _LLAMA_CONVERT)
        absent = [name for name in wanted if not shutil.which(name)]
        return f"there is no '{absent[0]}' of llama.cpp on the PATH" if absent else None

    @classmethod
    def prepare(cls, setup: Setup) -> None:
        """Convert the model."""
        script = str(
            Path(shutil.which(_LLAMA_CONVERT) or _LLAMA_CONVERT).resolve()
        )  # what it imports lies beside it
        command = [sys.executable, script, setup.model, "--outtype", "q8_0", "--outfile", cls._file(setup)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - as named
        if done.returncode:
            last = done.stderr.strip().rpartition("\n")[2]
            raise ConfigError(f"'{_LLAMA_CONVERT}' cannot convert the model: {last}")

    def command(self, setup: Setup, port: int) -> list[str]:
        """See ``LocalServer.command``."""
        at_once, positions = 32, 512
        return [
            *(shutil.which(_LLAMA_SERVER) or _LLAMA_SERVER, "--model", self._file(setup), "--port", str(port)),
            *("--parallel", str(at_once), "--ctx-size", str(at_once * positions), "--threads", str(setup.threads)),
            *("--alias", _SERVED_NAME, "--no-webui"),
        ]

    @classmethod
    def _file(cls, setup: Setup) -> str:
        return str(Path(setup.scratch) / "llama.gguf")


_LLAMA_SERVER, _LLAMA_CONVERT = "llama-server", "convert_hf_to_gguf.py"


class VLLM(LocalServer):
    """``vllm serve`` in bf16."""

    weight_bits = 16
    precision = "bf16"
    version_at = ("/version", "version")

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        """See ``Peer.missing``."""
        return None if shutil.which("vllm") else "there is no 'vllm' on the PATH"

    def command(self, setup: Setup, port: int) -> list[str]:
        """See ``LocalServer.command``."""
        return [
            *(shutil.which("vllm") or "vllm", "serve", setup.model, "--port", str(port), "--dtype", "bfloat16"),
            *("--max-num-seqs", "32", "--max-model-len", "512", "--served-model-name", _SERVED_NAME),
        ]


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])
