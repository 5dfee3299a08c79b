"""What the daemon expects of every platform's adapter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from supportbot.delivery.dispatch import Sender
from supportbot.delivery.streaming import Stage
from supportbot.digest.posting import Poster


class Adapter(Protocol):
    """One platform: it hears questions and shows answers."""

    @property
    def sender(self) -> Sender:
        """What shows the answers; it works from the moment that the adapter is opened."""

    @property
    def stage(self) -> Stage:
        """What shows answers while they are written; as above."""

    @property
    def digests(self) -> Poster:
        """What posts weekly digests; as above."""

    @property
    def is_connected(self) -> bool:
        """Whether the platform can reach us now, for readiness."""

    @property
    def http_routes(self) -> Mapping[str, Callable[[Request], Awaitable[Response]]]:
        """POST endpoints by path that the daemon's web server must offer; none for most platforms."""

    @property
    def pages(self) -> Mapping[str, Callable[[Request], Awaitable[Response]]]:
        """Pages for browsers by path, likewise, under the names of the page alone."""

    async def run(self) -> None:
        """Hear questions until cancelled; connects, and connects again by itself.

        Raises:
            ConfigError: the platform refuses the token, so trying again is of no use.
        """
