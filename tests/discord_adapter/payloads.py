"""Messages as Discord's gateway sends them, each of a kind, with the question that the bot should hear.

They have the real shape, with made-up ids. None means that the bot hears nothing.
"""

from __future__ import annotations

from typing import Any

from tests.discord_server.state import (
    BOT,
    BOT_ID,
    BOT_ROLE_ID,
    CHANNEL_ID,
    DM_CHANNEL_ID,
    GUILD_ID,
    POST_ID,
    STAGE_ID,
    Json,
    new_id,
    user,
)

UNKNOWN_GUILD_ID = "800000000000000999"
_ALICE = {**user("1001", "alice"), "global_name": "Alice Smith"}
_BEN = user("123456789012345679", "ben.o")
_PREVIEW = {"type": "link", "url": "https://shop.example", "title": "Shop", "description": "Everything."}


def message(content: str = "", *, channel: str = CHANNEL_ID, guild: str | None = GUILD_ID, **other: Any) -> Json:
    """Return the payload of MESSAGE_CREATE."""
    payload: Json = {
        "id": new_id(),
        "channel_id": channel,
        "author": _ALICE,
        "content": content,
        "mentions": [BOT] if f"<@{BOT_ID}>" in content else [],
        "mention_roles": [],
        "mention_everyone": False,
        "type": 0,
        "tts": False,
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "flags": 0,
        "components": [],
    }
    if guild is not None:
        about = {"roles": [], "joined_at": "2024-01-01T00:00:00+00:00", "deaf": False, "mute": False, "flags": 0}
        payload |= {"guild_id": guild, "member": about}
    return payload | other


def forwarded(content: str = "", **other: Any) -> Json:
    """Return what turns a message into one that forwards another."""
    snapshot: Json = {
        "type": 0,
        "content": content,
        "embeds": [],
        "attachments": [],
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "flags": 0,
        "mentions": [],
        "mention_roles": [],
        "components": [],
    }
    reference = {"type": 1, "channel_id": CHANNEL_ID, "message_id": "2", "guild_id": GUILD_ID}
    return {
        "flags": 1 << 14,
        "message_reference": reference,
        "message_snapshots": [{"message": snapshot | other}],
    }


def direct(content: str = "", **other: Any) -> Json:
    """Return a message that is written to the bot alone."""
    return message(content, channel=DM_CHANNEL_ID, guild=None, **other)


EMBED: Json = {
    "type": "rich",
    "title": "How do I cancel?",
    "description": "I ordered twice.",
    "fields": [{"name": "Order", "value": "17", "inline": True}],
}
DISPLAYS: Json = {
    "flags": 1 << 15,
    "components": [
        {"type": 10, "id": 1, "content": "Do you ship to Norway?"},
        {
            "type": 17,
            "id": 2,
            "accent_color": None,
            "spoiler": False,
            "components": [{"type": 10, "id": 3, "content": "And to Chile?"}, {"type": 14, "id": 4, "spacing": 1}],
        },
    ],
}
"""Components of version 2: text, and text within a container."""

DISPLAYED = "Do you ship to Norway?\nAnd to Chile?"
EMBEDDED = "How do I cancel?\nI ordered twice.\nOrder: 17"

_TOKENS = (
    f"<@{BOT_ID}> <:box:123456789012345678><a:spin:123456789012345678> where is <@{_BEN['id']}>'s and "
    f"<@!123456789012345670>'s order of <t:1700000000:R>, <t:1700000000:D>, <t:9999999999999>, for "
    f"<@&{BOT_ROLE_ID}1> in <#{CHANNEL_ID}> or <#123456789012345680>? </ask me:123456789012345681> <id:guide> <b>"
)
_WORDS = (
    ":box::spin: where is @someone's and @someone's order of 2023-11-14 22:13 UTC, 2023-11-14, a certain time, "
    "for @role in #help or #channel? /ask me #guide <b>"
)

HEARD: list[tuple[str, Json, str | None]] = [
    (
        "the bot's role",
        message(f"<@&{BOT_ROLE_ID}> how do I return an item?", mention_roles=[BOT_ROLE_ID]),
        "how do I return an item?",
    ),
    ("the bot's role, without the privileged intent", message(mention_roles=[BOT_ROLE_ID]), ""),
    ("another role", message("<@&500000000000000002> how?", mention_roles=["500000000000000002"]), None),
    ("forwarded", direct(**forwarded("How do I return a gift?")), "How do I return a gift?"),
    ("forwarded, with words", direct("Is it true?", **forwarded("You ship.")), "Is it true?\n\nYou ship."),
    ("forwarded embed", direct(**forwarded(embeds=[EMBED])), EMBEDDED),
    ("forwarded text displays", direct(**forwarded(**DISPLAYS)), DISPLAYED),
    (
        "preview of a link",
        direct("What is https://shop.example?", embeds=[_PREVIEW]),
        "What is https://shop.example?",
    ),
    ("tokens", message(_TOKENS, mentions=[BOT, _BEN]), _WORDS),
    ("emoji alone", message(f"<@{BOT_ID}> <:Party_1:123456789012345678>"), None),
    ("emoji of digits alone", direct("<:100:123456789012345678>"), None),
    (
        "first message of a post",
        message(f"<@{BOT_ID}> how long?", id=POST_ID, channel=POST_ID),
        "Returns of shoes\n\nhow long?",
    ),
    ("the bot's name alone", message(f"<@{BOT_ID}>"), ""),
    ("further message of a post", message(f"<@{BOT_ID}> and boots?", channel=POST_ID), "and boots?"),
    ("chat of a stage", message(f"<@{BOT_ID}> is it live?", channel=STAGE_ID), "is it live?"),
    ("guild that is not known", message(f"<@{BOT_ID}> who is?", guild=UNKNOWN_GUILD_ID, channel="1"), "who is?"),
    ("talk in a guild that is not known", message("hello", guild=UNKNOWN_GUILD_ID, channel="1"), None),
    ("webhook", message(f"<@{BOT_ID}> proxied?", webhook_id="55", author=user("55", "Proxied")), None),
    ("another bot", message(f"<@{BOT_ID}> bot?", author=user("56", "other", bot=True)), None),
    ("Discord itself", direct("Your account is safe.", author={**user("57", "Discord"), "system": True}), None),
    ("somebody pins", direct(type=6), None),
    ("somebody joins", message(type=7, mentions=[BOT]), None),
]
