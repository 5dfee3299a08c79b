"""One OpenAI-compatible server: requests, health, and what its errors mean for a person.

How the three usual servers treat a request (as of vLLM 0.32, llama.cpp's server and TGI 2 and 3):

* **vLLM** takes everything: token ids, ``top_k``, ``repetition_penalty`` over prompt and answer, in the order of
  transformers. It gives the ids of its tokens and, by its default ``logprobs_mode``, raw log-softmax.
* **llama.cpp** takes token ids. Its own order of samplers, its repetition penalty over the last 64 tokens and its
  ``min_p`` of 0.05 are not ours, so ours are sent under its names as well. It gives ids and raw log-softmax, but
  leaves out the tokens of an incomplete character.
* **TGI** takes text only, ignores ``top_k``, and gives neither ids nor log-probabilities over this protocol.

This module knows one server; the engine chooses among several and decides what follows a failure.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import urlsplit

import openai
import structlog
from openai.types import Completion, CompletionChoice

from supportbot.engine.base import SamplingParams
from supportbot.engine.prompt import Prompt
from supportbot.engine.remote.failures import ServerOutError, explain, model_names, require_model
from supportbot.engine.remote.probe import Probe, page_url
from supportbot.errors import ConfigError, ModelError

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 3.0
"""A server that is there accepts a connection at once, even from another continent."""

CHECK_SECONDS = 5.0
"""A server that needs longer to name its models would not answer a question in time either."""

SILENCE_SECONDS = 20.0
"""A server at work sends several tokens a second; one that is silent this long, before or after the first token,
hangs or is overloaded."""


class Server:
    """One server and what is known of it.

    Args:
        url: base of its API, as ``base_url`` returns it.
        model: its name of the model.
        api_key: shown to it; never logged.
        probe: checks whether it has the tokenizer of the prompts.
        silence_seconds: after this silence it counts as hung.
        check_seconds: limit for each answer to a check.
    """

    def __init__(
        self,
        url: str,
        model: str,
        api_key: str | None,
        probe: Probe,
        *,
        silence_seconds: float = SILENCE_SECONDS,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        self.url = url
        self.model = model
        self.open = 0
        self.why_out: ServerOutError | None = None
        self._probe = probe
        self._check_seconds = check_seconds
        self._takes_ids = True
        self._client = openai.AsyncOpenAI(
            timeout=openai.Timeout(silence_seconds, connect=CONNECT_SECONDS), **client_options(url, api_key)
        )

    async def check(self) -> None:
        """Check the server.

        Raises:
            ServerOutError: it does not answer, refuses the key, reports itself unhealthy, or lacks this model or
                its tokenizer.
        """
        client = self._client.with_options(timeout=self._check_seconds)
        try:
            models = model_names(await client.get("/models", cast_to=object), self.url)
            try:
                await client.get(f"{self.url.removesuffix('/v1')}/health", cast_to=object)
            except openai.NotFoundError:
                log.debug("engine.no_health_page", url=self.url)  # it named its models: well enough
        except (openai.OpenAIError, ValueError) as error:
            raise explain(error, self.url) from error
        require_model(self.model, models, self.url)
        try:
            page = await client.post(page_url(self.url), cast_to=object, body=self._probe.body(self.model))
        except (openai.OpenAIError, ValueError) as error:
            self._probe.excuse(error, self.url)
        else:
            self._probe.judge(page, self.url)

    async def complete(self, prompt: Prompt, params: SamplingParams) -> AsyncGenerator[CompletionChoice, None]:
        """Continue a prompt; closing the generator closes the connection, and the server stops.

        Raises:
            ServerOutError: the server failed; another one may not.
            ModelError: it understood the request and refused it.
        """
        try:
            async with await self._ask(prompt, params) as stream:
                async for completion in stream:
                    if completion.choices:  # a last one may carry nothing but the usage
                        yield completion.choices[0]
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            raise ModelError(
                f"The server at {self.url} refused the request (HTTP {error.status_code})."
            ) from error
        except (openai.OpenAIError, ValueError) as error:
            raise explain(error, self.url, quote=False) from error

    async def aclose(self) -> None:
        """Close its connections, open requests included."""
        await self._client.close()

    async def _ask(self, prompt: Prompt, params: SamplingParams) -> openai.AsyncStream[Completion]:
        """Send a request with the prompt as token ids or, if the server takes none, as text."""
        if self._takes_ids:
            try:
                return await self._send(list(prompt.token_ids), prompt, params)
            except (openai.BadRequestError, openai.UnprocessableEntityError):
                stream = await self._send(prompt.text, prompt, params)
                log.info("engine.takes_text", url=self.url)
                self._takes_ids = False
                return stream
        return await self._send(prompt.text, prompt, params)

    async def _send(
        self, what: str | list[int], prompt: Prompt, params: SamplingParams
    ) -> openai.AsyncStream[Completion]:
        return await self._client.completions.create(
            model=self.model,
            prompt=what,
            stream=True,
            logprobs=1,
            max_tokens=params.max_length - len(prompt.token_ids),
            temperature=params.temperature if params.do_sample else 0.0,
            top_p=params.top_p if params.do_sample else 1.0,
            seed=params.seed,
            extra_body=_beyond_openai(params),
        )


def base_url(setting: str) -> str:
    """Return the base of an API as it is used: without a slash at its end, ``/v1`` if no path was given.

    Raises:
        ConfigError: it is no address of a server, or contains a password.
    """
    url = setting.strip().rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"SUPPORTBOT_REMOTE_URLS: '{url}' is no address such as http://127.0.0.1:8000/v1.")
    if parts.username or parts.password or parts.query:
        raise ConfigError("SUPPORTBOT_REMOTE_URLS holds a secret: put the key into SUPPORTBOT_REMOTE_API_KEY.")
    return url if parts.path else f"{url}/v1"


def client_options(url: str, api_key: str | None) -> dict[str, Any]:
    """Return the options of every client.

    The environment of OpenAI's own tools is ignored: their key and organization must not reach this server.
    """
    # A header needs some value: servers without keys ignore it.
    return {
        "base_url": url,
        "api_key": api_key or "none",
        "admin_api_key": "",
        "organization": "",
        "project": "",
        "max_retries": 0,
    }


def _beyond_openai(params: SamplingParams) -> dict[str, Any]:
    """Return the parameters that OpenAI's own API lacks; a server ignores other servers' names."""
    return {
        "top_k": params.top_k if params.do_sample and params.top_k else -1,  # -1 keeps all, for each of them
        "repetition_penalty": params.repetition_penalty,
        "min_p": 0.0,
        "return_tokens_as_token_ids": True,
        # llama.cpp's names and order
        "repeat_penalty": params.repetition_penalty,
        "repeat_last_n": -1,
        "samplers": ["penalties", "temperature", "top_k", "top_p"],
    }
