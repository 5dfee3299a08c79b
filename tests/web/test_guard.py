"""What other web sites can make a visitor's browser do to the page: nothing."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re

import httpx
import pytest
from nicegui import Client
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from bot.web import visits
from bot.web.visitor import COOKIE, ConversationCookie, conversation_of
from supportbot.db.shared_key import page_key
from tests.web.running import Bot
from tests.web.sockets import answer_pings, open_page, socket_of, socket_url

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def get(bot: Bot, path: str, **headers: str) -> httpx.Response:
    """Ask the running bot."""
    async with httpx.AsyncClient(base_url=bot.url) as client:
        return await client.get(path, headers=headers)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::1", "", "a@b"])
async def test_foreign_names_are_refused(bot: Bot, host: str) -> None:
    """A name that somebody pointed at this machine gets neither the page nor its parts nor the probes."""
    for path in (
        "/",
        "/_nicegui_ws/socket.io/?EIO=4&transport=polling",
        "/favicon.ico",
        "/healthz",
        "/readyz",
        "/metrics",
    ):
        assert (await get(bot, path, host=host)).status_code == 400


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1", "[::1]:8080", "192.168.1.7"])
async def test_own_names_are_served(bot: Bot, host: str) -> None:
    """Page and probes answer to this machine's names and to every address, which can't be rebound."""
    for path in ("/", "/healthz", "/readyz", "/metrics"):
        assert (await get(bot, path, host=host)).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1", "http://[", ""])
async def test_other_origins_are_refused(bot: Bot, origin: str) -> None:
    """Another web site, a sandboxed frame or another port of this machine can't post or poll."""
    async with httpx.AsyncClient(base_url=bot.url, headers={"origin": origin}) as client:
        assert (await client.post("/conversations")).status_code == 403
        assert (await client.get("/_nicegui_ws/socket.io/?EIO=4&transport=polling")).status_code == 403


async def test_web_socket_needs_the_own_origin(bot: Bot) -> None:
    """A web socket opens for the page itself and for no other site."""
    url = socket_url(bot, "nobody")

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
        policy = headers["content-security-policy"]
        assert "unsafe-eval" not in policy
        assert "unsafe" not in policy.partition("script-src")[2].partition(";")[0]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"


async def test_only_marked_scripts_run(bot: Bot) -> None:
    """Each script of the page has the number of its own response, compressed or not, and another the next time."""
    policies = set()
    for encoding in ("gzip", "identity"):
        response = await get(bot, "/", **{"accept-encoding": encoding})
        policy = response.headers["content-security-policy"]
        [nonce] = re.findall(r"'nonce-([\w-]{20,})'", policy)
        assert response.text.count("<script") == response.text.count(f'<script nonce="{nonce}"') > 0
        policies.add(policy)
    assert len(policies) == 2


async def test_cookie_is_not_for_scripts(bot: Bot) -> None:
    """The conversation's number is out of reach for scripts and other sites, and kept once it is there."""
    async with httpx.AsyncClient(base_url=bot.url) as client:
        cookie = (await client.get("/")).headers["set-cookie"]
        again = (await client.get("/")).headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert again == cookie


def forged(cookie: str) -> dict[str, str]:
    """Return cookies that this bot can't have made, by what is wrong with them."""
    number, _, signature = cookie.partition(".")
    return {
        "of before": number,
        "without a number": f".{signature}",
        "without a signature": f"{number}.",
        "other number": f"{'0' * 32}.{signature}",
        "other signature": f"{number}.{'0' * 64}",
        "signature of another key": f"{number}.{hmac.new(b'', number.encode(), 'sha256').hexdigest()}",
        "path": "../../etc/passwd",
        "letters": "\u00e9.\u00e9",
    }


async def test_made_up_conversation_is_replaced(bot: Bot) -> None:
    """Only a number that the bot has signed counts; any other is replaced by a new one."""
    async with httpx.AsyncClient(base_url=bot.url) as client:
        await client.get("/")
        given = client.cookies[COOKIE]
    assert f"={given};" in (await get(bot, "/", cookie=f"{COOKIE}={given}")).headers["set-cookie"]
    for cookie in forged(given).values():
        async with httpx.AsyncClient(base_url=bot.url) as client:
            response = await client.get("/", headers=[(b"cookie", f"{COOKIE}={cookie}".encode("latin-1"))])
            assert not client.cookies[COOKIE].startswith(cookie.partition(".")[0] or "nothing")
            assert response.status_code == 200


async def test_key_is_the_databases(bot: Bot) -> None:
    """Whoever has the same database has the same key, so a number counts after a restart and in every daemon."""
    assert await asyncio.gather(*(page_key(bot.database) for _ in range(5))) == [bot.key] * 5


async def test_conversation_is_kept_under_a_hash(bot: Bot) -> None:
    """Neither the name of the asker nor that of the conversation in the database opens it."""
    async with httpx.AsyncClient(base_url=bot.url) as client:
        await client.get("/")
        cookie = client.cookies[COOKIE]
    app = httpx.ASGITransport(ConversationCookie(_tell, bot.key))
    async with httpx.AsyncClient(transport=app, base_url=bot.url) as client:
        told = (await client.get("/", headers={"cookie": f"{COOKIE}={cookie}"})).text
    number, _, _ = cookie.partition(".")
    assert told == hashlib.sha256(number.encode()).hexdigest()


async def _tell(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(conversation_of(Request(scope)))(scope, receive, send)


async def test_unknown_path_is_not_found(bot: Bot) -> None:
    """What isn't there is a short 404, for which no page is built and kept."""
    before = len(Client.instances)
    for path in ("/missing", "/_nicegui/missing", "/_nicegui_ws/missing", "/healthz/missing"):
        assert (await get(bot, path)).status_code in (400, 404)
    assert len(Client.instances) == before


async def test_headers_of_proxies_are_believed_of_nobody(bot: Bot) -> None:
    """A forwarded prefix gets into no address, a forwarded scheme and host change nothing."""
    response = await get(
        bot,
        "/",
        **{
            "x-forwarded-prefix": "/evil",
            "x-forwarded-proto": "https",
            "x-forwarded-host": "evil.example",
            "forwarded": "host=evil.example;proto=https",
        },
    )
    assert response.status_code == 200
    assert "evil" not in response.text
    assert "Secure" not in response.headers["set-cookie"]


async def test_pages_that_nobody_comes_back_to_are_few(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often the page is asked for, so many are kept at most, and one that is in use is none of them."""
    monkeypatch.setattr(visits, "MOST", 20)
    mine = await open_page(bot)
    async with socket_of(bot, mine) as socket, httpx.AsyncClient(base_url=bot.url) as client:
        staying = asyncio.create_task(answer_pings(socket))
        for _ in range(4):
            responses = await asyncio.gather(*(client.get("/") for _ in range(10)))
            assert {response.status_code for response in responses} == {200}
        staying.cancel()
        assert len([client for client in Client.instances.values() if visits.is_waiting(client)]) <= 20
        assert Client.instances[mine].has_socket_connection


async def test_daemon_adds_routes_beside_the_page(bot: Bot) -> None:
    """A route that is added after building is served under any name: it has guards of its own."""
    async with httpx.AsyncClient(base_url=bot.url) as client:
        response = await client.post("/echo", content=b"hello", headers={"host": "bot.example.com"})

    assert response.text == "hello"
