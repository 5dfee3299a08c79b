"""Socket Mode: connections that are there, or come back.

Slack's client replaces a connection by itself, but closes the old one first, retries a refused address for ever,
and takes a refused token for bad luck. So it replaces nothing here: when a connection is over, a new one is made
with a new address. Two are held, of which Slack picks one for each event, so one can be renewed while the other
hears.

A connection that only looks alive is found in three ways. If the line is dead, aiohttp's pings are not answered.
If what comes is not read, the library misses the answers to its own pings. If one of the library's tasks has
ended, which it would not notice, that is looked at here.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress

import structlog
from aiohttp import ServerTimeoutError
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.api_errors import error_code, retry_after, token_error
from bot.slack.bolt import dispatch, library_logger
from bot.slack.deafness import Deafness
from bot.slack.patience import Patience
from supportbot.telemetry import metrics

log = structlog.get_logger(__name__)

CONNECTIONS = 2
"""Slack allows ten an app, so up to five daemons can share it."""

_STEADY_SECONDS = 10.0
"""A connection that Slack ends sooner counts as a failure, so that the next attempts come more slowly."""

_CLOSE_SECONDS = 1.0
"""A half-open connection never confirms that it is closed."""


class _Connection(SocketModeClient):
    """The library's client, except that it never replaces its own connection: it says that it is over."""

    def __init__(self, app: AsyncApp, app_token: str, client: AsyncWebClient, patience: Patience) -> None:
        super().__init__(
            app_token=app_token, web_client=client, ping_interval=patience.ping_seconds, logger=library_logger()
        )
        self._app = app
        self._over = asyncio.Event()
        self._announced = ""
        self.socket_mode_request_listeners.append(self._on_request)

    async def _on_request(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        started = time.time()
        response = await dispatch(self._app, request.payload)
        await send_async_response(client, request, response, started)

    async def enqueue_message(self, message: str) -> None:
        """Take note of why Slack ends a connection before it does; the library does not pass it on."""
        self._announced = self._announced or _read_announcement(message)
        await super().enqueue_message(message)

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        """Called by the library on Slack's ``disconnect``, a closed or a silent connection."""
        self._over.set()

    async def wait_until_over(self, look_seconds: float) -> str:
        """Return when nothing is heard over this connection any more, and why; see ``metrics.RECONNECTS``."""
        while not self._over.is_set() and self._is_read and await self.is_connected():
            with suppress(TimeoutError):
                async with asyncio.timeout(look_seconds):
                    await self._over.wait()
        if self._announced == "link_disabled":
            log.warning("slack.socket_mode_off", remedy="turn on Socket Mode on the app's page at api.slack.com")
        if self._announced:
            return "asked"
        if not self._is_read:
            return "stuck"
        line = self.current_session
        is_silent = self.stale or (line is not None and isinstance(line.exception(), ServerTimeoutError))
        return "silent" if is_silent or await self.is_ping_pong_failing() else "lost"

    @property
    def _is_read(self) -> bool:
        """Whether the library's tasks still take what comes."""
        return not any(task is None or task.done() for task in (self.message_receiver, self.message_processor))

    async def close(self) -> None:
        """Free everything, also if the other side is silent."""
        self.closed = True
        for task in (self.message_processor, self.current_session_monitor, self.message_receiver):
            if task is not None:
                task.cancel()
        try:
            if self.current_session is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_CLOSE_SECONDS):
                        await self.current_session.close()
        finally:
            await self.aiohttp_client_session.close()


def _read_announcement(message: str) -> str:
    """Return the reason that Slack gives for ending a connection; empty for any other message."""
    if '"envelope_id"' in message:  # as everything else has that is not a greeting
        return ""
    with suppress(ValueError):  # the library passes over what is no JSON
        match json.loads(message):
            case {"type": "disconnect", "reason": str(reason)}:
                return reason
    return ""


class Connections:
    """The connections of one app.

    Args:
        app: hears.
        client: opens them.
        app_token: may do so.
        patience: how long to wait for what.
        on_missed: called when something hears again after nothing did, with the time since then, in seconds of
            the epoch; 0 at the start.
    """

    def __init__(
        self,
        app: AsyncApp,
        client: AsyncWebClient,
        app_token: str,
        patience: Patience,
        on_missed: Callable[[float], None] = lambda since: None,
    ) -> None:
        self._app = app
        self._client = client
        self._app_token = app_token
        self._patience = patience
        self._on_missed = on_missed
        self._open = 0
        self._deafness = Deafness(CONNECTIONS)

    @property
    def is_connected(self) -> bool:
        """Whether at least one connection stands."""
        return self._open > 0

    async def run(self) -> None:
        """Hold the connections until cancelled.

        Raises:
            ConfigError: Slack refuses the app-level token.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for number in range(CONNECTIONS):
                    tasks.create_task(self._hold(number), name=f"slack-connection-{number + 1}")
        except ExceptionGroup as group:
            raise group.exceptions[0] from None  # they all fail alike, of the token

    async def _hold(self, number: int) -> None:
        failures = 0
        while True:
            connection = _Connection(self._app, self._app_token, self._client, self._patience)
            try:
                await self._connect(connection)
                log.info("slack.connected", connection=number + 1)
                reason, lasted = await self._stay(connection, number)
                tell = log.warning if reason in ("silent", "stuck") else log.info
                tell("slack.disconnected", connection=number + 1, reason=reason, lasted_seconds=round(lasted, 1))
                metrics.RECONNECTS.labels("slack", reason).inc()
                failures = 0 if lasted > _STEADY_SECONDS else failures + 1
                seconds = self._patience.pause(failures)
            except SlackApiError as error:
                if refused := token_error(error, "SLACK_APP_TOKEN"):
                    raise refused from None
                failures += 1
                seconds = retry_after(error) or self._patience.pause(failures)
                log.warning("slack.not_connected", reason=error_code(error), retry_seconds=round(seconds, 1))
            except Exception as error:  # whatever a network can do
                failures += 1
                seconds = self._patience.pause(failures)
                log.warning("slack.not_connected", reason=type(error).__name__, retry_seconds=round(seconds, 1))
            finally:
                await connection.close()
            await asyncio.sleep(seconds)

    async def _connect(self, connection: _Connection) -> None:
        async with asyncio.timeout(self._patience.connect_seconds):
            answer = await self._client.apps_connections_open(app_token=self._app_token)
            connection.wss_uri = str(answer["url"])
            await connection.connect()  # type: ignore[no-untyped-call]  # the library's

    async def _stay(self, connection: _Connection, number: int) -> tuple[str, float]:
        """Hear until the connection is over; return why it is, and how many seconds it lasted."""
        started = time.monotonic()
        last_alive = stands_since = time.time()
        self._open += 1
        self._tell(self._deafness.back(number, stands_since))
        try:
            reason = await connection.wait_until_over(self._patience.look_seconds)
            last_alive = time.time() if reason == "asked" else connection.last_ping_pong_time or stands_since
        finally:
            self._open -= 1
            self._tell(self._deafness.over(number, last_alive))
        return reason, time.monotonic() - started

    def _tell(self, deaf_since: float | None) -> None:
        if deaf_since is not None:
            self._on_missed(deaf_since)
