"""Playground: a question to two versions of the model, in both modes at once. Nothing of it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path

from nicegui import background_tasks, ui

from bot.web.console.frame import button
from bot.web.console.labels import SAMPLING
from bot.web.console.parts.acting import act, failure
from bot.web.console.parts.adding import add_to_review
from bot.web.console.parts.field import Choice, Field
from bot.web.console.parts.number import read_number
from bot.web.console.parts.slider import Slider
from bot.web.console.playground.side import build_side
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, Operator, may
from supportbot.engine.base import SamplingParams
from supportbot.playground.playground import Side, Stage
from supportbot.playground.sampling import RANGES, new_seed, sampling
from supportbot.words import N_

_STYLE = Path(__file__).with_name("playground.css")

_LONGEST = 4_000
_LONGEST_SEED = 20

_STAGES: Mapping[Stage, str] = {
    Stage.TURN: N_("Waiting for its turn…"),
    Stage.PEOPLE: N_("Waiting. People's questions go first…"),
    Stage.LOADING: N_("Loading {version}…"),
    Stage.WRITING: N_("{version} is writing…"),
}

_ONLY_CURATORS = N_("Trying versions takes computing time, so it needs the curator role. Ask an admin.")


async def build(visit: Visit) -> None:
    """Build the form, and the place of what comes of it."""
    ui.add_css(_STYLE)
    words = visit.words
    node("h1", words.say("Playground"))
    node(
        "p",
        words.say("See how versions of the model would answer a question. Nothing is saved."),
        classes="muted",
    )
    if not may(visit.operator.role, Action.TEACH):
        node("p", words.say(_ONLY_CURATORS))
        return
    question_id = read_number(visit.query.get("question", ""))
    asked = None if question_id is None else await visit.console.knowledge.shelf.question(question_id)
    versions = await visit.console.playground.versions()
    Trial(visit, versions, (asked or "")[:_LONGEST], None if asked is None else question_id)


class Trial:
    """The page of somebody who tries versions.

    Args:
        visit: of them.
        versions: that there are, the live one first.
        asked: the first text of the field.
        question_id: the question of the log that this is, if it is one. Whatever becomes of it in the field, what
            is put into review belongs to that log.
    """

    def __init__(self, visit: Visit, versions: Sequence[str], asked: str, question_id: int | None) -> None:
        self._visit = visit
        self._question_id = question_id
        self._words = visit.words
        self._client = ui.context.client
        self._task: asyncio.Task[None] | None = None
        self._build_form(versions, asked)
        self._progress = node("p", classes="muted progress", role="status")
        self._place = node("div", classes="sides")
        self._client.on_delete(self._cancel)

    def _build_form(self, versions: Sequence[str], asked: str) -> None:
        say, live = self._words.say, versions[0]
        self._question = Field("question", say("Question"), asked, limit=_LONGEST, rows=2)
        named = {one: say("{version} (live)", version=one) if one == live else one for one in versions}
        with node("div", classes="row"):
            self._left = Choice("left", say("Left version"), named, live)
            other = versions[1] if len(versions) > 1 else ""
            right = {"": say("None"), **named}
            self._right = Choice("right", say("Right version"), right, other)
        with node("fieldset", classes="sampling"):
            node("legend", say("Sampling"))
            self._sliders = {
                name: Slider(
                    name,
                    say(SAMPLING[name]),
                    one.start,
                    least=one.least,
                    most=one.most,
                    step=one.step,
                    digits=0 if one.step >= 1 else 2,
                )
                for name, one in RANGES.items()
            }
            self._seed = Field("seed", say("Seed"), "0", limit=_LONGEST_SEED)
        with node("div", classes="row"):
            self._run = button(say("Try"), self._start, classes="main")
            self._stop = button(say("Stop"), self._cancel)
            button(say("Reset to defaults"), self._reset)
            button(say("Change seed"), lambda: self._seed.set(str(new_seed())))
        self._set_running(running=False)

    def _reset(self) -> None:
        """Go back to the documented values."""
        for name, slider in self._sliders.items():
            slider.set(RANGES[name].start)
        self._seed.set("0")
        self._visit.frame.say(self._words.say("Settings are back to their defaults."))

    async def _start(self) -> None:
        """Begin a run with the values of the form, unless one is running."""
        if self._task is not None and not self._task.done():
            return

        async def begin(operator: Operator) -> SamplingParams:
            return sampling({name: one.value for name, one in self._sliders.items()}, self._seed.value)

        params = await act(self._visit, Action.TEACH, begin)
        if params is None:
            return
        self._place.clear()
        self._set_running(running=True)
        self._task = background_tasks.create(self._show(params), name="playground")

    async def _show(self, params: SamplingParams) -> None:
        question = self._question.value
        versions = [one.value for one in (self._left, self._right) if one.value]

        def tell(stage: Stage, version: str) -> None:
            self._progress.text = self._words.say(_STAGES[stage], version=version)

        try:
            async with aclosing(self._visit.console.playground.run(question, versions, params, tell)) as sides:
                async for side in sides:
                    with self._place, node("section", classes="side", aria_label=side.written.version):
                        build_side(side, partial(self._add, question, side), self._words)
        except Exception as error:
            self._visit.frame.alert(failure(error, self._words))
        finally:
            self._progress.text = ""
            self._set_running(running=False)

    def _set_running(self, *, running: bool) -> None:
        for element, disabled in ((self._run, running), (self._stop, not running)):
            element.props["disabled"] = disabled

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _add(self, question: str, side: Side) -> None:
        """Put what a version wrote into the review queue."""
        review, question_id = self._visit.console.review, self._question_id
        await add_to_review(self._visit, lambda by: review.put_text(question, side.written.text, by, question_id))
