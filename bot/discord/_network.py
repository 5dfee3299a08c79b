"""Sockets that notice within seconds that the other side is gone, so that connecting again can begin."""

from __future__ import annotations

import socket

import aiohttp

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


def _open_socket(address: tuple[int, int, int, str, object]) -> socket.socket:
    family, kind, protocol, _, _ = address
    opened = socket.socket(family, kind, protocol)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS.items():
        if option := getattr(socket, name, None):
            opened.setsockopt(socket.IPPROTO_TCP, option, value)
    return opened
