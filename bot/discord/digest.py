"""A weekly digest as Discord shows it: one message, or the first one of a new post in a forum, exactly once.

It is one message, so that its nonce makes it known again; where a week has more to tell than fits, the gaps of
fewest people are counted only. When Discord has forgotten the nonce, the message is recognised by its first line,
which names the week, and a post in a forum by its title. Nobody is pinged; people who helped are named in plain
text.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import aiohttp
import discord
from discord.http import Route

from bot.dialects.discord_addresses import harmless
from bot.dialects.discord_parts import length
from bot.dialects.discord_text import LIMIT, build_name
from bot.discord._posting import HISTORY_LIMIT, NONCE_LIFE, request_message, request_object
from bot.discord.notices import FORUMS, find_post
from bot.discord.questions import PLATFORM
from bot.discord.refusals import verdict
from supportbot.delivery.dispatch import RetryLaterError, UndeliverableError
from supportbot.digest.digest import Digest
from supportbot.digest.posts import Post
from supportbot.digest.words import (
    ADD_COMMAND,
    ADD_TEXT,
    TITLE,
    Writing,
    nameless,
    quiet_words,
    sections,
)
from supportbot.statistics.words import in_words
from supportbot.words import ENGLISH, LANGUAGES, Words

_GAPS = 10
_SHOWN = 100
"""Characters of a question before it is escaped."""

_NAME = 32
"""Characters of a name, which is as long as Discord's own are."""

_SKEW = timedelta(minutes=5)
_PLACE = "Send Messages"


class DiscordDigests:
    """See ``supportbot.digest.posting.Poster``.

    Args:
        rest: returns a client that is logged in, connected to the gateway or not.
    """

    platform = PLATFORM

    def __init__(self, rest: Callable[[], Awaitable[discord.Client]]) -> None:
        self._rest = rest

    async def post(self, post: Post, digest: Digest, words: Words) -> str:
        """Post a digest, unless an earlier attempt did; return the id of its message.

        Raises:
            RetryLaterError: Discord asks to wait, or cannot be reached.
            UndeliverableError: the channel is gone or of another server, or the bot may not write there.
        """
        try:
            return await _send(await self._rest(), post, digest, words)
        except discord.RateLimited as error:
            raise RetryLaterError("rate limit", error.retry_after) from error
        except discord.LoginFailure as error:
            raise RetryLaterError("Discord refuses DISCORD_TOKEN") from error
        except discord.HTTPException as error:
            raise verdict(error, _PLACE) from error
        except (aiohttp.ClientError, OSError) as error:
            raise RetryLaterError(f"no connection ({type(error).__name__})") from error


def build_title(post: Post, words: Words = ENGLISH) -> str:
    """Return the first line of a digest, by which it is known again."""
    monday = words.day(datetime.combine(post.week, time(), UTC))
    return f"{words.say(TITLE)}, {monday}"


def build_digest(post: Post, digest: Digest, words: Words = ENGLISH) -> str:
    """Return a digest as the content of one message."""
    title = f"**{build_title(post, words)}**"
    if digest.is_quiet:
        return f"{title}\n{quiet_words(digest, words)}"
    for number in range(min(_GAPS, len(digest.gaps)), 0, -1):
        text = "\n".join([title, *_lines(post, digest, number, words)])
        if length(text) <= LIMIT:
            return text
    text = title
    for line in _lines(post, digest, 0, words):
        if length(longer := f"{text}\n{line}") <= LIMIT:
            text = longer
    return text


def _lines(post: Post, digest: Digest, gaps: int, words: Words) -> list[str]:
    lines = in_words(digest.figures, words)
    names = [build_name(one.signed[:_NAME]) for one in digest.helpers] if post.is_at_home else nameless(digest)
    for title, told in sections(digest, names, gaps, _WRITING, words):
        lines += [f"**{title}**", *told]
    if digest.gaps:
        lines.append(f"-# {words.say(ADD_TEXT)} `{ADD_COMMAND}`")
    return lines


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return harmless(build_name(line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"))


_WRITING = Writing(bullet="- ", quoted=_one_line, remark="*{}*".format)


async def _send(client: discord.Client, post: Post, digest: Digest, words: Words) -> str:
    channel = await request_object(client, Route("GET", "/channels/{channel_id}", channel_id=int(post.channel)))
    if post.is_at_home and str(channel.get("guild_id")) != post.workspace:
        raise UndeliverableError("The policy names a channel of another server: name one of this server.")
    is_forum = channel.get("type") in FORUMS
    if post.attempt > 1 and (found := await _find(client, post, is_forum)):
        return found
    message: dict[str, Any] = {
        "content": build_digest(post, digest, words),
        "allowed_mentions": discord.AllowedMentions.none().to_dict(),
        "flags": discord.MessageFlags(suppress_embeds=True).value,
    }
    if is_forum:
        route = Route("POST", "/channels/{channel_id}/threads", channel_id=int(post.channel))
        return await request_message(client, route, {"name": build_title(post, words), "message": message})
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=int(post.channel))
    return await request_message(client, route, message | {"nonce": post.mark, "enforce_nonce": True})


async def _find(client: discord.Client, post: Post, is_forum: bool) -> str | None:
    """Return the id of what an earlier attempt has posted, where the nonce does not tell; in whatever language."""
    titles = [build_title(post, Words(language)) for language in LANGUAGES]
    earliest = discord.utils.time_snowflake(post.created_at - _SKEW)
    if is_forum:
        return await find_post(client, post.channel, titles, earliest)
    if post.age <= NONCE_LIFE:
        return None
    firsts = [f"**{title}**" for title in titles]
    messages = client.get_partial_messageable(int(post.channel)).history(
        after=discord.Object(earliest), oldest_first=True, limit=HISTORY_LIMIT
    )
    async for message in messages:
        is_own = client.user is not None and message.author.id == client.user.id
        if is_own and message.content.partition("\n")[0] in firsts:
            return str(message.id)
    return None
