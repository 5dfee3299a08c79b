"""Shows messages on Discord that are not answers, each exactly once: those of a hand-off, and the offer to a
person who has edited an answered question. People are asked in a channel, by a new post in a forum, in a direct
message, or as a role in the channel of the question. A message is recognised by its nonce, and later by its text;
a post in a forum, which has no nonce, by its title. If the bot may not write to the channel of a command, the
asker gets a direct message. A target on another server is refused: managers of one server must not make the bot
write to another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import discord
from discord.http import Route

from bot.again import REWORDED_TEXT
from bot.dialects.discord_parts import start_of
from bot.dialects.discord_text import LIMIT, build_answer_parts, build_quote
from bot.discord._posting import HISTORY_LIMIT, NONCE_LIFE, request_message, request_object
from bot.discord.again import build_reworded_view
from bot.discord.handoffs import (
    build_mention,
    build_post,
    build_relay,
    build_resolve_view,
    build_title,
    build_told,
    note_of,
)
from bot.discord.refusals import missing_permission
from bot.handoffs import STILL_OPEN_TEXT, UNREACHED_TEXT
from supportbot.db.states import OutboxKind
from supportbot.delivery.claiming import Delivery
from supportbot.delivery.dispatch import RetryLaterError, UndeliverableError
from supportbot.handoffs.target import TargetKind

FORUMS = (discord.ChannelType.forum.value, discord.ChannelType.media.value)
_SKEW = timedelta(minutes=5)
_RELAYED = 1_500
"""Characters of an answer that are passed on with the name of its author: what a message has room for."""

_FOR_ASKER = (OutboxKind.TOLD, OutboxKind.UNREACHED, OutboxKind.RELAY, OutboxKind.ASK_AGAIN)


@dataclass(frozen=True, slots=True)
class _Place:
    """A channel, and the message there that ours refers to; ``forum`` says that a new post must be made."""

    channel: str
    refers_to: str | None = None
    forum: bool = False


def place_of(delivery: Delivery) -> tuple[str, Mapping[str, Any]]:
    """Return the channel that a reply or a notice goes to, and what is known of it, for the log."""
    if delivery.kind in (OutboxKind.POST, OutboxKind.REMINDER) and note_of(delivery)["kind"] != TargetKind.GROUP:
        return str(note_of(delivery)["target"]), {}
    return delivery.channel, delivery.reply_to


async def send_notice(client: discord.Client, delivery: Delivery) -> str:
    """Show a message, unless an earlier attempt did; return its id.

    Raises:
        discord.HTTPException: Discord refuses.
        RetryLaterError: somebody else answers.
        UndeliverableError: the target is not on this server.
    """
    place = await _find_place(client, delivery)
    body = _build_body(delivery)
    if place.forum:
        return await _post_in_forum(client, delivery, place, body)
    try:
        return await _post(client, delivery, place, body)
    except discord.Forbidden as error:
        if delivery.kind not in _FOR_ASKER or not missing_permission(error, "write"):
            raise
    alone = _Place(await _open(client, delivery.asker))
    content = start_of(f"{build_quote(delivery.question)}\n{body['content']}", LIMIT)
    return await _post(client, delivery, alone, body | {"content": content})


async def _find_place(client: discord.Client, delivery: Delivery) -> _Place:
    note = note_of(delivery)
    if delivery.kind in _FOR_ASKER or note["kind"] == TargetKind.GROUP:
        refers_to = delivery.reply_to.get("message_id") or note.get("anchor")
        return _Place(str(delivery.reply_to["channel_id"]), refers_to)
    post = note.get("post")
    if note["kind"] == TargetKind.PERSON:
        await _check_member(client, delivery, str(note["target"]))
        return _Place(await _open(client, str(note["target"])), post)
    channel = await request_object(client, Route("GET", "/channels/{channel_id}", channel_id=int(note["target"])))
    if delivery.workspace.isdecimal() and str(channel.get("guild_id")) != delivery.workspace:
        raise UndeliverableError("The policy names a channel of another server: name one of this server.")
    if channel.get("type") in FORUMS:
        # The first message of a post has the id of the post.
        return _Place(post, post) if post else _Place(str(note["target"]), forum=True)
    return _Place(str(note["target"]), post)


async def _check_member(client: discord.Client, delivery: Delivery, user: str) -> None:
    if not delivery.workspace.isdecimal():
        return
    route = Route(
        "GET", "/guilds/{guild_id}/members/{user_id}", guild_id=int(delivery.workspace), user_id=int(user)
    )
    try:
        await client.http.request(route)
    except discord.NotFound as error:
        raise UndeliverableError("The policy names a person who is not on this server.") from error


async def _open(client: discord.Client, user: str) -> str:
    """Return the channel of the direct messages with somebody."""
    return await request_message(client, Route("POST", "/users/@me/channels"), {"recipient_id": user})


def _build_body(delivery: Delivery) -> dict[str, Any]:
    note = note_of(delivery)
    mentions = discord.AllowedMentions.none().to_dict() | {"replied_user": False}
    if delivery.kind in (OutboxKind.POST, OutboxKind.REMINDER) and note["kind"] == TargetKind.GROUP:
        mentions |= {"roles": [str(note["target"])]}
    return {
        "content": _build_text(delivery),
        "components": _build_buttons(delivery),
        "allowed_mentions": mentions,
        "flags": discord.MessageFlags(suppress_embeds=True).value,
    }


def _build_buttons(delivery: Delivery) -> list[dict[str, Any]]:
    match delivery.kind:
        case OutboxKind.POST | OutboxKind.TOLD | OutboxKind.REMINDER:
            return build_resolve_view(int(note_of(delivery)["handoff"]), delivery.words).to_components()
        case OutboxKind.ASK_AGAIN:
            return build_reworded_view(delivery.question_id, delivery.words).to_components()
        case _:
            return []


def _build_text(delivery: Delivery) -> str:
    note, words = note_of(delivery), delivery.words
    match delivery.kind:
        case OutboxKind.POST:
            return build_post(delivery)
        case OutboxKind.TOLD:
            return build_told(note, words)
        case OutboxKind.RELAY:
            # What is kept of a person's answer is as long as a message, and its author's name goes before it.
            shown = build_answer_parts(delivery.text[:_RELAYED])[0]
            return f"{build_relay(str(note.get('author', '')), words)}\n{shown}"
        case OutboxKind.REMINDER:
            mention = f"{build_mention(note)} " if note["kind"] == TargetKind.GROUP else ""
            return f"{mention}{words.say(STILL_OPEN_TEXT)}"
        case OutboxKind.ASK_AGAIN:
            return words.say(REWORDED_TEXT)
        case _:
            return words.say(UNREACHED_TEXT)


async def _post(client: discord.Client, delivery: Delivery, place: _Place, body: dict[str, Any]) -> str:
    body = body | {"nonce": delivery.mark, "enforce_nonce": True}
    if place.refers_to:
        body["message_reference"] = {"message_id": place.refers_to, "fail_if_not_exists": False}
    if (
        delivery.attempt > 1
        and delivery.age > NONCE_LIFE
        and (found := await _find(client, delivery, place, body))
    ):
        return found
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=int(place.channel))
    return await request_message(client, route, body)


async def _find(client: discord.Client, delivery: Delivery, place: _Place, body: Mapping[str, Any]) -> str | None:
    """Return the id of the message by which an earlier attempt has shown this, if there is one."""
    channel = client.get_partial_messageable(int(place.channel))
    after = discord.utils.time_snowflake(delivery.created_at - _SKEW)
    buttons = {button["custom_id"] for row in body["components"] for button in row["components"]}
    async for message in channel.history(after=discord.Object(after), oldest_first=True, limit=HISTORY_LIMIT):
        if client.user is None or message.author.id != client.user.id:
            continue
        reference = str(message.reference.message_id) if message.reference else None
        is_same = message.content.strip() == str(body["content"]).strip() and reference == place.refers_to
        # The same words may be there for another question.
        if is_same and _custom_ids(message) == buttons:
            return str(message.id)
    return None


def _custom_ids(message: discord.Message) -> set[str | None]:
    rows = (row for row in message.components if isinstance(row, discord.ActionRow))
    return {child.custom_id for row in rows for child in row.children if isinstance(child, discord.Button)}


async def _post_in_forum(
    client: discord.Client, delivery: Delivery, place: _Place, message: dict[str, Any]
) -> str:
    title = build_title(delivery)
    if delivery.attempt > 1:
        earliest = discord.utils.time_snowflake(delivery.created_at - _SKEW)
        if found := await find_post(client, place.channel, [title], earliest):
            return found
    route = Route("POST", "/channels/{channel_id}/threads", channel_id=int(place.channel))
    return await request_message(client, route, {"name": title, "message": message})


async def find_post(client: discord.Client, forum: str, titles: Collection[str], earliest: int) -> str | None:
    """Return the id of the bot's post in a forum that has one of some titles, if it is younger than an id."""
    channel = await request_object(client, Route("GET", "/channels/{channel_id}", channel_id=int(forum)))
    route = Route("GET", "/guilds/{guild_id}/threads/active", guild_id=int(channel["guild_id"]))
    answer = await client.http.request(route)
    if not isinstance(answer, dict):
        raise RetryLaterError("Discord's answer is not a list of threads")
    own = str(client.user.id) if client.user else ""
    for thread in answer.get("threads", ()):
        is_own = (str(thread.get("parent_id")), str(thread.get("owner_id"))) == (forum, own)
        if is_own and thread.get("name") in titles and int(thread["id"]) > earliest:
            return str(thread["id"])
    return None
