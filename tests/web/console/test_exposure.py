"""Where the console is served: on this machine and over https, at a port of its own if that is set, or nowhere."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest

from bot.web.console.entrance.cookies import COOKIE, SECURE_COOKIE
from supportbot.access.address import console_origin
from supportbot.access.roles import Role
from supportbot.config import Settings
from supportbot.errors import ConfigError
from tests.web.console.running import Running, run_console

HTTPS = "https://help.shop.example"


def free_port() -> int:
    """Return a port that nobody has at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def sign_in(running: Running, url: str, **headers: str) -> httpx.Response:
    """Use a link up under an address, and return the answer."""
    token = (await running.link("Bo", Role.ADMIN)).partition("=")[2]
    async with httpx.AsyncClient(base_url=url, headers=headers) as client:
        return await client.post("/console/sign-in", data={"token": token})


async def test_it_is_opened_over_https_or_on_this_machine(home: Path) -> None:
    """Behind a TLS proxy its cookie is a secure one; over a network without TLS it is refused with the remedy."""
    port = free_port()
    settings = Settings(home=home, encoder="none", web_origins=f"{HTTPS},http://intranet:8080", console_port=port)
    async with run_console(home, settings=settings) as running:
        own = f"http://127.0.0.1:{port}"
        [cookie] = (await sign_in(running, own, Host="help.shop.example", Origin=HTTPS)).headers.get_list(
            "set-cookie"
        )
        assert cookie.startswith(f"{SECURE_COOKIE}=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
        [cookie] = (await sign_in(running, own)).headers.get_list("set-cookie")
        assert cookie.startswith(f"{COOKIE}=")
        assert "Secure" not in cookie
        refused = await sign_in(running, own, Host="intranet:8080", Origin="http://intranet:8080")
        assert refused.status_code == 403
        assert "https origin of SUPPORTBOT_WEB_ORIGINS" in refused.text
        assert (await sign_in(running, own, Host="evil.example")).status_code == 400
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{running.url}/console")).status_code == 404
            assert (await client.get(running.url)).status_code == 200
            moved = await client.get(own)
            assert (moved.status_code, moved.headers["location"]) == (303, "/console")


async def test_it_can_be_switched_off(home: Path) -> None:
    """With SUPPORTBOT_CONSOLE=off there is nothing to sign in to, and the page is as ever."""
    async with (
        run_console(home, settings=Settings(home=home, encoder="none", console="off")) as running,
        httpx.AsyncClient(base_url=running.url) as client,
    ):
        for path in ("/console", "/console/sign-in", "/console/settings"):
            assert (await client.get(path)).status_code == 404
        assert (await client.get("/")).status_code == 200


def test_the_console_needs_another_port_than_the_page() -> None:
    """The same port twice is refused when the settings are read."""
    with pytest.raises(ConfigError, match="SUPPORTBOT_CONSOLE_PORT"):
        Settings(console_port=8080)


@pytest.mark.parametrize(
    ("settings", "port", "origin"),
    [
        ({}, 0, "http://127.0.0.1:8080"),
        ({"web_port": 0}, 0, ""),
        ({"web_port": 0}, 4711, "http://127.0.0.1:4711"),
        ({"web_host": "::1"}, 0, "http://[::1]:8080"),
        ({"web_origins": HTTPS}, 0, HTTPS),
        ({"web_origins": HTTPS, "console_port": 8090}, 0, "http://127.0.0.1:8090"),
        ({"web_origins": "http://intranet:8080", "web_host": "192.0.2.1"}, 0, "http://127.0.0.1:8080"),
    ],
)
def test_links_lead_to_where_it_is(settings: dict[str, str | int], port: int, origin: str) -> None:
    """A link begins with the address under which the console is opened."""
    assert console_origin(Settings(**settings), port) == origin  # type: ignore[arg-type]
