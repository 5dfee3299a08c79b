"""An answer as Slack, Discord and the page will show it, brought up to date while it is typed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.dialects.previews import Message, in_discord, in_slack, on_page
from bot.web.formatting import build_blocks
from bot.web.nodes import node
from supportbot.words import N_, Words

_PLATFORMS = ((N_("In Slack"), in_slack), (N_("In Discord"), in_discord), (N_("On the page"), on_page))


class Previews:
    """Three of them, side by side.

    Args:
        words: the console's own.
    """

    def __init__(self, words: Words) -> None:
        self._words = words
        self._newest = 0
        self._places = []
        with node("div", classes="previews"):
            for title, _ in _PLATFORMS:
                with node("section", classes="preview card", aria_label=words.say(title)):
                    node("h2", words.say(title))
                    self._places.append(node("div", classes="shown"))

    async def show(self, answer: str) -> None:
        """Show what an answer becomes; of several that are typed fast, the last."""
        self._newest += 1
        mine = self._newest
        looks = await asyncio.to_thread(_looks, answer)
        if mine != self._newest:
            return
        for place, messages in zip(self._places, looks, strict=True):
            if place.is_deleted:
                return
            place.clear()
            with place:
                self._build(messages)

    def _build(self, messages: Sequence[Message]) -> None:
        if not any(messages):
            node("p", self._words.say("Write an answer to see a preview."), classes="muted")
        for message in messages:
            with node("div", classes="message formatted"):
                build_blocks(message)


def _looks(answer: str) -> list[list[Message]]:
    """Return the messages of each platform; blocks."""
    return [look(answer) if answer.strip() else [] for _, look in _PLATFORMS]
