"""How the local Slack misbehaves: one fault is used up by one request."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

WEBSOCKET = "websocket"
"""The name under which the opening of a WebSocket can be made to fail, like a method."""


@dataclass(frozen=True, slots=True)
class RateLimited:
    """429, with or without Retry-After."""

    retry_after: str | None = "1"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Any answer at all: a 503, an HTML page, half a JSON document."""

    status: int
    body: str = ""
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class ApiError:
    """``ok: false`` with this error, and the scope that is ``needed`` if that is what is missing."""

    error: str
    needed: str | None = None


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection breaks, before or after the request took effect; ``on_break`` is called just then."""

    after_accept: bool = False
    on_break: Callable[[web.Request], None] | None = None


Fault = RateLimited | HttpAnswer | ApiError | Reset


class Faults:
    """The faults that wait, by method."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, deque[Fault | None]] = defaultdict(deque)

    def add(self, method: str, fault: Fault, times: int, after: int) -> None:
        """Let the next calls of a method fail, once so many have passed."""
        self._waiting[method].extend([*[None] * after, *[fault] * times])

    def take(self, method: str) -> Fault | None:
        """Return the fault for this call, if one waits."""
        waiting = self._waiting[method]
        return waiting.popleft() if waiting else None

    def clear(self) -> None:
        """Behave again."""
        self._waiting.clear()


def fault_response(request: web.Request, fault: Fault) -> web.Response:
    """Return what the caller gets instead of an answer."""
    match fault:
        case RateLimited(retry_after):
            headers = {"Retry-After": retry_after} if retry_after is not None else {}
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        case HttpAnswer(status, body, content_type):
            return web.Response(status=status, text=body, content_type=content_type)
        case ApiError(error, needed):
            scopes = {} if needed is None else {"needed": needed, "provided": "commands"}
            return web.json_response({"ok": False, "error": error, **scopes})
        case Reset(on_break=on_break):
            if on_break is not None:
                on_break(request)
            return reset(request)


def reset(request: web.Request) -> web.Response:
    """Break the connection; the response never leaves."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
