"""Posts weekly digests in Slack, each exactly once: a later attempt looks for its mark before it posts."""

from __future__ import annotations

from collections.abc import Sequence

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.api_errors import delivery_error
from bot.slack.digest import build_digest, build_notification
from bot.slack.identity import Identity
from bot.slack.lookups import find_name
from bot.slack.marks import CLOCK_SKEW, PAGE, Place, find_marked, post_marked
from bot.slack.views import to_dicts
from supportbot.delivery.dispatch import RetryLaterError
from supportbot.digest.digest import Digest
from supportbot.digest.posts import Post
from supportbot.digest.reading import Helper
from supportbot.digest.words import NAMED, nameless
from supportbot.words import Words


class SlackDigests:
    """See ``supportbot.digest.posting.Poster``.

    Args:
        client: carries the bot token and retries nothing.
        identity: tells the bot's own messages from those of others.
    """

    platform = "slack"

    def __init__(self, client: AsyncWebClient, identity: Identity) -> None:
        self._client = client
        self._identity = identity

    async def post(self, post: Post, digest: Digest, words: Words) -> str:
        """Post a digest, unless an earlier attempt did; return ``channel:timestamp`` of it.

        Raises:
            RetryLaterError: Slack asks to wait, or cannot be reached.
            UndeliverableError: the channel is gone, or the bot may not write there.
        """
        try:
            ts = await self._find(post) if post.attempt > 1 else None
            if ts is None:
                names = await self._names(digest.helpers) if post.is_at_home else nameless(digest)
                blocks = to_dicts(build_digest(digest, names, words))
                content = {"text": build_notification(digest, words), "blocks": blocks}
                place = Place(post.channel, None)
                ts = (await post_marked(self._client, self._identity, place, post.mark, content)).ts
        except SlackApiError as error:
            raise delivery_error(error) from error
        except (aiohttp.ClientError, OSError) as error:
            raise RetryLaterError(f"no connection ({type(error).__name__})") from error
        return f"{post.channel}:{ts}"

    async def _find(self, post: Post) -> str | None:
        pages = await self._client.conversations_history(
            channel=post.channel,
            oldest=f"{(post.created_at - CLOCK_SKEW).timestamp():.6f}",
            include_all_metadata=True,
            limit=PAGE,
        )
        found = await find_marked(pages, self._identity, [post.mark])
        return found.marked.get(post.mark)

    async def _names(self, helpers: Sequence[Helper]) -> list[str]:
        """Return what those are called who can be named, as far as they are shown."""
        names = [""] * len(helpers)
        known = [place for place, one in enumerate(helpers) if one.signed and one.platform == self.platform]
        for place in known[:NAMED]:
            names[place] = await find_name(self._client, helpers[place].signed)
        return names
