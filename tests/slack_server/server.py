"""The local Slack itself: people who speak and click, and a server that an app talks to."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

from tests.slack_server import payloads
from tests.slack_server.faults import Fault, Faults, reset
from tests.slack_server.modals import Modals
from tests.slack_server.records import Channel, Envelope, Ephemeral, Json, Message, Modal
from tests.slack_server.state import APP, TEAM, TEAMS, State
from tests.slack_server.tokens import CLIENT_ID, CLIENT_SECRET, Tokens
from tests.slack_server.transport import Courier, Posts, Sockets, Transport
from tests.slack_server.watched import Watched
from tests.slack_server.web_api import WebApi

BOT_TOKEN = "xoxb-local-bot"
APP_TOKEN = f"xapp-1-{APP}-1-local"
SIGNING_SECRET = "0123456789abcdef0123456789abcdef"


class LocalSlack(Watched):
    """A workspace with one app, on a free port of 127.0.0.1; use it with ``async with``.

    Args:
        ack_seconds: how long an acknowledgement may take before the envelope counts as lost.
        redeliver_seconds: pause before an unacknowledged envelope is sent again.
        port: 0 takes any free one; give one to come back under the same address.
    """

    def __init__(self, *, ack_seconds: float = 3.0, redeliver_seconds: float = 0.05, port: int = 0) -> None:
        self._port = port
        self._front = ""
        state = State()
        self._faults = Faults()
        super().__init__(state, Sockets(state, self._faults, ack_seconds))
        self._courier = Courier(self._state, redeliver_seconds)
        self._modals = Modals(self._state)
        self.tokens = Tokens(BOT_TOKEN)
        self._api = WebApi(self._state, self._faults, self.tokens, APP_TOKEN, self._new_socket_url, self._modals)
        self._transport: Transport = self._sockets
        self._held: list[Envelope] | None = None
        self._dark = False

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        app = web.Application(middlewares=[self._lights], client_max_size=8 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self._api.call)
        app.router.add_post("/response/{token}", self._api.respond)
        app.router.add_get("/link", self._sockets.serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop delivering and close every connection."""
        await self._courier.aclose()
        self._sockets.cut()
        await self._session.close()
        await self._runner.cleanup()

    # --- where it is -------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Address of the server, or of what stands before it."""
        return f"http://{self._front or f'127.0.0.1:{self._port}'}"

    @property
    def api_url(self) -> str:
        """Base of the Web API, for ``SLACK_API_URL``."""
        return f"{self.url}/api/"

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    def stand_behind(self, host: str, port: int) -> None:
        """Give out another address than its own from now on, for the Web API and for WebSockets."""
        self._front = f"{host}:{port}"

    def environment(self) -> dict[str, str]:
        """Return the settings that point a daemon to this Slack."""
        return {
            "SLACK_API_URL": self.api_url,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        }

    def many_environment(self, origin: str) -> dict[str, str]:
        """Return the settings of a daemon that many workspaces install the app of, at a page of this origin."""
        return {
            "SLACK_API_URL": self.api_url,
            "SLACK_CLIENT_ID": CLIENT_ID,
            "SLACK_CLIENT_SECRET": CLIENT_SECRET,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SUPPORTBOT_WEB_ORIGINS": origin,
        }

    def use_http(self, request_url: str) -> None:
        """Deliver by signed POSTs from now on, instead of over WebSockets."""
        self._transport = Posts(self._state, self._session, request_url, SIGNING_SECRET)

    # --- what people do ----------------------------------------------------------------------------------------

    async def mention(
        self,
        channel: str,
        user: str,
        text: str,
        *,
        thread_ts: str | None = None,
        copies: int = 1,
        also_message: bool = False,
    ) -> Envelope:
        """Have somebody mention the bot and then say ``text``.

        Args:
            copies: how often the event is delivered, acknowledged or not.
            also_message: whether the app hears the channel too, and gets the message a second time as ``message``.
        """
        bot = TEAMS[self._team_of(channel)].bot_user
        message = self._say(channel, user, f"<@{bot}> {text}", thread_ts)
        told = [payloads.app_mention(message) for _ in range(copies)]
        if also_message:
            told += [payloads.message_event(message, "channel") for _ in range(copies)]
        return self._deliver_all("events_api", told, message.ts)

    async def say(
        self, channel: str, user: str, text: str, *, thread_ts: str | None = None, copies: int = 1
    ) -> Envelope:
        """Have somebody write in a channel that the app hears, without mentioning the bot."""
        message = self._say(channel, user, text, thread_ts)
        told = [payloads.message_event(message, "channel") for _ in range(copies)]
        return self._deliver_all("events_api", told, message.ts)

    def say_unheard(self, channel: str, user: str, text: str, *, thread_ts: str | None = None) -> str:
        """Have somebody write what the app is not told of, as when Slack has given up; return the timestamp."""
        return self._say(channel, user, text, thread_ts).ts

    async def edit(self, said: Envelope, text: str) -> Envelope:
        """Have somebody edit a message in a channel that the app hears."""
        message = next(message for message in self.messages if message.ts == said.ts)
        old_text, message.text = message.text, text
        return self._deliver_all("events_api", [payloads.message_changed(message, old_text)])

    def delete_unheard(self, ts: str) -> Message:
        """Have somebody delete a message without telling the app; return it."""
        message = next(message for message in self.messages if message.ts == ts)
        self.messages.remove(message)
        self._state.deleted.add(ts)
        return message

    async def delete(self, said: Envelope) -> Envelope:
        """Have somebody delete a message in a channel that the app hears."""
        message = self.delete_unheard(said.ts)
        return self._deliver_all("events_api", [payloads.message_deleted(message)])

    async def dm(self, user: str, text: str, *, thread_ts: str | None = None, copies: int = 1) -> Envelope:
        """Have somebody write to the bot directly; the channel is ``D`` and the user's id."""
        message = self._say(f"D{user}", user, text, thread_ts)
        told = [payloads.message_event(message, "im") for _ in range(copies)]
        return self._deliver_all("events_api", told, message.ts)

    async def slash(
        self, channel: str, user: str, text: str, *, command: str = "/ask", copies: int = 1
    ) -> Envelope:
        """Have somebody type a slash command; what the app answers at once is the envelope's ``response``."""
        payload = payloads.slash_command(
            command,
            text,
            channel=channel,
            user=user,
            response_url=self._response_url(channel, user),
            trigger_id=self._modals.new_trigger(user, self._team_of(channel)),
            team=self._team_of(channel),
        )
        return self._deliver_all("slash_commands", [payload] * copies)

    async def open_tab(self, user: str, tab: str = "home", *, copies: int = 1) -> Envelope:
        """Have somebody look at a tab of the app, ``home`` or ``messages``."""
        team = self._team_of(f"D{user}")
        return self._deliver_all("events_api", [payloads.app_home_opened(user, tab, team) for _ in range(copies)])

    async def press_in_home(self, user: str, action_id: str) -> Envelope:
        """Have somebody click a button of the Home tab, whether it was shown to them or not."""
        clicked = payloads.home_click(user, action_id, self._modals.new_trigger(user))
        return self._deliver_all("interactive", [clicked])

    async def open_assistant(self, user: str) -> Envelope:
        """Have somebody open the older assistant view; its thread is the envelope's ``ts``."""
        thread = self._state.new_ts()
        told = [payloads.assistant_thread_started(user, thread)]
        return self._deliver_all("events_api", told, thread)

    async def click(self, shown: Message | Ephemeral, user: str, *, positive: bool) -> Envelope:
        """Have somebody click a thumb under a message.

        Raises:
            LookupError: it has no thumbs.
        """
        payload = payloads.feedback_click(
            shown,
            user,
            positive=positive,
            response_url=self._response_url(shown.channel, user),
            trigger_id=self._modals.new_trigger(user, shown.team),
        )
        return self._deliver_all("interactive", [payload])

    async def choose(self, shown: Message | Ephemeral, user: str, number: int, *, copies: int = 1) -> Envelope:
        """Have somebody click one of the plain buttons under a message, counted from 0."""
        payload = payloads.button_click(
            shown,
            user,
            number,
            response_url=self._response_url(shown.channel, user),
            trigger_id=self._modals.new_trigger(user, shown.team),
        )
        return self._deliver_all("interactive", [payload] * copies)

    def fill_in(self, modal: Modal, *, choose: str | None = None, write: str | None = None) -> Json:
        """Return what Slack would send if somebody sent a modal now; see ``submit``."""
        return self._modals.fill_in(modal, choose=choose, write=write)

    async def submit(
        self,
        modal: Modal,
        *,
        choose: str | None = None,
        write: str | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Envelope:
        """Have the person who has a modal open fill it in and send it, and show what the app answers.

        Args:
            choose: the words of the option to pick; by default what is picked already.
            write: what to write; by default what stands there already.
            fields: likewise for single fields, by their block.

        Raises:
            LookupError: there is no such option.
            ValueError: Slack's own form would not send this.
        """
        sent = self._modals.fill_in(modal, choose=choose, write=write, fields=fields)
        envelope = self._deliver_all("interactive", [sent])
        await self.wait_for_ack(envelope)
        self._modals.show_response(modal, envelope.response)
        return envelope

    async def deliver(self, payload: Json, *, kind: str = "events_api", copies: int = 1) -> Envelope:
        """Deliver any payload at all."""
        return self._deliver_all(kind, [payload] * copies)

    @asynccontextmanager
    async def shuffled(self, rng: random.Random) -> AsyncIterator[None]:
        """Hold back what people do inside, and deliver it in another order afterwards."""
        self._held = []
        yield
        held, self._held = self._held, None
        rng.shuffle(held)
        for envelope in held:
            self._courier.start(envelope, self._transport)

    def make_admin(self, user: str) -> None:
        """Let somebody be an admin of the workspace."""
        self._state.admins.add(user)

    def describe(self, user: str, **profile: object) -> None:
        """Say of somebody what Slack does not say of everybody."""
        self._state.profiles[user] = profile

    def expect_acks_within(self, seconds: float) -> None:
        """Be less patient: an envelope that isn't acknowledged by then is sent again."""
        self._sockets.ack_seconds = seconds

    def give_up_after(self, retries: int) -> None:
        """Send an envelope that isn't acknowledged again so often only; Slack does so three times."""
        self._courier.retries = retries

    def expire_triggers_after(self, seconds: float) -> None:
        """Let a click open a modal for this long only."""
        self._modals.trigger_seconds = seconds

    def channel(self, channel: str, team: str = TEAM) -> Channel:
        """Return a channel, to archive it, to take the bot out of it, or to say first which workspace it is in."""
        return self._state.channel(channel, team)

    async def uninstall(self, team: str) -> Envelope:
        """Have somebody remove the app from a workspace: its token ends, and the app is told."""
        self.tokens.end(team, "account_inactive")
        told = [payloads.tokens_revoked(team, bots=(TEAMS[team].bot_user,)), payloads.app_uninstalled(team)]
        return self._deliver_all("events_api", told)

    # --- how it misbehaves -------------------------------------------------------------------------------------

    def misbehave(self, method: str, fault: Fault, *, times: int = 1, after: int = 0) -> None:
        """Let calls of a method fail, once so many have passed; ``websocket`` and ``response_url`` are methods."""
        self._faults.add(method, fault, times, after)

    def behave(self) -> None:
        """Forget the faults that wait."""
        self._faults.clear()

    def grant(self, scopes: str) -> None:
        """Say with each answer from now on which scopes the token has."""
        self._api.granted = scopes

    def forget_methods(self, *names: str) -> None:
        """Answer ``unknown_method`` to these methods from now on, as older servers do."""
        self._api.forget_methods(*names)

    def limit_posts(self, seconds: float) -> None:
        """Answer 429 to a message that follows another in its channel sooner than this."""
        self._api.post_seconds = seconds

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the app to connect anew, and close its WebSockets."""
        await self._sockets.disconnect(reason)

    def cut(self) -> None:
        """Break all WebSockets without a word."""
        self._sockets.cut()

    def mute(self) -> None:
        """Leave all WebSockets open, but answer nothing on them any more: half-open lines."""
        self._sockets.mute()

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Be unreachable: every connection breaks, and so does every new one."""
        self._dark = True
        self._sockets.cut()
        try:
            yield
        finally:
            self._dark = False

    # --- inside ------------------------------------------------------------------------------------------------

    def _say(self, channel: str, user: str, text: str, thread_ts: str | None) -> Message:
        self._state.channel(channel)
        message = Message(
            channel=channel,
            ts=self._state.new_ts(),
            user=user,
            text=text,
            team=self._team_of(channel),
            thread_ts=thread_ts,
        )
        self._state.messages.append(message)
        return message

    def _team_of(self, channel: str) -> str:
        return self._state.channel(channel).team

    def _deliver_all(self, kind: str, told: list[Json], ts: str = "") -> Envelope:
        envelopes = [Envelope(kind=kind, payload=payload, ts=ts) for payload in told]
        for envelope in envelopes:
            if self._held is not None:
                self._held.append(envelope)
            else:
                self._courier.start(envelope, self._transport)
        return envelopes[0]

    def _response_url(self, channel: str, user: str) -> str:
        return f"{self.url}/response/{self._api.new_response_token(channel, user)}"

    def _new_socket_url(self) -> str:
        return f"{self.url.replace('http', 'ws', 1)}/link?ticket={self._sockets.new_ticket()}"

    @web.middleware
    async def _lights(self, request: web.Request, handler: Callable[..., object]) -> web.StreamResponse:
        if self._dark:
            return reset(request)
        response = await handler(request)  # type: ignore[misc]
        assert isinstance(response, web.StreamResponse)
        return response
