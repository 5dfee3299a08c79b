"""A small Discord on this machine, which can also misbehave.

It speaks the REST routes and the gateway that the bot uses, over HTTP and a WebSocket, so the real client and the
real daemon run against it unchanged: set ``DISCORD_TOKEN`` to its ``token`` and ``DISCORD_API_URL`` to its
``api_url``. It keeps Discord's rules that matter here: an interaction dies after 3 seconds without an
acknowledgement, an original response exists only after one, a nonce is accepted once, a deleted message can't be
replied to, and a lost session can be resumed. Nobody sleeps: whoever waits for something awaits ``until``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Self

from aiohttp import web
from simcord.components import ComponentValidationError, validate_modal

from tests.discord_server.gateway import Gateway
from tests.discord_server.people import People
from tests.discord_server.state import (
    ALICE,
    BOB,
    BOT,
    BOT_ID,
    CHANNEL_ID,
    DEADLINE_SECONDS,
    DM_CHANNEL_ID,
    EPHEMERAL,
    FOREIGN_CHANNEL_ID,
    FORUM_ID,
    GUILD_ID,
    LOADING,
    TEAM_CHANNEL_ID,
    Fault,
    Interaction,
    Json,
    State,
    build_message,
    member,
    new_id,
    user,
)

TOKEN = "ABCDEFGHIJKLMNOPQRSTUVWX.abcdef.ABCDEFGHIJKLMNOPQRSTUVWXYZ1"

_CHOICES, _MODAL = 8, 9  # types of a callback

_Handler = Callable[[web.Request, Json], Awaitable[Any]]


class DiscordServer(People):
    """The local Discord; to be used with ``async with``.

    Attributes:
        token: the one that it accepts.
    """

    def __init__(self, token: str = TOKEN) -> None:
        state = State()
        super().__init__(state, Gateway(state))
        self.token = self.gateway.token = token
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._front = ""

    @property
    def api_url(self) -> str:
        """For ``DISCORD_API_URL``."""
        return f"http://{self._address}/api/v10"

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    def stand_behind(self, host: str, port: int) -> None:
        """Give out another address than its own from now on, for REST and for the gateway."""
        self._front = f"{host}:{port}"
        self.gateway.url = f"ws://{self._address}/gateway"

    @property
    def _address(self) -> str:
        return self._front or f"127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        """Start it."""
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        """Stop it."""
        await self.stop()

    async def start(self) -> None:
        """Listen, after a stop on the same port as before."""
        app = web.Application()
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/gateway/", self.gateway.handle)
        for method, path, handler in self._routes():
            app.router.add_route(method, f"/api/v10{path}", self._wrap(handler))
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.gateway.url = f"ws://{self._address}/gateway"

    async def stop(self) -> None:
        """Hang up on everybody and stop listening; what is remembered stays."""
        await self.gateway.cut()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # What tests wait for.

    async def until(self, condition: Callable[[], Any], seconds: float = 30.0) -> Any:
        """Wait until ``condition`` returns something true, and return that."""
        return await self.state.until(condition, seconds)

    async def connected(self, seconds: float = 30.0) -> None:
        """Wait until a client listens."""
        await self.until(lambda: self.gateway.connected, seconds)

    async def reply_to(self, message: Json, seconds: float = 30.0) -> Json:
        """Wait for the bot's reply to a message, and return it."""
        replies: list[Json] = await self.until(lambda: self.replies_to(message), seconds)
        return replies[0]

    async def response_to(self, interaction: Interaction, seconds: float = 30.0) -> str:
        """Wait for the text that an interaction is answered with."""
        return str(await self.until(lambda: interaction.text, seconds))

    async def modal_of(self, interaction: Interaction, seconds: float = 30.0) -> Json:
        """Wait for the modal that an interaction is answered with."""
        modal: Json = await self.until(lambda: interaction.modal, seconds)
        return modal

    def replies_to(self, message: Json) -> list[Json]:
        """Return the bot's replies to a message so far."""
        return [m for m in self.bot_messages if m.get("message_reference", {}).get("message_id") == message["id"]]

    @property
    def bot_messages(self) -> list[Json]:
        """What the bot posted into channels, also as follow-ups; first responses to interactions excluded."""
        return [m for m in self.state.messages if m["author"]["id"] == BOT_ID]

    def fail(self, method: str, path: str, *faults: Fault) -> None:
        """Let the next requests of a route fail; ``path`` is a pattern such as ``/channels/*/messages``."""
        self.state.faults += [(method, path, fault) for fault in faults]

    # The routes.

    def _routes(self) -> list[tuple[str, str, _Handler]]:
        return [
            ("GET", "/users/@me", self._me),
            ("GET", "/oauth2/applications/@me", self._application),
            ("GET", "/gateway/bot", self._gateway_address),
            ("PUT", "/applications/{application}/commands", self._register),
            ("GET", "/channels/{channel}/messages", self._history),
            ("POST", "/channels/{channel}/messages", self._post),
            ("PATCH", "/channels/{channel}/messages/{message}", self._edit),
            ("DELETE", "/channels/{channel}/messages/{message}", self._delete),
            ("POST", "/channels/{channel}/typing", self._typing),
            ("GET", "/channels/{channel}", self._channel),
            ("POST", "/channels/{channel}/threads", self._post_in_forum),
            ("GET", "/guilds/{guild}/threads/active", self._active_threads),
            ("GET", "/guilds/{guild}/members/{user}", self._member),
            ("POST", "/users/@me/channels", self._open_direct),
            ("POST", "/interactions/{interaction}/{token}/callback", self._callback),
            ("PATCH", "/webhooks/{application}/{token}/messages/@original", self._edit_original),
            ("POST", "/webhooks/{application}/{token}", self._follow_up),
        ]

    def _wrap(self, handler: _Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            path = request.path.removeprefix("/api/v10")
            body: Json | list[Json] = json.loads(await request.text() or "{}")
            content = body if isinstance(body, dict) else {"items": body}
            self.state.requests.append((request.method, path, content))
            fault = self.state.take_fault(request.method, path)
            if fault is not None and not fault.after:
                return await self._misbehave(request, fault)
            if request.headers.get("Authorization", f"Bot {self.token}") != f"Bot {self.token}":
                return _error(401, 0, "401: Unauthorized")
            response = await handler(request, content)
            await self.state.ring()
            if fault is not None:
                return await self._misbehave(request, fault)
            if isinstance(response, web.Response):
                return response
            return _json(response)

        return handle

    async def _misbehave(self, request: web.Request, fault: Fault) -> web.Response:
        await self.state.ring()
        if fault.drop and request.transport is not None:
            if fault.on_break is not None:
                fault.on_break(request)
            request.transport.abort()
        if isinstance(fault.body, str):
            return web.Response(status=fault.status, text=fault.body, headers=fault.headers)
        return _json(fault.body or {}, fault.status, fault.headers)

    async def _me(self, request: web.Request, body: Json) -> Json:
        return BOT

    async def _application(self, request: web.Request, body: Json) -> Json:
        return {
            "id": BOT_ID,
            "name": "supportbot",
            "icon": None,
            "description": "",
            "summary": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "",
            "flags": 0,
            "team": None,
            "owner": ALICE,
        }

    async def _gateway_address(self, request: web.Request, body: Json) -> Json:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        return {"url": self.gateway.url, "shards": 1, "session_start_limit": limit}

    async def _register(self, request: web.Request, body: Json) -> Any:
        self.state.commands = [
            {
                "application_id": BOT_ID,
                "version": "1",
                "default_member_permissions": None,
                "description": "",
                "id": new_id(),
            }
            | command
            for command in body["items"]
        ]
        return self.state.commands

    async def _history(self, request: web.Request, body: Json) -> Any:
        found = [m for m in self.state.messages if m["channel_id"] == request.match_info["channel"]]
        limit = int(request.query.get("limit", 50))
        if after := request.query.get("after"):  # the oldest ones after it, the newest of these first
            return [m for m in found if int(m["id"]) > int(after)][:limit][::-1]
        if before := request.query.get("before"):
            found = [m for m in found if int(m["id"]) < int(before)]
        return found[::-1][:limit]

    async def _post(self, request: web.Request, body: Json) -> Any:
        if not 0 < len(str(body.get("content") or "")) <= 2000:
            return _error(400, 50035, "Invalid Form Body")
        if request.match_info["channel"] == FOREIGN_CHANNEL_ID:
            return _error(403, 50001, "Missing Access")
        reference = body.get("message_reference") or {}
        if reference.get("message_id") in self.state.deleted and reference.get("fail_if_not_exists", True):
            unknown = [{"code": "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "message": "Unknown message"}]
            return _error(400, 50035, "Invalid Form Body", message_reference={"_errors": unknown})
        return self.state.add_message(request.match_info["channel"], BOT, body)

    async def _edit(self, request: web.Request, body: Json) -> Any:
        message = self._find_message(request)
        if message is None:
            return _error(404, 10008, "Unknown Message")
        if message["author"]["id"] != BOT_ID:
            return _error(403, 50005, "Cannot edit a message authored by another user")
        if not 0 < len(str(body.get("content") or "")) <= 2000:
            return _error(400, 50035, "Invalid Form Body")
        changed = {key: body[key] for key in ("content", "components", "allowed_mentions", "flags") if key in body}
        message |= changed | {"edited_timestamp": datetime.now(UTC).isoformat()}
        return message

    async def _delete(self, request: web.Request, body: Json) -> web.Response:
        message = self._find_message(request)
        if message is None:
            return _error(404, 10008, "Unknown Message")
        if message["author"]["id"] != BOT_ID:
            return _error(403, 50013, "Missing Permissions")
        self.state.messages.remove(message)
        self.state.deleted.add(message["id"])
        return web.Response(status=204)

    def _find_message(self, request: web.Request) -> Json | None:
        """Return the message that a request is about, if it is there; it may answer an interaction."""
        found = [*self.state.messages, *(one.message for one in self.state.interactions.values() if one.message)]
        return next((message for message in found if message["id"] == request.match_info["message"]), None)

    async def _channel(self, request: web.Request, body: Json) -> Any:
        number = request.match_info["channel"]
        kinds = {CHANNEL_ID: 0, TEAM_CHANNEL_ID: 0, FORUM_ID: 15, FOREIGN_CHANNEL_ID: 0}
        if number not in kinds:
            return _error(404, 10003, "Unknown Channel")
        guild_id = GUILD_ID if number != FOREIGN_CHANNEL_ID else "800000000000000002"
        return {"id": number, "type": kinds[number], "guild_id": guild_id, "name": "a channel"}

    async def _post_in_forum(self, request: web.Request, body: Json) -> Any:
        if not 0 < len(body["name"]) <= 100 or not 0 < len(body["message"]["content"]) <= 2000:
            return _error(400, 50035, "Invalid Form Body")
        message = build_message("", BOT, body["message"])
        message["channel_id"] = message["id"]  # the first message of a post has the id of the post
        self.state.messages.append(message)
        thread = {"id": message["id"], "type": 11, "guild_id": GUILD_ID, "name": body["name"], "owner_id": BOT_ID}
        self.state.posts.append(thread | {"parent_id": request.match_info["channel"]})
        return self.state.posts[-1] | {"message": message}

    async def _active_threads(self, request: web.Request, body: Json) -> Any:
        return {"threads": self.state.posts, "members": []}

    async def _member(self, request: web.Request, body: Json) -> Any:
        if request.match_info["user"] != BOB["id"]:
            return _error(404, 10007, "Unknown Member")
        return member(BOB)

    async def _open_direct(self, request: web.Request, body: Json) -> Any:
        return {"id": DM_CHANNEL_ID, "type": 1, "recipients": [user(body["recipient_id"], "somebody")]}

    async def _typing(self, request: web.Request, body: Json) -> web.Response:
        return web.Response(status=204)

    async def _callback(self, request: web.Request, body: Json) -> Any:
        interaction = self.state.interactions.get(request.match_info["token"])
        waited = time.monotonic() - interaction.created if interaction else 0
        if interaction is None or waited > DEADLINE_SECONDS:
            return _error(404, 10062, "Unknown interaction")
        if interaction.acknowledged_after is not None:
            return _error(400, 40060, "Interaction has already been acknowledged.")
        data = body.get("data") or {}
        if body["type"] == _MODAL:
            try:
                interaction.modal = validate_modal(data)
            except ComponentValidationError as error:
                return _error(400, 50035, f"Invalid Form Body: {error}")
            interaction.acknowledged_after = waited
            return {"interaction": {"id": interaction.id, "type": 3}, "resource": {"type": _MODAL}}
        if body["type"] == _CHOICES:
            if not all(0 < len(str(one[key])) <= 100 for one in data["choices"] for key in ("name", "value")):
                return _error(400, 50035, "Invalid Form Body")
            if len(data["choices"]) > 25:
                return _error(400, 50035, "Invalid Form Body")
            interaction.choices, interaction.acknowledged_after = data["choices"], waited
            return web.Response(status=204)
        flags = data.get("flags") or 0
        interaction.acknowledged_after = waited
        interaction.ephemeral = bool(flags & EPHEMERAL)
        deferred = body["type"] == 5
        message = interaction.show(data | {"flags": flags | (LOADING if deferred else 0)})
        interaction.message = message
        about = {
            "id": interaction.id,
            "type": 2,
            "response_message_id": message["id"],
            "response_message_loading": deferred,
            "response_message_ephemeral": interaction.ephemeral,
        }
        return {"interaction": about, "resource": {"type": body["type"], "message": message}}

    async def _edit_original(self, request: web.Request, body: Json) -> Any:
        interaction = self.state.interactions.get(request.match_info["token"])
        if interaction is None or interaction.expired:
            return _error(401, 50027, "Invalid Webhook Token")
        if interaction.message is None:
            return _error(404, 10015, "Unknown Webhook")
        changed = {key: body[key] for key in ("content", "components", "allowed_mentions") if key in body}
        flags = (interaction.message["flags"] & ~LOADING) | (body.get("flags") or 0)
        interaction.message |= changed | {"flags": flags}
        return interaction.message

    async def _follow_up(self, request: web.Request, body: Json) -> Any:
        """Post one more message about an interaction; as with Discord, a nonce means nothing here."""
        interaction = self.state.interactions.get(request.match_info["token"])
        if interaction is None or interaction.expired:
            return _error(401, 50027, "Invalid Webhook Token")
        message = interaction.show(body)
        self.state.messages.append(message)
        return message


def _error(status: int, code: int, message: str, **fields: Json) -> web.Response:
    return _json({"code": code, "message": message} | ({"errors": fields} if fields else {}), status)


def _json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    # The client compares the content type letter by letter: no charset.
    headers = {"Content-Type": "application/json", **(headers or {})}
    return web.Response(body=json.dumps(value).encode(), status=status, headers=headers)
