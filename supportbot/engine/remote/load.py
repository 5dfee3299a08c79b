"""How settings become a remote engine: it asks the servers once, so that a wrong setting shows at the start.

An unreachable server is no such fault: the daemon starts without it, and questions wait. Of the model, only the
tokenizer is loaded here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import openai
import structlog

from supportbot.engine.remote.engine import DEFAULT_CAPACITY, RemoteEngine
from supportbot.engine.remote.failures import ServerOutError, explain, model_names, require_model
from supportbot.engine.remote.probe import Probe, page_url
from supportbot.engine.remote.server import CHECK_SECONDS, Server, base_url, client_options
from supportbot.engine.tokenizer import load_tokenizer
from supportbot.errors import ConfigError

log = structlog.get_logger(__name__)


def load_remote(
    urls: Sequence[str],
    model: str | None,
    api_key: str | None,
    tokenizer_directory: Path,
    model_version: str,
    *,
    capacity: int = DEFAULT_CAPACITY,
) -> RemoteEngine:
    """Make an engine; blocks while it asks the servers, for a few seconds each at most.

    Args:
        urls: bases of the servers' APIs; ``/v1`` is added to one without a path.
        model: what the servers call the model; None if each has one only, and all the same.
        api_key: shown to every server.
        tokenizer_directory: with the tokenizer of the model that the servers run.
        model_version: name stored with each answer.
        capacity: requests under way at once, over all servers.

    Raises:
        ConfigError: an address is invalid, the model's name is ambiguous, or no server works with these settings.
        ModelError: the tokenizer is missing or damaged.
    """
    bases = list(dict.fromkeys(base_url(url) for url in urls if url.strip()))
    if not bases:
        raise ConfigError("SUPPORTBOT_ENGINE=remote needs at least one address in SUPPORTBOT_REMOTE_URLS.")
    tokenizer = load_tokenizer(tokenizer_directory)
    asked = {url: _models(url, api_key) for url in bases}
    model = model or _only_model(asked)
    probe = Probe(tokenizer)
    servers = [Server(url, model, api_key, probe) for url in bases]
    for server in servers:
        server.why_out = _why_out(asked[server.url], server, api_key, probe)
        if server.why_out:
            log.error("engine.server_out", url=server.url, why=str(server.why_out))
    out = [server.why_out for server in servers if server.why_out]
    if len(out) == len(servers) and (wrong := next((why for why in out if why.setting), None)):
        raise ConfigError(str(wrong))
    log.info("engine.remote", model=model, servers=len(servers), out=len(out))
    return RemoteEngine(servers, tokenizer, model_version, capacity=capacity)


def _models(url: str, api_key: str | None) -> list[str] | ServerOutError:
    """Return the names of a server's models, or why it did not say them."""
    with openai.OpenAI(timeout=CHECK_SECONDS, **client_options(url, api_key)) as client:
        try:
            return model_names(client.get("/models", cast_to=object), url)
        except ServerOutError as error:
            return error
        except (openai.OpenAIError, ValueError) as error:
            return explain(error, url)


def _only_model(asked: dict[str, list[str] | ServerOutError]) -> str:
    """Return the one model that all servers have.

    Raises:
        ConfigError: there is none, or more than one.
    """
    names = {name for models in asked.values() if not isinstance(models, ServerOutError) for name in models}
    if len(names) > 1:
        listed = ", ".join(sorted(names))
        raise ConfigError(
            f"The servers have several models: name one of them in SUPPORTBOT_REMOTE_MODEL ({listed})."
        )
    if not names:
        why = next(
            (str(models) for models in asked.values() if isinstance(models, ServerOutError)), "It has none."
        )
        raise ConfigError(f"No server tells its model; it can be named in SUPPORTBOT_REMOTE_MODEL. {why}".rstrip())
    return names.pop()


def _why_out(
    models: list[str] | ServerOutError, server: Server, api_key: str | None, probe: Probe
) -> ServerOutError | None:
    """Return why a server can't be used, or None."""
    if isinstance(models, ServerOutError):
        return models
    try:
        require_model(server.model, models, server.url)
        _require_tokenizer(server, api_key, probe)
    except ServerOutError as error:
        return error
    return None


def _require_tokenizer(server: Server, api_key: str | None, probe: Probe) -> None:
    """Refuse a server with another tokenizer; as ``Server.check`` does, but before there is an event loop."""
    with openai.OpenAI(timeout=CHECK_SECONDS, **client_options(server.url, api_key)) as client:
        try:
            page = client.post(page_url(server.url), cast_to=object, body=probe.body(server.model))
        except (openai.OpenAIError, ValueError) as error:
            probe.excuse(error, server.url)
        else:
            probe.judge(page, server.url)
