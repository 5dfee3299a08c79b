"""What a message says, in words that a person reads: its own text, what it forwards, embeds and text displays.

Discord writes people, roles, channels, emoji and times as tokens with numbers. They become words here, before a
text reaches the prompt or the record. People become "@someone": whoever names others has not asked them, no answer
depends on who they are, and neither redaction nor an erasure would find a bare name in somebody else's question.

This module knows no question and no service.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial

import discord

# https://discord.com/developers/docs/reference#message-formatting
_TOKEN = re.compile(
    r"<(?:"
    r"a?:(?P<emoji>\w{1,64}):\d{1,20}"
    r"|@!?(?P<user>\d{1,20})"
    r"|@&(?P<role>\d{1,20})"
    r"|#(?P<channel>\d{1,20})"
    r"|t:(?P<time>-?\d{1,16})(?::(?P<style>[a-zA-Z]))?"
    r"|/(?P<command>[^<>:\n]{1,120}):\d{1,20}"
    r"|id:(?P<page>[\w-]{1,30})(?::\d{1,20})?"
    r")>"
)
_DAY_STYLES = ("d", "D")


def text_of(message: discord.Message, me: discord.ClientUser | int) -> str:
    """Return what a message says, the sender's own words first; empty if there are none.

    Args:
        message: as Discord sent it.
        me: the bot, whose mention is left out, or its id.
    """
    said = [
        _own_words(message, message.content),
        *(_own_words(part, part.content) for part in message.message_snapshots),
    ]
    text = "\n\n".join(part for part in said if part)
    return readable(without_mention(text, mentions_of_bot(message.guild, me)), message.guild).strip()


def mentions_of_bot(guild: discord.Guild | None, me: discord.ClientUser | int) -> tuple[str, ...]:
    """Return how the bot is mentioned in a guild: by itself, or by the role that Discord gives it alone."""
    number = me if isinstance(me, int) else me.id
    role = guild.self_role if guild is not None else None
    return (f"<@{number}>", f"<@!{number}>", *((f"<@&{role.id}>",) if role is not None else ()))


def without_mention(text: str, mentions: Iterable[str]) -> str:
    """Cut every one of these mentions out of a text."""
    for mention in mentions:
        text = text.replace(mention, " ")
    return text.strip()


def readable(text: str, guild: discord.Guild | None) -> str:
    """Return a text with words in place of Discord's tokens.

    Args:
        text: as Discord sent it.
        guild: where it was said; its cache knows roles and channels.
    """
    return _TOKEN.sub(partial(_words, guild), text) if "<" in text else text


def _words(guild: discord.Guild | None, token: re.Match[str]) -> str:
    """Return what Discord shows in place of a token, as far as it is known here."""
    value = token[token.lastgroup or 0] if token.lastgroup != "style" else token["time"]
    match token.lastgroup:
        case "emoji":
            return f":{value}:"
        case "user":
            return "@someone"
        case "role":
            role = guild.get_role(int(value)) if guild else None
            return f"@{role.name}" if role else "@role"
        case "channel":
            channel = guild.get_channel_or_thread(int(value)) if guild else None
            return f"#{channel.name}" if channel else "#channel"
        case "command":
            return f"/{value}"
        case "page":
            return f"#{value}"
        case _:
            return _date(int(value), token["style"] or "f")


def _date(seconds: int, style: str) -> str:
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):  # no calendar has it
        return "a certain time"
    return f"{moment:%Y-%m-%d}" if style in _DAY_STYLES else f"{moment:%Y-%m-%d %H:%M} UTC"


def _own_words(part: discord.Message | discord.MessageSnapshot, content: str) -> str:
    """Return the text of a message, or of one that is forwarded.

    A person's message gets embeds only as previews of what it links to, so they count where there is nothing else.
    """
    return content.strip() or "\n".join(_displayed(part.components)) or "\n\n".join(map(_embedded, part.embeds))


def _displayed(components: Iterable[object]) -> Iterator[str]:
    """Yield the texts of components, those inside of others included."""
    for component in components:
        if isinstance(component, discord.components.TextDisplay):
            yield component.content
        yield from _displayed(getattr(component, "children", ()))


def _embedded(embed: discord.Embed) -> str:
    fields = (f"{field.name}: {field.value}" for field in embed.fields)
    return "\n".join(line for line in (embed.title, embed.description, *fields) if line)
