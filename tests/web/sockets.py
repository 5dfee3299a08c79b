"""The page's web socket as a program sees it, whose frames no browser would send."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Protocol

import httpx
from nicegui import json
from websockets.asyncio.client import ClientConnection, connect

from tests.web.running import Bot


class Served(Protocol):
    """What has an address."""

    @property
    def url(self) -> str:
        """Of its page."""


def socket_url(bot: Served, client_id: str, *, query: str = "") -> str:
    """Return where the script of a page opens its web socket."""
    return (
        f"{bot.url.replace('http', 'ws')}/_nicegui_ws/socket.io/?EIO=4&transport=websocket&client_id={client_id}"
        f"&document_id=document&tab_id=tab&old_tab_id=null&next_message_id=0&implicit_handshake=true{query}"
    )


async def open_page(bot: Bot) -> str:
    """Ask for the page, and return the number under which its browser would come back."""
    async with httpx.AsyncClient(base_url=bot.url) as client:
        return client_id_in((await client.get("/")).text)


def client_id_in(page: str) -> str:
    """Return the number under which the browser of a page comes back."""
    found = re.search(r"'client_id':\s*'([0-9a-f-]{36})'", page)
    assert found is not None
    return found[1]


@asynccontextmanager
async def socket_of(bot: Bot, client_id: str) -> AsyncGenerator[ClientConnection]:
    """Open the web socket of a page, as its script does."""
    async with connect(socket_url(bot, client_id), origin=bot.url) as socket:  # type: ignore[arg-type]
        assert str(await socket.recv()).startswith("0")
        await socket.send("40")
        assert str(await socket.recv()).startswith("40")
        yield socket


def event(name: str, **body: object) -> str:
    """Return the frame of an event."""
    return f"42{json.dumps([name, body])}"


async def answer_pings(socket: ClientConnection) -> None:
    """Stay connected, as a browser does."""
    async for message in socket:
        if message == "2":
            await socket.send("3")
