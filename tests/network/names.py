"""Names that can be found, or not: the one part of a network that does not go through a port of ours."""

from __future__ import annotations

import socket
from typing import Any

import pytest

HOST = "platform.test"
"""A name that no name server knows: RFC 2606."""


class Names:
    """Says where ``HOST`` is, as long as it is found.

    Args:
        monkeypatch: puts it in the place of the system's resolver.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_found = True
        self.asked_in_vain = 0
        self._resolve = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._look_up)

    def _look_up(self, host: str | bytes | None, *arguments: Any, **options: Any) -> Any:
        if host != HOST:
            return self._resolve(host, *arguments, **options)
        if not self.is_found:
            self.asked_in_vain += 1
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return self._resolve("127.0.0.1", *arguments, **options)
