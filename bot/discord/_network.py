"""Sockets and calls that notice within seconds that the other side is gone, so that another attempt can begin."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import aiohttp
import discord
from discord.http import Route

_SECONDS = 15
"""A dead connection is noticed after at most about this long."""

# What each platform calls these; a name that does not exist here is left out.
_OPTIONS = {
    "TCP_KEEPIDLE": 5,  # Linux, Windows: seconds of silence before the first probe
    "TCP_KEEPALIVE": 5,  # the same on macOS
    "TCP_KEEPINTVL": 5,
    "TCP_KEEPCNT": 2,
    "TCP_USER_TIMEOUT": _SECONDS * 1_000,  # Linux: for data that is sent and never acknowledged
}


def open_connector() -> aiohttp.TCPConnector:
    """Return a connector for ``discord.Client``; to be called where an event loop runs."""
    return aiohttp.TCPConnector(limit=0, socket_factory=_open_socket)  # no limit, as discord.py's own


class NotDiscordError(aiohttp.ClientError):
    """Somebody else answered, such as a proxy or a captive portal."""


def guard_calls(client: discord.Client, seconds: float) -> None:
    """Let no call of a client take longer than this, or take for an answer what is none of Discord's.

    discord.py would wait for five minutes, and let nothing else into the same channel meanwhile.
    """
    client.http.request = partial(_request, client.http.request, seconds)  # type: ignore[method-assign]


async def _request(request: Callable[..., Awaitable[Any]], seconds: float, route: Route, **options: Any) -> Any:
    try:
        answer = await request(route, timeout=aiohttp.ClientTimeout(total=seconds), **options)
    except ValueError:  # of JSON; the words of it are the answer's
        raise NotDiscordError from None
    if isinstance(answer, str) and answer:  # an empty one says that there is nothing to say
        raise NotDiscordError
    return answer


def _open_socket(address: tuple[int, int, int, str, object]) -> socket.socket:
    family, kind, protocol, _, _ = address
    opened = socket.socket(family, kind, protocol)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS.items():
        if option := getattr(socket, name, None):
            opened.setsockopt(socket.IPPROTO_TCP, option, value)
    return opened
