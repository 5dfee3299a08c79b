"""What the local Discord remembers: messages, interactions, faults that are to happen, and who waits for what."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatch
from typing import Any, TypeVar

from aiohttp import web

T = TypeVar("T")

Json = dict[str, Any]

DISCORD_EPOCH_MS = 1_420_070_400_000
THUMB_UP, THUMB_DOWN = 0, 1
EPHEMERAL = 1 << 6
LOADING = 1 << 7
DEADLINE_SECONDS = 3.0
"""How long an interaction may wait for its first acknowledgement."""

BOT_ID = "900000000000000001"
GUILD_ID = "800000000000000001"
CHANNEL_ID = "700000000000000001"
DM_CHANNEL_ID = "600000000000000001"
FORUM_ID = "700000000000000002"
POST_ID = "700000000000000003"
TEAM_CHANNEL_ID = "700000000000000005"
STAGE_ID = "700000000000000004"
FOREIGN_GUILD_ID = "800000000000000002"
FOREIGN_CHANNEL_ID = "700000000000000006"
"""Where the bot is not, and so may not write; people who have installed it for themselves use it there."""
BOT_ROLE_ID = "500000000000000001"
"""The role that Discord makes for a bot alone, and lets people choose beside its name."""

_counter = itertools.count()


def new_id() -> str:
    """Return a snowflake of this moment."""
    return str(((time.time_ns() // 1_000_000 - DISCORD_EPOCH_MS) << 22) | (next(_counter) & 0x3FFFFF))


@dataclass
class Fault:
    """An answer that a route gives instead of its own; ``after`` does the work first.

    With ``drop`` the line breaks instead, and ``on_break`` is called just then. As many requests as ``skip`` says
    pass before.
    """

    status: int = 500
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    after: bool = False
    skip: int = 0
    on_break: Callable[[web.Request], None] | None = None


@dataclass(frozen=True)
class Place:
    """Where somebody interacts, and by whose installation the bot is there: ``owners`` as Discord sends them."""

    guild_id: str
    channel_id: str
    owners: Mapping[str, str] = field(default_factory=dict)


HOME = Place(GUILD_ID, CHANNEL_ID)


@dataclass
class Interaction:
    """A command, a click or a sent modal, and what the bot did about it; ``source`` is the message clicked on.

    ``choices`` are what was offered to somebody who types.
    """

    id: str
    token: str
    created: float
    place: Place = HOME
    by: Json = field(default_factory=dict)
    choices: list[Json] | None = None
    acknowledged_after: float | None = None
    ephemeral: bool = False
    message: Json | None = None
    modal: Json | None = None
    source: Json | None = None
    event: Json = field(default_factory=dict)
    expired: bool = False

    @property
    def text(self) -> str | None:
        """What the person sees as the response; None while there is none or it says "thinking…"."""
        if self.message is None or self.message["flags"] & LOADING:
            return None
        return str(self.message["content"])

    def show(self, body: Json) -> Json:
        """Return a message of the bot about this interaction, where that is."""
        about = {
            "id": self.id,
            "type": self.event["type"],
            "user": self.by,
            "authorizing_integration_owners": dict(self.place.owners),
        }
        message = build_message(self.place.channel_id, BOT, body)
        return message | {"guild_id": self.place.guild_id, "interaction_metadata": about}


@dataclass
class State:
    """Everything that the server knows, and a bell that rings at every change."""

    messages: list[Json] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    interactions: dict[str, Interaction] = field(default_factory=dict)
    nonces: dict[str, Json] = field(default_factory=dict)
    commands: list[Json] = field(default_factory=list)
    posts: list[Json] = field(default_factory=list)
    bot_permissions: str = "8"
    requests: list[tuple[str, str, Json]] = field(default_factory=list)
    faults: list[tuple[str, str, Fault]] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def ring(self) -> None:
        """Tell everybody who waits to look again."""
        async with self.changed:
            self.changed.notify_all()

    async def until(self, condition: Callable[[], T], seconds: float = 30.0) -> T:
        """Wait until ``condition`` returns something true, and return that."""
        async with asyncio.timeout(seconds), self.changed:
            while not (value := condition()):
                await self.changed.wait()
        return value

    def take_fault(self, method: str, path: str) -> Fault | None:
        """Return the next fault of a route, if one is planned, and forget it."""
        for planned in self.faults:
            if planned[0] == method and fnmatch(path, planned[1]):
                if planned[2].skip:
                    planned[2].skip -= 1
                    continue
                self.faults.remove(planned)
                return planned[2]
        return None

    def add_message(self, channel_id: str, author: Json, body: Json) -> Json:
        """Keep a message; the same nonce twice gives the same message."""
        nonce = body.get("nonce")
        if nonce and body.get("enforce_nonce") and nonce in self.nonces:
            return self.nonces[nonce]
        message = build_message(channel_id, author, body)
        self.messages.append(message)
        if nonce:
            self.nonces[nonce] = message
        return message


def user(user_id: str, name: str, *, bot: bool = False) -> Json:
    """Return a user as Discord sends one."""
    return {
        "id": user_id,
        "username": name,
        "global_name": None,
        "discriminator": "0",
        "avatar": None,
        "bot": bot,
        "flags": 0,
        "public_flags": 0,
    }


ALICE = user("1001", "alice")
BOB = user("1002", "bob")


BOT = user(BOT_ID, "supportbot", bot=True)


def member(of: Json) -> Json:
    """Return the guild's part of a user."""
    joined = "2024-01-01T00:00:00+00:00"
    return {
        "user": of,
        "roles": [],
        "joined_at": joined,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "permissions": "8",
    }


def build_message(channel_id: str, author: Json, body: Json) -> Json:
    """Return a message as Discord sends one."""
    reference = body.get("message_reference")
    content = body.get("content") or ""
    message = {
        "id": new_id(),
        "channel_id": channel_id,
        "author": author,
        "content": content,
        "timestamp": datetime.now(UTC).isoformat(),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [BOT] if re.search(rf"<@!?{BOT_ID}>", content) else [],
        "mention_roles": re.findall(r"<@&(\d+)>", content),
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 19 if reference else 0,
        "flags": body.get("flags") or 0,
        "components": body.get("components") or [],
        "allowed_mentions": body.get("allowed_mentions"),
    }
    if reference:
        message["message_reference"] = {"channel_id": channel_id, "message_id": str(reference["message_id"])}
    if channel_id != DM_CHANNEL_ID:
        message["guild_id"] = GUILD_ID
        message["member"] = {key: value for key, value in member(author).items() if key != "user"}
    return message


def guild(last_messages: Mapping[str, str], bot_permissions: str) -> Json:
    """Return the one guild, as its members see it when they connect.

    Args:
        last_messages: the id of the newest message of each channel that has one.
        bot_permissions: what everybody may do, the bot included.
    """
    channels = {CHANNEL_ID: (0, "help"), FORUM_ID: (15, "questions"), STAGE_ID: (13, "town-hall")}
    return {
        "id": GUILD_ID,
        "name": "Shop",
        "owner_id": "1001",
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": "en-US",
        "system_channel_flags": 0,
        "afk_timeout": 300,
        "features": [],
        "roles": [
            role(GUILD_ID, "@everyone", bot_permissions),
            role(BOT_ROLE_ID, "supportbot", managed=True),
        ],
        "emojis": [],
        "stickers": [],
        "members": [member(BOT)],
        "member_count": 2,
        "channels": [_channel(number, *about, last_messages.get(number)) for number, about in channels.items()],
        "threads": [_post(last_messages.get(POST_ID))],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "large": False,
        "unavailable": False,
        "joined_at": "2024-01-01T00:00:00+00:00",
    }


def role(role_id: str, name: str, permissions: str = "8", *, managed: bool = False) -> Json:
    """Return a role as Discord sends one."""
    fields = {
        "id": role_id,
        "name": name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": 0,
        "permissions": permissions,
        "managed": managed,
        "mentionable": False,
        "flags": 0,
    }
    return fields | ({"tags": {"bot_id": BOT_ID}} if managed else {})


def _channel(channel_id: str, kind: int, name: str, last_message_id: str | None) -> Json:
    return {
        "id": channel_id,
        "type": kind,
        "name": name,
        "position": 0,
        "permission_overwrites": [],
        "nsfw": False,
        "parent_id": None,
        "last_message_id": last_message_id,
        "available_tags": [],
        "bitrate": 64_000,
        "user_limit": 0,
    }


def _post(last_message_id: str | None) -> Json:
    """Return a post of the forum, which is a thread whose first message has its id."""
    return {
        "id": POST_ID,
        "type": 11,
        "guild_id": GUILD_ID,
        "parent_id": FORUM_ID,
        "owner_id": "1001",
        "name": "Returns of shoes",
        "last_message_id": last_message_id,
        "message_count": 1,
        "member_count": 1,
        "rate_limit_per_user": 0,
        "thread_metadata": {
            "archived": False,
            "locked": False,
            "auto_archive_duration": 1_440,
            "archive_timestamp": "2026-01-01T00:00:00+00:00",
        },
    }
