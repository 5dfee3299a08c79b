"""Shows in each workspace what is for it, with what works there, and nothing elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.slack.sender import POST_SECONDS
from bot.slack.streaming import PACE, SlackStage
from bot.slack.workspaces import Workspace, Workspaces
from supportbot.delivery.claiming import Delivery
from supportbot.delivery.dispatch import RetryLaterError, UndeliverableError
from supportbot.delivery.pace import Pace
from supportbot.delivery.stream_notes import Place
from supportbot.digest.digest import Digest
from supportbot.digest.posts import Post
from supportbot.words import Words

_GONE = "The app is no longer installed in the workspace."
_WHICH = (
    "The app is in no workspace, or in several, so it is unknown where to ask people about "
    "a question from elsewhere."
)

_FOR_GOOD = frozenset({"account_inactive", "token_revoked"})
"""Refusals of a token that no waiting fixes: https://docs.slack.dev/reference/methods/auth.test, "Errors"."""


class RoutedSender:
    """Delivers what the outbox holds for Slack; see ``bot.slack.sender``.

    Args:
        workspaces: in which of them.
        pause: seconds between two messages in one channel.
    """

    platform = "slack"

    def __init__(self, workspaces: Workspaces, pause: float = POST_SECONDS) -> None:
        self._workspaces = workspaces
        self.pause = pause

    async def send(self, delivery: Delivery) -> str:
        """Show a reply in its workspace; return ``channel:timestamp`` of the message.

        Raises:
            RetryLaterError: Slack asks to wait, cannot be reached, or does not answer sensibly.
            UndeliverableError: it will never work, such as where the app is not installed any more.
        """
        teams = () if delivery.is_from_elsewhere else (delivery.workspace,)
        workspace = await self._workspaces.of(*teams)
        if workspace is None:
            raise UndeliverableError(_WHICH if delivery.is_from_elsewhere else _GONE)
        try:
            return await workspace.sender.send(delivery)
        except RetryLaterError as error:
            if str(error) in _FOR_GOOD and await self._workspaces.lost(workspace, str(error)):
                raise UndeliverableError(_GONE) from error
            raise


class RoutedDigests:
    """Posts weekly digests; see ``bot.slack.digests``.

    Args:
        workspaces: in which of them.
    """

    platform = "slack"

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    async def post(self, post: Post, digest: Digest, words: Words) -> str:
        """Post a digest where it belongs; return ``channel:timestamp`` of the message.

        Raises:
            RetryLaterError: Slack asks to wait, or cannot be reached.
            UndeliverableError: the channel is gone, or the app is not installed there any more.
        """
        is_from_elsewhere = post.home != self.platform
        workspace = await self._workspaces.of(*(() if is_from_elsewhere else (post.workspace,)))
        if workspace is None:
            raise UndeliverableError(_WHICH if is_from_elsewhere else _GONE)
        return await workspace.digests.post(post, digest, words)


class RoutedStage:
    """Shows answers while they are written; see ``bot.slack.streaming``.

    Args:
        workspaces: in which of them.
        pace: in each.
    """

    platform = "slack"
    one_a_thread = SlackStage.one_a_thread
    paced_by_workspace = True

    def __init__(self, workspaces: Workspaces, pace: Pace = PACE) -> None:
        self._workspaces = workspaces
        self.pace = pace

    def suits(self, reply_to: Mapping[str, Any]) -> bool:
        """Return whether an answer goes into a thread, with nothing above it."""
        return SlackStage.suits(reply_to)

    async def begin(self, place: Place, text: str) -> str:
        """Show the first words; return the timestamp of the message."""
        return await (await self._at(place)).stage.begin(place, text)

    async def go_on(self, place: Place, identity: str, shown: str, text: str) -> None:
        """Add what is new."""
        await (await self._at(place)).stage.go_on(place, identity, shown, text)

    async def take_back(self, place: Place, identity: str) -> None:
        """Delete the message."""
        await (await self._at(place)).stage.take_back(place, identity)

    async def _at(self, place: Place) -> Workspace:
        workspace = await self._workspaces.of(place.workspace)
        if workspace is None:
            raise UndeliverableError(_GONE)
        return workspace
