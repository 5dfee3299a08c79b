"""Training from the console: what would be trained and how, the job that runs, and what came of the last ones."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from nicegui import ui

from bot.web.console.frame import button
from bot.web.console.models.job import JobPanel
from bot.web.console.models.job_labels import (
    ENOUGH_HELD_OUT,
    RECIPE_MEANINGS,
    RECIPES,
    STATES,
    objection,
)
from bot.web.console.models.labels import FIXED, PATH, TRAINING
from bot.web.console.models.run import RunPanel
from bot.web.console.parts.acting import act, attempt, failure
from bot.web.console.parts.elements import Table, moment
from bot.web.console.parts.field import Choice
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, Operator, may
from supportbot.errors import MissingExtraError, SupportBotError
from supportbot.extras import Extra, require
from supportbot.jobs.commands import DOCUMENTED_BASE, Lesson, Recipe
from supportbot.jobs.looking import JobView
from supportbot.jobs.survey import Survey
from supportbot.words import N_

_LOOK_SECONDS = 1.0
"""How often a page looks how far the job is."""

_ABOUT = N_(
    "A model learns from approved rows. Training runs in its own process, gives way to answers, and "
    "continues if you close this page or the bot restarts. Only one job per database runs at a time."
)
_TOO_FEW = N_(
    "With fewer than {number} rows to measure on, no evaluation can show that a model is better. A tenth of "
    "approved rows is held out."
)


class TrainPage:
    """The page.

    Args:
        visit: of whoever looks.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words
        self._jobs = visit.console.jobs
        self._is_admin = may(visit.operator.role, Action.TRAIN)
        self._survey: Survey | None = None
        self._recipe = Recipe.FAQ
        self._base = DOCUMENTED_BASE
        self._shown: tuple[int, bool] | None = None
        self._panel: JobPanel | None = None
        self._run = visit.query.get("run", "")
        self._showing = asyncio.Lock()

    async def build(self) -> None:
        """Build the page."""
        say = self._words.say
        node("h1", say("Train a model"))
        node("a", say("All versions"), href=PATH)
        node("p", say(_ABOUT), classes="muted")
        if (fixed := self._visit.console.models.fixed) is not None:
            node("p", say(FIXED[fixed]), classes="caveat advice")
        if not self._is_admin:
            node("p", say("Only admins can train, evaluate and publish. You can follow the progress here."))
        self._place = node("div")
        await attempt(self._visit, self._show)
        self._timer = ui.timer(_LOOK_SECONDS, self._look, immediate=False)

    async def _show(self) -> None:
        async with self._showing:  # a click and the clock may both find that something has changed
            await self._build()

    async def _build(self) -> None:
        job = await self._jobs.running()
        runs = await self._jobs.runs()
        self._shown = None if job is None else (job.id, job.is_cancelling)
        name = job.run if job is not None else self._run or (runs[0].run if runs else "")
        run = await self._jobs.run(name) if name else None
        self._place.clear()
        self._panel = None
        with self._place:
            if job is not None:
                self._panel = JobPanel(self._visit, job)
                self._panel.build()
            elif self._is_admin:
                self._build_lesson_or_refusal()
            if run is not None:
                await RunPanel(self._visit, run, self._show).build(is_running=job is not None)
            if runs:
                self._build_runs(runs)
        if job is not None and self._panel is not None:
            await self._panel.update(job)

    async def _look(self) -> None:
        try:
            job = await self._jobs.running()
            if (None if job is None else (job.id, job.is_cancelling)) != self._shown:
                await self._show()
            elif job is not None and self._panel is not None:
                await self._panel.update(job)
        except Exception as error:
            self._visit.frame.alert(failure(error, self._words))
            if not isinstance(error, SupportBotError):
                self._timer.cancel()  # a defect would be logged each second

    def _build_lesson_or_refusal(self) -> None:
        try:
            require(Extra.TRAIN)
        except MissingExtraError as error:
            node("p", failure(error, self._words), classes="caveat advice")
        else:
            self._build_lesson()

    def _build_lesson(self) -> None:
        say = self._words.say
        with node("section", classes="card lesson", aria_label=say("New training run")):
            node("h2", say("New training run"))
            with node("div", classes="row"):
                recipes = {str(one): say(label) for one, label in RECIPES.items()}
                Choice("recipe", say("Recipe"), recipes, self._recipe, on_chosen=self._choose_recipe)
                self._bases = node("div")
            self._meaning = node("p", classes="muted")
            self._what = node("div", role="status")
        self._show_choice()
        if self._survey is None:
            self._what.clear()
            with self._what:
                node("p", say("Counting the rows…"), classes="muted")
        ui.timer(0, self._count, once=True)  # each time: it may have changed meanwhile

    async def _count(self) -> None:
        counted = await attempt(self._visit, self._jobs.survey)
        if self._shown is not None or self._what.is_deleted or (counted is not None and counted == self._survey):
            return
        self._survey = counted
        self._what.clear()
        self._show_what()

    def _choose_recipe(self, value: str) -> None:
        self._recipe = Recipe(value)
        self._show_choice()

    def _choose_base(self, value: str) -> None:
        self._base = value
        self._show_what()

    def _show_choice(self) -> None:
        self._meaning.text = self._words.say(RECIPE_MEANINGS[self._recipe])
        self._bases.clear()
        if self._recipe is Recipe.DOCUMENTED:
            bases = {one: one for one in self._jobs.bases()}
            with self._bases:
                Choice("base", self._words.say("Base"), bases, self._base, on_chosen=self._choose_base)
        self._show_what()

    def _show_what(self) -> None:
        survey, words = self._survey, self._words
        if survey is None:
            return
        self._what.clear()
        with self._what:
            with node("dl", classes="facts"):
                for name, number in (
                    (words.say("Rows to train on"), survey.train),
                    (words.say("Rows to measure on"), survey.held_out),
                    *(
                        [(words.say("Different answers"), survey.answers)]
                        if survey.answers <= survey.most_answers  # beyond, nobody counted
                        else []
                    ),
                    *(
                        (words.say("Left out: {reason}", reason=words.say(one)), rows)
                        for one, rows in survey.left_out.items()
                    ),
                ):
                    with node("div"):
                        node("dt", name)
                        node("dd", words.number(number))
            if told := objection(survey, self._lesson, DOCUMENTED_BASE, words):
                node("p", told, classes="caveat advice")
                return
            if survey.held_out < ENOUGH_HELD_OUT:
                node("p", words.say(_TOO_FEW, number=ENOUGH_HELD_OUT), classes="caveat advice")
            button(words.say("Start training"), self._start, classes="main")

    @property
    def _lesson(self) -> Lesson:
        return Lesson(recipe=self._recipe, base=self._base)

    async def _start(self) -> None:
        async def deed(operator: Operator) -> JobView:
            return await self._jobs.train(self._lesson, operator.name)

        job = await act(self._visit, Action.TRAIN, deed)
        if job is not None:
            self._run = job.run
            await self._show()

    def _build_runs(self, runs: tuple[JobView, ...]) -> None:
        words = self._words
        node("h2", words.say("Training runs"))
        headings = [words.say(name) for name in (N_("Run"), N_("Recipe"), N_("Status"), N_("Started"), N_("By"))]
        table = Table(words.say("Training runs"), headings)
        for job in runs:
            run, recipe, state, begun, by = table.row()
            with run:
                node("a", job.run, href=f"{PATH}/{TRAINING}?run={quote(job.run)}", dir="auto")
            recipe.text = words.say(RECIPES[Recipe(job.choices["recipe"])])
            with state:
                node("span", words.say(STATES[job.state]), classes="tag")
            with begun:
                moment(job.started_at, words)
            by.text = job.started_by
