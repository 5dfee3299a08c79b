"""What the local Slack remembers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Message:
    """A message that everybody in the channel sees.

    ``arguments`` are those of the call that posted it; ``at`` is ``time.monotonic()``. A person's message has no
    ``bot_id``. ``streaming_state`` is that of a message which is, or was, a stream; ``team`` its workspace.
    """

    channel: str
    ts: str
    user: str
    text: str
    team: str = "T0LOCAL"
    thread_ts: str | None = None
    bot_id: str | None = None
    blocks: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    streaming_state: str | None = None
    arguments: Json = field(default_factory=dict)
    at: float = field(default_factory=time.monotonic)

    @property
    def shown(self) -> str:
        """Return what people read: the text of the blocks, or the text if there are none."""
        return shown_text(self.blocks) or self.text

    @property
    def is_whole(self) -> bool:
        """Return whether this is no answer that is still being written."""
        if self.metadata is None:
            return self.streaming_state is None
        return bool(self.metadata["event_type"] != "supportbot_begun")

    def to_json(self, *, with_metadata: bool) -> Json:
        """Return the message as the Web API shows it."""
        fields: Json = {"type": "message", "ts": self.ts, "user": self.user, "text": self.text}
        if self.thread_ts:
            fields["thread_ts"] = self.thread_ts
        if self.bot_id:
            fields |= {"bot_id": self.bot_id, "blocks": self.blocks}
        if self.streaming_state:
            fields["streaming_state"] = self.streaming_state
        if self.metadata and with_metadata:
            fields["metadata"] = self.metadata
        return fields


@dataclass(slots=True, kw_only=True)
class Ephemeral:
    """A message that one person sees, sent by ``chat.postEphemeral`` or to a ``response_url``."""

    channel: str
    user: str
    text: str
    team: str = "T0LOCAL"
    thread_ts: str | None = None
    blocks: list[Json] = field(default_factory=list)
    arguments: Json = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """Return what the person reads."""
        return shown_text(self.blocks) or self.text


@dataclass(slots=True, kw_only=True)
class Modal:
    """A modal that one person has open, or had; ``view`` is as the app built it."""

    id: str
    user: str
    view: Json
    team: str = "T0LOCAL"
    is_open: bool = True
    errors: Json = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """Return what the person reads above the fields."""
        return shown_text(self.view["blocks"])

    def element(self, kind: str) -> Json:
        """Return the one field of a kind, such as ``radio_buttons``."""
        (found,) = [
            block["element"] for block in self.view["blocks"] if block.get("element", {}).get("type") == kind
        ]
        element: Json = found
        return element


@dataclass(slots=True)
class Channel:
    """A channel; ``member`` says whether the bot is in it; ``thread_only``, that messages must be replies."""

    id: str
    member: bool = True
    archived: bool = False
    thread_only: bool = False
    exists: bool = True
    posted_at: float = float("-inf")
    team: str = "T0LOCAL"


@dataclass(slots=True, kw_only=True)
class Call:
    """One call of a Web API method, with whose token, if it is a workspace's; ``at`` is ``time.monotonic()``."""

    method: str
    arguments: Json
    team: str | None = None
    token: str | None = None
    at: float = field(default_factory=time.monotonic)


@dataclass(slots=True, kw_only=True)
class Envelope:
    """Something that Slack tells the app, until the app acknowledges it.

    Attributes:
        kind: ``events_api``, ``slash_commands`` or ``interactive``.
        ts: of the message that it is about; empty for commands and clicks.
        attempts: how often it was sent.
        acked: whether the app has acknowledged it; ``acked_at`` says when, by ``time.monotonic()``.
        response: what the app said with the acknowledgement, if anything.
        statuses: in HTTP mode, the app's answers.
    """

    kind: str
    payload: Json
    ts: str = ""
    attempts: int = 0
    acked: bool = False
    acked_at: float | None = None
    response: Json | None = None
    statuses: list[int] = field(default_factory=list)

    def acknowledge(self) -> None:
        """Note that the app has acknowledged it."""
        self.acked_at = self.acked_at or time.monotonic()
        self.acked = True

    @property
    def accepts_response(self) -> bool:
        """Whether the app may say something with the acknowledgement."""
        return self.kind == "slash_commands" or self.payload.get("type") == "view_submission"


def shown_text(blocks: list[Json]) -> str:
    """Return the text of all sections and of rich text, one after the other."""
    return "\n".join(_shown(block) for block in blocks if block["type"] in ("section", "rich_text"))


def _shown(block: Json) -> str:
    match block:
        case {"type": "section", "text": {"text": str(text)}} | {"type": "text", "text": str(text)}:
            return text
        case {"type": "link", "url": str(url)}:
            return url
        case {"type": "rich_text" | "rich_text_list"}:
            return "\n".join(map(_shown, block["elements"]))
    return "".join(map(_shown, block["elements"]))
