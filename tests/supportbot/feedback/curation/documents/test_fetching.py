"""A page from a real server on this machine."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from supportbot.feedback.curation.documents import fetching
from supportbot.feedback.curation.documents.errors import DocumentError
from supportbot.feedback.curation.documents.fetching import fetch, is_public
from tests.supportbot.feedback.curation.documents.files import site


async def page(request: web.Request) -> web.Response:
    """Answer with a page."""
    return web.Response(text="<h1>Returns</h1>", content_type="text/html")


async def moved(request: web.Request) -> web.Response:
    """Answer as often as it says that the page is elsewhere."""
    left = int(request.query.get("left", "1")) - 1
    return web.Response(status=302, headers={"Location": f"/moved?left={left}" if left else "/page"})


async def to_file(request: web.Request) -> web.Response:
    """Answer that the page is a file of the asker's machine."""
    return web.Response(status=301, headers={"Location": "file:///etc/passwd"})


async def large(request: web.Request) -> web.Response:
    """Answer with more than a page, packed to little."""
    response = web.Response(body=bytes(10_000_001), content_type="text/plain")
    response.enable_compression()
    return response


async def test_page_is_got() -> None:
    """With its kind, and without the fragment of its address; redirects are followed five times."""
    async with site(page=page, moved=moved) as address:
        got = await fetch(f"{address}/page#returns", allow_private=True)
        assert (got.address, got.kind, got.charset) == (f"{address}/page", "text/html", "utf-8")
        assert got.content == b"<h1>Returns</h1>"
        got = await fetch(f"{address}/moved?left=5", allow_private=True)
        assert (got.address, got.final) == (f"{address}/moved?left=5", f"{address}/page")
        with pytest.raises(DocumentError, match="redirects more than 5 times"):
            await fetch(f"{address}/moved?left=6", allow_private=True)


async def test_private_addresses_are_refused() -> None:
    """However they are written, and before anything is sent."""
    asked: list[str] = []

    async def noted(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(text="secret")

    async with site(page=noted) as address:
        port = address.rpartition(":")[2]
        for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"):
            with pytest.raises(
                DocumentError, match=r"leads to a private address: add --allow-private|cannot be reached"
            ):
                await fetch(f"http://{host}:{port}/page")
        with pytest.raises(DocumentError, match="leads to a private address"):
            await fetch(f"http://localhost:{port}/page")
    assert asked == []


PRIVATE = [
    "10.0.0.1",
    "169.254.169.254",
    "0.0.0.0",  # noqa: S104 - an address that is refused, not listened on
    "100.64.0.1",
    "224.0.0.1",
    "::1",
    "fe80::1%eth0",
    "fd00::1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
]


@pytest.mark.parametrize("host", PRIVATE)
def test_addresses_that_are_not_public(host: str) -> None:
    """Loopback, private, link-local, shared and multicast ones, also inside IPv6."""
    assert not is_public(host)


@pytest.mark.parametrize("host", ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_addresses_that_are_public(host: str) -> None:
    """The same ways of writing, of machines that all can reach."""
    assert is_public(host)


async def test_what_is_refused() -> None:
    """Other schemes, also behind a redirect, names with passwords, errors, and more than 10 MB unpacked."""
    async with site(file=to_file, large=large) as address:
        for typed, sentence in (
            ("ftp://shop.example/page", "is not a web page"),
            ("http:///page", "is not a web page"),
            ("http://[/page", "is not a web page"),
            ("https://ada:secret@shop.example/", "'https://shop.example/' contains a name or a password"),
            (f"{address}/file", "'file:///etc/passwd' is not a web page"),
            (f"{address}/nothing", "answered with status 404"),
            (f"{address}/large", "is larger than 10 MB"),
            ("http://127.0.0.1:1/", "cannot be reached"),
        ):
            with pytest.raises(DocumentError) as refused:
                await fetch(typed, allow_private=True)
            assert sentence in str(refused.value)


async def test_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for so long and no longer."""
    monkeypatch.setattr(fetching, "_SECONDS", 0.2)
    over = asyncio.Event()

    async def silent(request: web.Request) -> web.Response:
        await over.wait()
        return web.Response()

    async with site(silent=silent) as address:
        with pytest.raises(DocumentError, match="did not answer within"):
            await fetch(f"{address}/silent", allow_private=True)
        over.set()
