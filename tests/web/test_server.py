"""The HTTP server within the daemon's loop."""

from __future__ import annotations

import signal
import socket
from contextlib import AbstractAsyncContextManager

import httpx
import pytest
from fastapi import FastAPI

from bot.web.server import WebServer
from supportbot.errors import ConfigError


class Failing(AbstractAsyncContextManager[None]):
    """What an application opens at its start, and can't."""

    async def __aenter__(self) -> None:
        """Fail."""
        raise ValueError("no")

    async def __aexit__(self, *error: object) -> None:
        """Have nothing to close."""


@pytest.fixture
def app() -> FastAPI:
    """An application with one route."""
    app = FastAPI()

    @app.get("/")
    async def root() -> str:
        return "here"

    return app


async def test_serves_until_it_is_left(app: FastAPI, capfd: pytest.CaptureFixture[str]) -> None:
    """The server tells its real port, serves, is gone afterwards, and writes nothing."""
    async with httpx.AsyncClient() as client:
        async with WebServer(app, "127.0.0.1", 0) as server:
            assert (await client.get(server.url)).json() == "here"
        with pytest.raises(httpx.ConnectError):
            await client.get(server.url)
    assert tuple(capfd.readouterr()) == ("", "")


async def test_leaves_signals_to_the_daemon(app: FastAPI) -> None:
    """SIGTERM and SIGINT stay with whoever had them."""
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]

    async with WebServer(app, "127.0.0.1", 0):
        during = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]

    assert during == before


async def test_taken_port_is_a_sentence(app: FastAPI) -> None:
    """Another program on the port makes an error that names the setting and the remedy."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=f"Port {port} on 127.0.0.1 is taken.* SUPPORTBOT_WEB_PORT"):
            async with WebServer(app, "127.0.0.1", port):
                pass


@pytest.mark.parametrize("host", ["192.0.2.1", "not a host", ""])
async def test_foreign_address_is_a_sentence(app: FastAPI, host: str) -> None:
    """An address that this machine doesn't have makes an error that names the setting."""
    with pytest.raises(ConfigError, match="SUPPORTBOT_WEB_HOST"):
        async with WebServer(app, host, 0):
            pass


async def test_application_that_cannot_start_is_an_error() -> None:
    """A failing start raises instead of ending the process, and frees the port."""

    server = WebServer(FastAPI(lifespan=lambda app: Failing()), "127.0.0.1", 0)

    with pytest.raises(RuntimeError, match="could not start"):
        async with server:
            pass
    with socket.create_server(("127.0.0.1", server.port)):
        pass


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),  # noqa: S104 - only its name is asked for
        ("::1", "http://[::1]:8080"),
        ("::", "http://[::1]:8080"),
    ],
)
def test_url_is_one_that_a_browser_understands(app: FastAPI, host: str, url: str) -> None:
    """The address that is shown at start can be clicked, whatever is listened on."""
    assert WebServer(app, host, 8080).url == url
