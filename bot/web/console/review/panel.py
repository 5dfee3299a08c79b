"""What opens below the buttons of an item: its texts to be edited, or approved answers to merge it into."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.web.console.parts.form import Field, Form
from bot.web.console.review.item import build_near
from bot.web.nodes import node
from supportbot.feedback.review.items import Item
from supportbot.feedback.review.near import Near
from supportbot.words import Words

MOST_OFFERED = 9
"""Answers that are offered at once: each has a digit as its key."""

_LONGEST_QUESTION, _LONGEST_ANSWER = 2_000, 7_000
"""Characters that can be edited here; together they fit into one frame of the socket however they are escaped."""


class Panel:
    """The place below the buttons, empty at first.

    Args:
        words: the console's own.
    """

    def __init__(self, words: Words) -> None:
        self._words = words
        self._place = node("div", classes="panel")
        self._offered: Sequence[Near] = ()

    def edit(self, item: Item, approve: Callable[[Mapping[str, str]], Awaitable[None]]) -> bool:
        """Let the texts of an item be edited; return whether they are short enough for that.

        Args:
            item: which.
            approve: called with the texts that were changed.
        """
        if len(item.question) > _LONGEST_QUESTION or len(item.answer) > _LONGEST_ANSWER:
            return False
        say, before = self._words.say, {"question": item.question, "answer": item.answer}
        fields = [
            Field(name=name, label=label, kind="textarea", value=before[name], limit=limit, required=True)
            for name, label, limit in (
                ("question", say("Question"), _LONGEST_QUESTION),
                ("answer", say("Answer"), _LONGEST_ANSWER),
            )
        ]

        async def send(values: Mapping[str, str]) -> None:
            await approve({name: text for name, text in values.items() if text != before[name]})

        self._clear()
        with self._place:
            Form("edit", fields, say("Approve as edited"), send, strong=True, keep=True, focus=True)
        return True

    def choose(
        self,
        found: Sequence[Near],
        search: Callable[[str], Awaitable[None]],
        merge: Callable[[Near], Awaitable[None]],
        *,
        searched: str = "",
    ) -> None:
        """Offer approved answers.

        Args:
            found: which, the best first.
            search: called with what is looked for instead.
            merge: called with the one that is chosen.
            searched: what these were found with.
        """
        say = self._words.say

        async def send(values: Mapping[str, str]) -> None:
            await search(values["text"])

        self._clear()
        self._offered = found[:MOST_OFFERED]
        with self._place:
            node("h2", say("Add as a wording to an approved answer"))
            field = Field(name="text", label=say("Search for an answer"), value=searched)
            Form("search", [field], say("Search"), send, keep=True, focus=not found)
            build_near(self._offered, merge, self._words)

    def offered(self, number: int) -> Near | None:
        """Return the answer with a number, from 1; None where none is offered under it."""
        return self._offered[number - 1] if number <= len(self._offered) else None

    def _clear(self) -> None:
        self._offered = ()
        self._place.clear()
