"""The Web API methods that the bot uses, with Slack's names for what is wrong."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable

from aiohttp import web

from tests.slack_server.blocks import MAX_SECTION, ApiFailedError, check_blocks
from tests.slack_server.faults import Faults, RateLimited, Reset, fault_response
from tests.slack_server.modals import Modals, RefusedViewError
from tests.slack_server.payloads import user_name
from tests.slack_server.records import Call, Channel, Ephemeral, Json, Message
from tests.slack_server.state import APP, TEAM, TEAMS, State
from tests.slack_server.tokens import TokenError, Tokens

MAX_MARKDOWN = 12_000
MAX_PROMPTS = 4
MAX_HEADER = 150
MAX_VIEW_BLOCKS = 100
RESPONSE_URL_USES = 5


class WebApi:
    """Answers ``/api/<method>`` and ``/response/<token>``.

    Args:
        state: what is remembered.
        faults: how to fail.
        tokens: those of bots.
        app_token: the app-level token.
        new_socket_url: makes the address of the next WebSocket.
        modals: opens them.
    """

    def __init__(
        self,
        state: State,
        faults: Faults,
        tokens: Tokens,
        app_token: str,
        new_socket_url: Callable[[], str],
        modals: Modals,
    ) -> None:
        self._state = state
        self._faults = faults
        self._tokens = tokens
        self._app_token = app_token
        self._caller = TEAMS[TEAM]  # of the call that is answered: one after the other
        self._new_socket_url = new_socket_url
        self._response_urls: dict[str, tuple[str, str, int]] = {}
        self.post_seconds = 0.0
        self.granted: str | None = None
        self._methods: dict[str, Callable[[Json], Json]] = {
            "auth.revoke": self._revoke,
            "auth.test": self._auth_test,
            "apps.connections.open": self._open_connection,
            "assistant.threads.setStatus": self._set_status,
            "assistant.threads.setSuggestedPrompts": self._suggest,
            "chat.appendStream": self._append_stream,
            "chat.delete": self._delete,
            "chat.getPermalink": self._permalink,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.postMessage": self._post_message,
            "chat.startStream": self._start_stream,
            "chat.stopStream": self._stop_stream,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.open": self._open,
            "conversations.replies": self._replies,
            "reactions.add": self._react,
            "users.conversations": self._conversations,
            "users.info": self._user,
            "views.open": modals.open,
            "views.publish": self._publish,
        }
        self._unknown: frozenset[str] = frozenset()

    def forget_methods(self, *names: str) -> None:
        """Know these methods no more, as older servers do."""
        self._unknown = frozenset(names)

    def new_response_token(self, channel: str, user: str) -> str:
        """Return what makes a ``response_url`` of a channel and a person unique."""
        token = secrets.token_hex(8)
        self._response_urls[token] = (channel, user, 0)
        return token

    async def call(self, request: web.Request) -> web.Response:
        """Answer one call of a method."""
        method = request.match_info["method"]
        arguments = await _arguments(request)
        call = Call(method=method, arguments=arguments)
        self._state.calls.append(call)
        return await self._answer(request, method, lambda: self._run(request, call))

    async def respond(self, request: web.Request) -> web.Response:
        """Take one message for a ``response_url``."""
        body = await request.json()
        self._state.calls.append(Call(method="response_url", arguments=body))
        return await self._answer(request, "response_url", lambda: self._use(request.match_info["token"], body))

    async def _answer(self, request: web.Request, method: str, run: Callable[[], web.Response]) -> web.Response:
        fault = self._faults.take(method)
        try:
            if fault is None:
                return run()
            if isinstance(fault, RateLimited):
                self._state.rate_limited += 1
            if isinstance(fault, Reset) and fault.after_accept:
                run()
            return fault_response(request, fault)
        finally:
            self._state.changed()

    def _run(self, request: web.Request, call: Call) -> web.Response:
        method, arguments = call.method, call.arguments
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            if method == "oauth.v2.access":
                return web.json_response({"ok": True, **self._tokens.access(request, arguments)})
            if method not in self._methods or method in self._unknown:
                raise ApiFailedError("unknown_method")
            if method != "apps.connections.open":
                self._caller = self._tokens.team_of(token)
                call.team, call.token = self._caller.id, token
            elif token != self._app_token:
                raise ApiFailedError("invalid_auth" if token else "not_authed")
            answer = {"ok": True, **self._methods[method](arguments)}
            if method == "auth.revoke":
                self._tokens.revoke(token)
            headers = {"x-oauth-scopes": self.granted} if self.granted is not None else None
            return web.json_response(answer, headers=headers)
        except _TooFastError:
            self._state.rate_limited += 1
            return fault_response(request, RateLimited("1"))
        except (ApiFailedError, RefusedViewError, TokenError) as error:
            return web.json_response({"ok": False, "error": str(error)})

    def _use(self, token: str, body: Json) -> web.Response:
        channel, user, uses = self._response_urls.get(token, ("", "", RESPONSE_URL_USES))
        if uses >= RESPONSE_URL_USES:
            return web.Response(status=404, text="expired_url")
        self._response_urls[token] = (channel, user, uses + 1)
        check_blocks(body)
        self._state.ephemerals.append(
            Ephemeral(
                channel=channel,
                user=user,
                team=self._state.channel(channel).team,
                text=body.get("text", ""),
                thread_ts=body.get("thread_ts"),
                blocks=body.get("blocks", []),
                arguments=body,
            )
        )
        return web.Response(text="ok")

    def _auth_test(self, arguments: Json) -> Json:
        return {
            "url": "http://local.test/",
            "team": self._caller.name,
            "user": "support_bot",
            "team_id": self._caller.id,
            "user_id": self._caller.bot_user,
            "bot_id": self._caller.bot_id,
        }

    def _revoke(self, arguments: Json) -> Json:
        return {"revoked": True}

    def _open_connection(self, arguments: Json) -> Json:
        return {"url": self._new_socket_url()}

    def _set_status(self, arguments: Json) -> Json:
        self._check_channel(arguments["channel_id"])
        self._state.statuses.append(arguments)
        return {}

    def _suggest(self, arguments: Json) -> Json:
        """Take suggested prompts; those of the agent view belong to no thread."""
        self._check_channel(arguments["channel_id"])
        prompts = arguments["prompts"]
        if not 0 < len(prompts) <= MAX_PROMPTS or not all(one["title"] and one["message"] for one in prompts):
            raise ApiFailedError("invalid_arguments")
        self._state.prompts.append(arguments)
        return {}

    def _publish(self, arguments: Json) -> Json:
        view = arguments["view"]
        if view["type"] != "home" or not 0 < len(view["blocks"]) <= MAX_VIEW_BLOCKS:
            raise ApiFailedError("invalid_arguments")
        for block in view["blocks"]:
            if block["type"] == "actions":
                if not all(one["action_id"] and 0 < len(one["text"]["text"]) <= 75 for one in block["elements"]):
                    raise ApiFailedError("invalid_arguments")
                continue
            text = block.get("text", {}).get("text", "")
            most = MAX_HEADER if block["type"] == "header" else MAX_SECTION
            if block["type"] != "divider" and not 0 < len(text) <= most:
                raise ApiFailedError("invalid_arguments")
        self._state.homes.setdefault(arguments["user_id"], []).append(view)
        return {"view": {**view, "id": f"V{secrets.token_hex(5).upper()}"}}

    def _react(self, arguments: Json) -> Json:
        self._check_channel(arguments["channel"])
        self._state.changed()
        return {}

    def _post_message(self, arguments: Json) -> Json:
        channel = self._check_channel(arguments["channel"])
        check_blocks(arguments)
        thread_ts = arguments.get("thread_ts")
        if channel.thread_only and not thread_ts:
            raise ApiFailedError("restricted_action_thread_only_channel")
        # Slack takes a reply to a message that is gone, and shows it at the root.
        if thread_ts in self._state.deleted and not any(
            one.thread_ts == thread_ts for one in self._state.messages
        ):
            thread_ts = None
        now = time.monotonic()
        if now - channel.posted_at < self.post_seconds:
            raise _TooFastError
        channel.posted_at = now
        message = Message(
            channel=channel.id,
            ts=self._state.new_ts(),
            user=self._caller.bot_user,
            bot_id=self._caller.bot_id,
            team=self._caller.id,
            text=arguments.get("text", ""),
            thread_ts=thread_ts,
            blocks=arguments.get("blocks", []),
            metadata=arguments.get("metadata"),
            arguments=arguments,
        )
        self._state.messages.append(message)
        shown = {**message.to_json(with_metadata=True), "app_id": APP}
        return {"channel": channel.id, "ts": message.ts, "message": shown}

    def _post_ephemeral(self, arguments: Json) -> Json:
        channel = self._check_channel(arguments["channel"])
        check_blocks(arguments)
        self._state.ephemerals.append(
            Ephemeral(
                channel=channel.id,
                user=arguments["user"],
                team=channel.team,
                text=arguments.get("text", ""),
                thread_ts=arguments.get("thread_ts"),
                blocks=arguments.get("blocks", []),
                arguments=arguments,
            )
        )
        return {"message_ts": self._state.new_ts()}

    def _start_stream(self, arguments: Json) -> Json:
        if "thread_ts" not in arguments or "metadata" in arguments:
            raise ApiFailedError("invalid_arguments")
        if not arguments["channel"].startswith("D"):
            for recipient in ("recipient_user_id", "recipient_team_id"):
                if recipient not in arguments:
                    raise ApiFailedError(f"missing_{recipient}")
        posted = self._post_message({**arguments, "text": _streamed(arguments)})
        message = self._find(arguments["channel"], posted["ts"])
        message.streaming_state = "in_progress"
        return {"channel": message.channel, "ts": message.ts}

    def _append_stream(self, arguments: Json) -> Json:
        message = self._find_open_stream(arguments)
        message.text += _streamed(arguments)
        return {"channel": message.channel, "ts": message.ts}

    def _stop_stream(self, arguments: Json) -> Json:
        message = self._find_open_stream(arguments)
        if "markdown_text" in arguments or "chunks" in arguments:
            message.text += _streamed(arguments)
        message.streaming_state = "completed"
        message.blocks = arguments.get("blocks", [])
        message.metadata = arguments.get("metadata")
        shown = {**message.to_json(with_metadata=True), "app_id": APP}
        return {"channel": message.channel, "ts": message.ts, "message": shown}

    def _find_open_stream(self, arguments: Json) -> Message:
        message = self._find(arguments["channel"], arguments["ts"])
        if message.bot_id != self._caller.bot_id:
            raise ApiFailedError("message_not_owned_by_app")
        if message.streaming_state != "in_progress":
            raise ApiFailedError("message_not_in_streaming_state")
        return message

    def _delete(self, arguments: Json) -> Json:
        message = self._find(arguments["channel"], arguments["ts"])
        if message.bot_id != self._caller.bot_id or message.streaming_state == "in_progress":
            raise ApiFailedError("cant_delete_message")
        self._state.messages.remove(message)
        return {"channel": message.channel, "ts": message.ts}

    def _update(self, arguments: Json) -> Json:
        message = self._find(arguments["channel"], arguments["ts"])
        if message.bot_id != self._caller.bot_id:
            raise ApiFailedError("cant_update_message")
        if message.streaming_state == "in_progress":
            raise ApiFailedError("streaming_state_conflict")
        check_blocks(arguments)
        message.text = arguments.get("text", message.text)
        message.blocks = arguments.get("blocks", message.blocks)
        message.metadata = arguments.get("metadata", message.metadata)
        return {
            "channel": message.channel,
            "ts": message.ts,
            "text": message.text,
            "message": message.to_json(with_metadata=True),
        }

    def _find(self, channel: str, ts: str) -> Message:
        for message in self._state.messages:
            if (message.channel, message.ts, message.team) == (channel, ts, self._caller.id):
                return message
        raise ApiFailedError("message_not_found")

    def _conversations(self, arguments: Json) -> Json:
        theirs = [one for one in self._state.channels.values() if one.team == self._caller.id]
        mine = [channel for channel in theirs if channel.member and not channel.archived]
        listed = [{"id": channel.id, "is_im": channel.id.startswith("D")} for channel in mine]
        return {"channels": listed, "response_metadata": {"next_cursor": ""}}

    def _user(self, arguments: Json) -> Json:
        user = arguments["user"]
        locale = {"locale": "en-US"} if str(arguments.get("include_locale")).lower() in ("1", "true") else {}
        described = self._state.profiles.get(user, {})
        return {
            "user": {
                **locale,
                "id": user,
                "team_id": self._caller.id,
                "name": user_name(user),
                "real_name": user_name(user),
                "profile": {"display_name": ""},
                "deleted": False,
                "is_bot": False,
                "is_restricted": False,
                "is_admin": user in self._state.admins,
                "is_owner": False,
                **{name: value for name, value in described.items() if name != "locale" or locale},
            }
        }

    def _history(self, arguments: Json) -> Json:
        channel = self._check_channel(arguments["channel"])
        oldest = float(arguments.get("oldest", 0))
        found = [
            message
            for message in self._state.messages
            if message.channel == channel.id
            and message.thread_ts in (None, message.ts)
            and float(message.ts) > oldest
        ]
        page = _page(found[::-1], arguments)
        for root in page["messages"]:
            replies = [one.ts for one in self._state.messages if one.thread_ts == root["ts"] != one.ts]
            if replies:
                root |= {"thread_ts": root["ts"], "reply_count": len(replies), "latest_reply": replies[-1]}
        return page

    def _replies(self, arguments: Json) -> Json:
        channel = self._check_channel(arguments["channel"])
        root = arguments["ts"]
        in_channel = [message for message in self._state.messages if message.channel == channel.id]
        if not any(root in (message.ts, message.thread_ts) for message in in_channel):
            raise ApiFailedError("thread_not_found")
        oldest = float(arguments.get("oldest", 0))
        parent = [message for message in in_channel if message.ts == root]
        replies = [message for message in in_channel if message.thread_ts == root and float(message.ts) > oldest]
        return _page(parent + replies, arguments)

    def _permalink(self, arguments: Json) -> Json:
        channel, ts = arguments["channel"], arguments["message_ts"]
        if not any((message.channel, message.ts) == (channel, ts) for message in self._state.messages):
            raise ApiFailedError("message_not_found")
        return {
            "channel": channel,
            "permalink": f"https://local.slack.com/archives/{channel}/p{ts.replace('.', '')}",
        }

    def _open(self, arguments: Json) -> Json:
        user = arguments["users"]
        if not user.startswith("U"):
            raise ApiFailedError("user_not_found")
        return {"channel": {"id": self._check_channel(f"D{user}").id}}

    def _check_channel(self, name: str) -> Channel:
        channel = self._state.channel(name, self._caller.id)
        if not channel.exists or channel.team != self._caller.id:
            raise ApiFailedError("channel_not_found")
        if channel.archived:
            raise ApiFailedError("is_archived")
        if not channel.member:
            raise ApiFailedError("not_in_channel")
        return channel


class _TooFastError(Exception):
    """More than one message a second in a channel."""


async def _arguments(request: web.Request) -> Json:
    if request.content_type == "application/json":
        arguments: Json = await request.json()
        return arguments
    given = {**request.query, **{name: str(value) for name, value in (await request.post()).items()}}
    return {name: _decoded(value) for name, value in given.items()}


def _decoded(value: str) -> object:
    """Return lists and objects in a form as what they are."""
    return json.loads(value) if value.startswith(("[", "{")) else value


def _streamed(arguments: Json) -> str:
    """Return the Markdown that a call adds to a stream."""
    if "chunks" in arguments and "markdown_text" in arguments:
        raise ApiFailedError("cannot_provide_both_markdown_text_and_chunks")
    given = [one.get("text", "") for one in arguments.get("chunks", []) if one.get("type") == "markdown_text"]
    text = "".join(given) or str(arguments.get("markdown_text", ""))
    if not text:
        raise ApiFailedError("no_text")
    if len(text) > MAX_MARKDOWN:
        raise ApiFailedError("msg_too_long")
    return text


def _page(messages: list[Message], arguments: Json) -> Json:
    start = int(arguments.get("cursor") or 0)
    end = start + int(arguments.get("limit", 100))
    with_metadata = str(arguments.get("include_all_metadata", "")) in ("1", "true", "True")
    page: Json = {
        "messages": [message.to_json(with_metadata=with_metadata) for message in messages[start:end]],
        "has_more": end < len(messages),
    }
    if end < len(messages):
        page["response_metadata"] = {"next_cursor": str(end)}
    return page
