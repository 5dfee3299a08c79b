"""Saying an answer again: the record is enough to write it once more, and the same must come out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from nicegui import background_tasks, ui

from bot.web.console.frame import button
from bot.web.console.parts.acting import failure
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.conversations.reproduction import Replayed, Stage
from supportbot.words import N_

_STAGES: Mapping[Stage, str] = {
    Stage.LOADING: N_("Loading the model that wrote this…"),
    Stage.WRITING: N_("Writing…"),
}


class Repeating:
    """The button that has an answer said again, and what comes of it.

    Args:
        visit: of whoever reads.
        answer_id: the answer.
    """

    def __init__(self, visit: Visit, answer_id: int) -> None:
        self._visit = visit
        self._words = visit.words
        self._answer_id = answer_id
        self._client = ui.context.client
        self._task: asyncio.Task[None] | None = None
        with node("div", classes="repeating"):
            with node("div", classes="row"):
                self._button = button(self._words.say("Reproduce this answer"), self._start)
                self._progress = node("span", classes="muted", role="status")
            self._outcome = node("div")

    def _start(self) -> None:
        if self._task is not None and not self._task.done():
            return
        self._button.props["disabled"] = True
        self._outcome.clear()
        self._progress.text = self._words.say("Waiting for its turn…")
        self._task = background_tasks.create(self._repeat(), name=f"repeat-{self._answer_id}")
        self._client.on_delete(self._stop)

    async def _repeat(self) -> None:
        def tell(stage: Stage) -> None:
            self._progress.text = self._words.say(_STAGES[stage])

        try:
            replayed = await self._visit.console.conversations.say_again(self._answer_id, tell)
        except Exception as error:
            self._progress.text = failure(error, self._words)
        else:
            self._show(replayed)
        finally:
            del self._button.props["disabled"]

    def _show(self, replayed: Replayed) -> None:
        words = self._words
        if (place := replayed.differs_at) is None:
            self._progress.text = words.say("The same answer came out, character for character.")
            return
        self._progress.text = words.say(
            "A different answer came out, starting at character {number}.", number=place + 1
        )
        with self._outcome:
            for label, text in ((N_("Recorded"), replayed.recorded), (N_("Reproduced"), replayed.replayed)):
                node("h2", words.say(label))
                with node("div", classes="text said", dir="auto"):
                    node("span", text[:place])
                    node("mark", text[place:] or words.say("(ends here)"))
            if "16" in replayed.engine:
                node(
                    "p",
                    words.say("At 16-bit precision, an answer can vary with the other questions in its batch."),
                    classes="muted",
                )

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
