"""A server's failure, in one sentence for a person.

This module knows errors of the protocol; the engine decides what follows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import openai

from supportbot.errors import EngineBusyError

_MESSAGE_CHARACTERS = 200
"""Of a server's own error message: enough to understand it, too little for a whole prompt."""


class ServerOutError(EngineBusyError):
    """One server can't answer at present; the text says why.

    Attributes:
        setting: whether a person has to fix a setting before it can.
    """

    def __init__(self, sentence: str, *, setting: bool = False) -> None:
        super().__init__(sentence)
        self.setting = setting


def model_names(page: object, url: str) -> list[str]:
    """Return a server's names of its models, from its page about them.

    Raises:
        ServerOutError: it is no such page, so something else listens there.
    """
    listed = page.get("data") if isinstance(page, dict) else None
    if not isinstance(listed, list) or not all(isinstance(one, dict) and "id" in one for one in listed):
        raise _no_protocol(url)
    return [str(one["id"]) for one in listed]


def require_model(model: str, models: Sequence[str], url: str) -> None:
    """Refuse a server that lacks the model.

    Raises:
        ServerOutError: names the models that it has.
    """
    if model not in models:
        has = ", ".join(models) or "none at all"
        raise ServerOutError(
            f"The server at {url} has no model '{model}' but {has}: correct SUPPORTBOT_REMOTE_MODEL.",
            setting=True,
        )


def explain(error: openai.OpenAIError | ValueError, url: str, *, quote: bool = True) -> ServerOutError:
    """Return what an error of the protocol means, in one sentence.

    Args:
        error: of a request.
        url: of the server.
        quote: whether to quote the server's own words; not after a request with somebody's question, which servers
            like to repeat.
    """
    words = _words(error) if quote else ""
    if isinstance(error, openai.APITimeoutError):
        return ServerOutError(f"The server at {url} does not answer in time.")
    if isinstance(error, openai.APIConnectionError):
        return ServerOutError(f"The server at {url} can't be reached: start it or correct SUPPORTBOT_REMOTE_URLS.")
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        return ServerOutError(
            f"The server at {url} refuses the key: set SUPPORTBOT_REMOTE_API_KEY to one that it takes.",
            setting=True,
        )
    if isinstance(error, openai.NotFoundError):
        return ServerOutError(
            f"The server at {url} knows no such page or model{words}: "
            "correct SUPPORTBOT_REMOTE_URLS or SUPPORTBOT_REMOTE_MODEL.",
            setting=True,
        )
    if isinstance(error, openai.APIStatusError):
        return ServerOutError(f"The server at {url} failed with status {error.status_code}{words}.")
    if isinstance(error, openai.APIError):  # reported in the middle of a stream
        return ServerOutError(f"The server at {url} failed{words}.")
    return _no_protocol(url)


def _words(error: Exception) -> str:
    """Return a server's own words in brackets, shortened, if it sent any."""
    body = getattr(error, "body", None)
    if isinstance(body, dict):
        body = body.get("message") or body.get("error")
    if not body:
        return ""
    text = " ".join((body if isinstance(body, str) else json.dumps(body)).split())
    return f" ('{text[:_MESSAGE_CHARACTERS].rstrip('.')}')"


def _no_protocol(url: str) -> ServerOutError:
    return ServerOutError(
        f"The server at {url} does not speak OpenAI's protocol: correct SUPPORTBOT_REMOTE_URLS.", setting=True
    )
