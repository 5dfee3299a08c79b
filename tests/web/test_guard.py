"""What other web sites can make a visitor's browser do to the page: nothing."""

from __future__ import annotations

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.web.running import Bot

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def get(bot: Bot, path: str, **headers: str) -> httpx.Response:
    """Ask the running bot."""
    async with httpx.AsyncClient(base_url=bot.url) as client:
        return await client.get(path, headers=headers)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::1", "", "a@b"])
async def test_foreign_names_are_refused(bot: Bot, host: str) -> None:
    """A name that somebody pointed at this machine gets neither the page nor its parts."""
    for path in ("/", "/_nicegui_ws/socket.io/?EIO=4&transport=polling", "/favicon.ico"):
        assert (await get(bot, path, host=host)).status_code == 400


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1", "[::1]:8080", "192.168.1.7"])
async def test_own_names_are_served(bot: Bot, host: str) -> None:
    """The page answers to this machine's names and to every address, which can't be rebound."""
    assert (await get(bot, "/", host=host)).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1", "http://[", ""])
async def test_other_origins_are_refused(bot: Bot, origin: str) -> None:
    """Another web site, a sandboxed frame or another port of this machine can't post or poll."""
    async with httpx.AsyncClient(base_url=bot.url, headers={"origin": origin}) as client:
        assert (await client.post("/conversations")).status_code == 403
        assert (await client.get("/_nicegui_ws/socket.io/?EIO=4&transport=polling")).status_code == 403


async def test_web_socket_needs_the_own_origin(bot: Bot) -> None:
    """A web socket opens for the page itself and for no other site."""
    url = f"{bot.url.replace('http', 'ws')}/_nicegui_ws/socket.io/?EIO=4&transport=websocket"

    async with connect(url, origin=bot.url) as socket:  # type: ignore[arg-type]  # Origin is a NewType of str
        assert str(await socket.recv()).startswith("0")  # Engine.IO's "open"
    with pytest.raises(InvalidStatus, match="403"):
        await connect(url, origin="http://evil.example")  # type: ignore[arg-type]


async def test_every_response_carries_the_security_headers(bot: Bot) -> None:
    """Page, probes and refusals all tell the browser what this site never does."""
    for path, host in (
        ("/", "localhost"),
        ("/healthz", "localhost"),
        ("/missing", "localhost"),
        ("/", "evil.example"),
    ):
        headers = (await get(bot, path, host=host)).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe-eval" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"


async def test_cookie_is_not_for_scripts(bot: Bot) -> None:
    """The conversation's number is out of reach for scripts and other sites, and kept once it is there."""
    async with httpx.AsyncClient(base_url=bot.url) as client:
        cookie = (await client.get("/")).headers["set-cookie"]
        again = (await client.get("/")).headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert again == cookie


@pytest.mark.parametrize("number", ["1", "../../etc/passwd", "A" * 32, "0" * 31, "0" * 33])
async def test_made_up_conversation_is_replaced(bot: Bot, number: str) -> None:
    """A cookie that this server can't have made is ignored."""
    response = await get(bot, "/", cookie=f"supportbot_conversation={number}")

    assert f"={number};" not in response.headers["set-cookie"]


async def test_unknown_path_is_not_found(bot: Bot) -> None:
    """What isn't there is a 404, not the page."""
    assert (await get(bot, "/missing")).status_code == 404


async def test_daemon_adds_routes_beside_the_page(bot: Bot) -> None:
    """A route that is added after building is served under any name: it has guards of its own."""
    async with httpx.AsyncClient(base_url=bot.url) as client:
        response = await client.post("/echo", content=b"hello", headers={"host": "bot.example.com"})

    assert response.text == "hello"
