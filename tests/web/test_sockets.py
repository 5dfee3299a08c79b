"""What the page's web socket takes from programs that no browser runs: nothing."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

import pytest
from nicegui import json
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from bot.web.frames import BURST_SECONDS, MESSAGES_A_SECOND
from bot.web.protocols import MAX_FRAME_BYTES
from tests.web.running import Bot
from tests.web.sockets import event, open_page, socket_of, socket_url

pytestmark = pytest.mark.asyncio(loop_scope="session")

MINE = "00000000-0000-0000-0000-000000000000"
"""Stands for the client of the page in the parameters below."""

VISIT = {"client_id": MINE, "document_id": "d", "tab_id": "t", "next_message_id": 0}

HOSTILE = {
    "log": event("log", client_id=MINE, level="error", message='\n{"event": "forged"}\x1b[2J'),
    "JavaScript's response": event("javascript_response", client_id=MINE, request_id="r", result=1),
    "unknown event": event("disconnect"),
    "no event": "42{}",
    "empty list": "42[]",
    "name without a body": '42["event"]',
    "body that is a list": '42["event",[]]',
    "body that is empty": '42["event",{}]',
    "two bodies": '42["event",{},{}]',
    "another page": event("event", client_id="x", id=1, listener_id="l", args=[]),
    "element that is a word": event("event", client_id=MINE, id="1", listener_id="l", args=[]),
    "unknown listener": event("event", client_id=MINE, id=3, listener_id="l", args=[]),
    "argument that is a number": event("event", client_id=MINE, id=3, listener_id="l", args=[1]),
    "argument that is no JSON": event("event", client_id=MINE, id=3, listener_id="l", args=["{"]),
    "deep argument": event("event", client_id=MINE, id=3, listener_id="l", args=["[" * 20_000]),
    "deep body": '42["event",' + "[" * 20_000,
    "half a character": '42["ack",{"client_id":"\\ud800"}]',
    "acknowledged word": event("ack", client_id=MINE, next_message_id="x"),
    "handshake of another page": event("handshake", **{**VISIT, "client_id": "x"}),
    "handshake without a tab": event("handshake", client_id=MINE, document_id="d"),
    "second opening": "40",
    "another namespace": "40/admin",
    "acknowledgement": "430[]",
    "bytes to come": '451-["event",{"_placeholder":true,"num":0}]',
    "bytes": b"\x00",
    "error": "44{}",
    "probe": "2probe",
    "upgrade": "5",
    "nothing": "",
    "noise": "\x00" * 100,
    "huge": "42" + "x" * MAX_FRAME_BYTES,
}


class Listener(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(record.getMessage())


@pytest.mark.parametrize("frame", HOSTILE.values(), ids=HOSTILE.keys())
async def test_frame_that_no_browser_sends_ends_the_socket(bot: Bot, frame: str | bytes) -> None:
    """Foreign events and malformed frames end their socket and reach neither NiceGUI nor the log."""
    complaints: list[dict[str, Any]] = []
    listener = Listener()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: complaints.append(context))
    logging.getLogger().addHandler(listener)
    try:
        client_id = await open_page(bot)
        async with socket_of(bot, client_id) as socket:
            await socket.send(frame.replace(MINE, client_id) if isinstance(frame, str) else frame)
            with suppress(ConnectionClosedError):  # the end, where it does not come politely
                async for _ in socket:  # what the page had to say before
                    pass
            assert socket.close_code is not None
    finally:
        logging.getLogger().removeHandler(listener)
        loop.set_exception_handler(None)
    assert [line for line in listener.lines if not line.startswith(("HTTP Request", "connection "))] == []
    assert complaints == []


async def test_frames_of_a_browser_are_taken(bot: Bot) -> None:
    """The messages of the page's own script keep their socket, and so does a click on what has gone."""
    client_id = await open_page(bot)
    async with socket_of(bot, client_id) as socket:
        await socket.send(event("ack", client_id=client_id, next_message_id=0))
        await socket.send(event("event", client_id=client_id, id=10**6, listener_id="l", args=["1", None]))
        # A second handshake is refused, which its sender is told: so all before it were taken.
        await socket.send(f"420{json.dumps(['handshake', {**VISIT, 'client_id': client_id}])}")
        async with asyncio.timeout(10):
            while await socket.recv() != "430[false]":
                pass


@pytest.mark.parametrize(
    "query",
    ["&sid=x", "&x=" * 30, "&transport=polling&EIO=3"],
)
async def test_socket_of_another_kind_is_refused(bot: Bot, query: str) -> None:
    """A web socket whose address the page's script would not make is not opened."""
    url = socket_url(bot, MINE, query=query)
    if "EIO" in query:
        url = url.replace("EIO=4&transport=websocket&", "")
    with pytest.raises(InvalidStatus, match="403"):
        await connect(url, origin=bot.url)  # type: ignore[arg-type]  # Origin is a NewType of str


async def test_flood_is_slowed_down(bot: Bot) -> None:
    """Whoever sends more messages than a person waits, and nobody else does."""
    client_id = await open_page(bot)
    count = int(BURST_SECONDS * MESSAGES_A_SECOND * 1.5)
    loop = asyncio.get_running_loop()
    async with socket_of(bot, client_id) as socket, socket_of(bot, await open_page(bot)):
        start = loop.time()
        for _ in range(count):
            await socket.send(event("ack", client_id=client_id, next_message_id=0))
        await socket.send(f"420{json.dumps(['handshake', {**VISIT, 'client_id': client_id}])}")
        while await socket.recv() != "430[false]":
            pass
        taken = loop.time() - start
    assert taken >= count / MESSAGES_A_SECOND - BURST_SECONDS - 0.1
