"""Sockets and calls that notice within seconds that the other side is gone, so that another attempt can begin."""

from __future__ import annotations

import socket
from functools import partial

import aiohttp
import discord

_CALL_SECONDS = 10.0
"""For one call of the REST API, which takes less than one. The library would wait for five minutes, and let
nothing else into the same channel meanwhile."""

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


def limit_calls(client: discord.Client) -> None:
    """Let no call of a client wait for an answer for ever."""
    timeout = aiohttp.ClientTimeout(total=_CALL_SECONDS)
    client.http.request = partial(client.http.request, timeout=timeout)  # type: ignore[method-assign]


def _open_socket(address: tuple[int, int, int, str, object]) -> socket.socket:
    family, kind, protocol, _, _ = address
    opened = socket.socket(family, kind, protocol)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS.items():
        if option := getattr(socket, name, None):
            opened.setsockopt(socket.IPPROTO_TCP, option, value)
    return opened
