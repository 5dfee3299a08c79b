"""The gateway: sessions that receive events, lose their line, and resume where they were."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.discord_server.state import BOT, BOT_ID, GUILD_ID, Json, State, guild, new_id

_DISPATCH, _HEARTBEAT, _IDENTIFY, _RESUME, _RECONNECT, _INVALID_SESSION, _HELLO, _ACK = 0, 1, 2, 6, 7, 9, 10, 11


@dataclass
class Session:
    """What one identified client has been told so far."""

    id: str
    socket: web.WebSocketResponse | None
    events: list[Json] = field(default_factory=list)

    async def dispatch(self, name: str, data: Json) -> None:
        """Send an event, or keep it until the session is resumed."""
        event = {"op": _DISPATCH, "t": name, "s": len(self.events) + 1, "d": data}
        self.events.append(event)
        await self._send(event)

    async def replay(self, after: int) -> None:
        """Send again what came after a sequence number."""
        for event in self.events[after:]:
            await self._send(event)

    async def _send(self, event: Json) -> None:
        if self.socket is not None and not self.socket.closed:
            with suppress(ConnectionError):
                await self.socket.send_json(event)


class Gateway:
    """All sessions, and how the next connection is treated.

    Attributes:
        refuse: answer 503 instead of opening a WebSocket.
        close_code: close with this code after the next IDENTIFY.
        heartbeat_seconds: as told to the client.
        identified: how many sessions were begun.
        resumed: how many were taken up again.
        opened: how many WebSockets were opened.
        heartbeats: how many signs of life were asked for and given.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self.url = ""
        self.token = ""
        self.sessions: dict[str, Session] = {}
        self.refuse = False
        self.close_code: int | None = None
        self.heartbeat_seconds = 41.25
        self.identified = 0
        self.resumed = 0
        self.opened = 0
        self.heartbeats = 0

    @property
    def connected(self) -> int:
        """How many clients are listening now."""
        return sum(1 for session in self.sessions.values() if session.socket and not session.socket.closed)

    async def dispatch(self, name: str, data: Json) -> None:
        """Send an event to every session, as Discord does for sessions of the same shard."""
        for session in list(self.sessions.values()):
            await session.dispatch(name, data)

    async def cut(self, *, code: int = 1006, forget: bool = False) -> None:
        """Close every line; with ``forget`` the sessions cannot be resumed either."""
        for session in self.sessions.values():
            socket, session.socket = session.socket, None
            if socket is None:
                continue
            if code == 1006:  # no goodbye: the connection is reset
                transport = socket._req.transport if socket._req else None  # aiohttp has no public way
                if transport is not None:
                    transport.abort()
            else:
                await socket.close(code=code)
        if forget:
            self.sessions.clear()
        await self._state.ring()

    async def ask_to_reconnect(self) -> None:
        """Send op 7, as Discord does before it restarts a gateway."""
        for session in self.sessions.values():
            if session.socket is not None:
                await session.socket.send_json({"op": _RECONNECT, "d": None})

    async def invalidate(self, *, resumable: bool = False) -> None:
        """Send op 9: the sessions are over, and cannot be resumed unless it is said that they can."""
        sessions = list(self.sessions.values())
        if not resumable:
            self.sessions.clear()
        for session in sessions:
            if session.socket is not None:
                await session.socket.send_json({"op": _INVALID_SESSION, "d": resumable})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one WebSocket."""
        if self.refuse:
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json(
            {"op": _HELLO, "d": {"heartbeat_interval": int(self.heartbeat_seconds * 1000)}, "s": None, "t": None}
        )
        self.opened += 1
        await self._state.ring()
        session: Session | None = None
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                continue
            message = json.loads(frame.data)
            if message["op"] == _HEARTBEAT:
                await socket.send_json({"op": _ACK})
                self.heartbeats += 1
                await self._state.ring()
            elif message["op"] == _IDENTIFY:
                session = await self._identify(socket, message["d"])
            elif message["op"] == _RESUME:
                session = await self._resume(socket, message["d"])
        if session is not None and session.socket is socket:
            session.socket = None
        await self._state.ring()
        return socket

    async def _identify(self, socket: web.WebSocketResponse, data: Json) -> Session | None:
        self.identified += 1
        if self.close_code is not None or data["token"] != self.token:
            code, self.close_code = self.close_code or 4004, None
            await socket.close(code=code)
            await self._state.ring()
            return None
        session = Session(new_id(), socket)
        self.sessions[session.id] = session
        last = {message["channel_id"]: message["id"] for message in self._state.messages}
        ready: dict[str, Any] = {
            "v": 10,
            "user": BOT,
            "guilds": [{"id": GUILD_ID, "unavailable": True}],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": data.get("shard", [0, 1]),
            "application": {"id": BOT_ID, "flags": 0},
        }
        await session.dispatch("READY", ready)
        await session.dispatch("GUILD_CREATE", guild(last, self._state.bot_permissions))
        await self._state.ring()
        return session

    async def _resume(self, socket: web.WebSocketResponse, data: Json) -> Session | None:
        session = self.sessions.get(data["session_id"])
        if session is None:
            await socket.send_json({"op": _INVALID_SESSION, "d": False})
            return None
        self.resumed += 1
        session.socket = socket
        await session.replay(int(data["seq"] or 0))
        await session.dispatch("RESUMED", {})
        await self._state.ring()
        return session
