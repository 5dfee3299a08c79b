"""The two ways from Slack to an app: a WebSocket that the app opened, or a signed POST."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import math
import random
import secrets
import time
from typing import Protocol
from urllib.parse import urlencode

import aiohttp
from aiohttp import WSMsgType, web

from tests.slack_server.faults import WEBSOCKET, Faults, fault_response
from tests.slack_server.records import Envelope, Json
from tests.slack_server.state import State


class Transport(Protocol):
    """One way."""

    async def attempt(self, envelope: Envelope, retry: int) -> None:
        """Send an envelope once; return when it is acknowledged, or when that has failed."""


class Sockets:
    """The app's WebSockets.

    Args:
        state: what is remembered.
        faults: how to fail.
        ack_seconds: how long an acknowledgement may take.
    """

    def __init__(self, state: State, faults: Faults, ack_seconds: float) -> None:
        self._state = state
        self._faults = faults
        self.ack_seconds = ack_seconds
        self._tickets: set[str] = set()
        self._waiting: dict[str, Envelope] = {}
        self._mute: set[web.WebSocketResponse] = set()
        self.open: dict[web.WebSocketResponse, web.Request] = {}
        self.opened = 0

    def new_ticket(self) -> str:
        """Return what opens one WebSocket, once."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Hold one WebSocket of the app until it ends."""
        if fault := self._faults.take(WEBSOCKET):
            return fault_response(request, fault)
        if request.query.get("ticket", "") not in self._tickets:
            return web.Response(status=403)
        self._tickets.discard(request.query["ticket"])
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": len(self.open) + 1})
        self.open[socket] = request
        self.opened += 1
        self._state.changed()
        try:
            async for frame in socket:
                if socket in self._mute:
                    continue
                if frame.type == WSMsgType.TEXT:
                    self._on_ack(json.loads(frame.data))
                elif frame.type == WSMsgType.PING:
                    await socket.pong(frame.data)
        finally:
            self.open.pop(socket, None)
            self._mute.discard(socket)
            self._state.changed()
        return socket

    async def attempt(self, envelope: Envelope, retry: int) -> None:
        """Send an envelope over one of the sockets, once there is one."""
        while not self.open:
            await self._state.wait_until(lambda: bool(self.open), "a connection", 3600)
        socket = random.choice(list(self.open))  # as Slack does
        envelope_id = secrets.token_hex(8)
        self._waiting[envelope_id] = envelope
        frame: Json = {
            "envelope_id": envelope_id,
            "type": envelope.kind,
            "payload": envelope.payload,
            "accepts_response_payload": envelope.accepts_response,
        }
        if envelope.kind == "events_api":
            frame |= {"retry_attempt": retry, "retry_reason": "timeout" if retry else ""}
        envelope.attempts += 1
        self._state.changed()
        try:
            await socket.send_json(frame)
            await self._state.wait_until(
                lambda: envelope.acked or socket not in self.open, "an acknowledgement", self.ack_seconds
            )
        except (ConnectionError, AssertionError):
            return

    async def disconnect(self, reason: str) -> None:
        """Announce the end of every socket, as Slack does about once an hour, and close it."""
        for socket in list(self.open):
            self.open.pop(socket)
            await socket.send_json({"type": "disconnect", "reason": reason})
            await socket.close()
        self._state.changed()

    def mute(self) -> None:
        """Leave every socket open, but answer nothing any more, like a line that died half-way."""
        for socket in list(self.open):
            self.open.pop(socket)
            self._mute.add(socket)
        self._state.changed()

    def cut(self) -> None:
        """Break every socket without a word."""
        for socket, request in list(self.open.items()):
            self.open.pop(socket)
            if request.transport is not None:
                request.transport.abort()
        self._state.changed()

    def _on_ack(self, frame: Json) -> None:
        envelope = self._waiting.pop(frame["envelope_id"])
        envelope.acknowledge()
        envelope.response = frame.get("payload")
        self._state.changed()


class Posts:
    """Signed requests to the app's request URL."""

    def __init__(self, state: State, session: aiohttp.ClientSession, url: str, signing_secret: str) -> None:
        self._state = state
        self._session = session
        self._url = url
        self._secret = signing_secret

    async def attempt(self, envelope: Envelope, retry: int) -> None:
        """Post an envelope."""
        body, content_type = encode(envelope)
        headers = {"Content-Type": content_type, **sign(body, self._secret)}
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_error"}
        envelope.attempts += 1
        self._state.changed()
        try:
            async with self._session.post(self._url, data=body, headers=headers) as response:
                text = await response.text()
                envelope.statuses.append(response.status)
                if response.status == 200:
                    envelope.acknowledge()
                if response.status == 200 and text:
                    envelope.response = json.loads(text) if text.startswith("{") else {"text": text}
        except (aiohttp.ClientError, TimeoutError):
            envelope.statuses.append(0)
        self._state.changed()


def encode(envelope: Envelope) -> tuple[bytes, str]:
    """Return the body and the content type of an envelope in HTTP mode."""
    form = "application/x-www-form-urlencoded"
    if envelope.kind == "slash_commands":
        return urlencode(envelope.payload).encode(), form
    if envelope.kind == "interactive":
        return urlencode({"payload": json.dumps(envelope.payload)}).encode(), form
    return json.dumps(envelope.payload).encode(), "application/json"


def sign(body: bytes, signing_secret: str, *, at: float | None = None) -> dict[str, str]:
    """Return the headers that prove that a body is Slack's; ``at`` is in seconds since 1970, by default now."""
    timestamp = str(int(time.time() if at is None else at))
    digest = hmac.new(signing_secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256)
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest.hexdigest()}"}


class Courier:
    """Delivers envelopes, again and again until they are acknowledged.

    Args:
        pause: seconds before an unacknowledged envelope is sent again; Slack waits a minute and then five.

    Attributes:
        retries: how often it is sent again before it is given up; Slack does so three times.
    """

    def __init__(self, state: State, pause: float) -> None:
        self._state = state
        self._pause = pause
        self.retries = math.inf
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, envelope: Envelope, transport: Transport) -> None:
        """Begin to deliver."""
        self._state.envelopes.append(envelope)
        task = asyncio.create_task(self._deliver(envelope, transport))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Stop delivering."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self, envelope: Envelope, transport: Transport) -> None:
        retry = 0
        while retry <= self.retries:
            await transport.attempt(envelope, retry)
            if envelope.acked:
                return
            retry += 1
            await asyncio.sleep(self._pause)
