"""A run that was trained: what came of it, whether it is better, and its way to a version."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

from bot.web.console.frame import button
from bot.web.console.models.deeds import Deeds
from bot.web.console.models.figures import build_comparison, build_losses, build_verdict
from bot.web.console.models.job_labels import KINDS, RECIPES, STATES, WHY
from bot.web.console.models.labels import build_state, path_of
from bot.web.console.parts.acting import act
from bot.web.console.parts.elements import moment
from bot.web.console.parts.form import Field, Form
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, Operator, may
from supportbot.db.states import JobState, ModelStatus
from supportbot.jobs.commands import Recipe
from supportbot.jobs.jobs import RunView
from supportbot.jobs.looking import JobView
from supportbot.words import N_

_LONGEST_NAME = 100

_NOT_EVALUATED = N_(
    "It isn't known yet whether this is better than the live version. Evaluate it to compare both on the "
    "held-out rows."
)
_ABOUT_PUBLISHING = N_(
    "Publishing turns this run into a version with a name, which its answers carry. It does not go live yet."
)


class RunPanel:
    """A run; ``build`` makes it.

    Args:
        visit: of whoever looks.
        run: with its jobs.
        refresh: shows what is so now.
    """

    def __init__(self, visit: Visit, run: RunView, refresh: Callable[[], Awaitable[None]]) -> None:
        self._visit = visit
        self._words = visit.words
        self._jobs = visit.console.jobs
        self._run = run
        self._refresh = refresh
        self._is_admin = may(visit.operator.role, Action.TRAIN)

    async def build(self, *, is_running: bool) -> None:
        """Build the panel.

        Args:
            is_running: whether some job runs, so that none can be started.
        """
        say, run = self._words.say, self._run
        node("h2", say("Run {name}", name=run.name))
        newest = run.jobs[0]
        if newest.state is not JobState.ENDED and newest.state is not JobState.RUNNING:
            node(
                "p", say(newest.sentence or WHY[newest.state]), classes="caveat advice", dir="auto", role="status"
            )
        with node("dl", classes="facts"):
            for name, value in self._facts():
                with node("div"):
                    node("dt", name)
                    node("dd", value, dir="auto")
        if self._is_admin and not is_running and run.folder.can_resume:
            button(say("Resume"), self._resume, classes="main")
        if run.folder.is_finished:
            if run.folder.losses:
                build_losses(run.folder.losses, self._words)
            self._build_evaluation(is_running=is_running)
            await self._build_version(is_running=is_running)
        await self._build_jobs()

    def _facts(self) -> Iterable[tuple[str, str]]:
        say, words, folder = self._words.say, self._words, self._run.folder
        lesson = self._run.lesson
        yield say("Recipe"), say(RECIPES[lesson.recipe])
        if lesson.recipe is Recipe.DOCUMENTED:
            yield say("Base"), lesson.base
        if folder.rows is not None:
            yield say("Trained on"), words.say_many("{number} row", "{number} rows", folder.rows)
        if folder.held_out is not None:
            yield say("Rows to measure on"), words.say_many("{number} row", "{number} rows", folder.held_out)
        if folder.seconds is not None:
            yield (
                say("Training time"),
                words.say_many("{number} second", "{number} seconds", round(folder.seconds)),
            )
        for name, value in (
            (say("Final training loss, nats per token"), folder.final_loss),
            (say("Held-out loss at the end of training, nats per token"), folder.eval_loss),
        ):
            if value is not None:
                yield name, f"{value:.4g}"

    def _build_evaluation(self, *, is_running: bool) -> None:
        say, found = self._words.say, self._run.folder.found
        node("h2", say("Evaluation"))
        if found is None:
            node("p", say(_NOT_EVALUATED))
        else:
            build_verdict(found.verdict, self._words, is_better=found.is_better)
            if found.rows is not None:
                text = self._words.say_many("{number} held-out row", "{number} held-out rows", found.rows)
                node("p", text, classes="muted")
            build_comparison(found.figures, say("This run"), found.against or "–", self._words)
        if self._is_admin and not is_running:
            label = say("Evaluate") if found is None else say("Evaluate again")
            button(label, self._evaluate, classes="main" if found is None else "")

    async def _build_version(self, *, is_running: bool) -> None:
        say, run = self._words.say, self._run
        may_publish = self._is_admin and not is_running
        is_there = False
        node("h2", say("Version"))
        if run.version is not None:
            view = await self._visit.console.models.version(run.version)
            is_there = view.report.summary.status is not ModelStatus.RETIRED
            with node("p", classes="row"):
                node("a", run.version, href=path_of(run.version), dir="auto")
                build_state(view.report.summary, self._words)
            deeds = Deeds(self._visit, self._refresh)
            with node("div", classes="row"):
                deeds.build(view.report.summary, view.live, None)
                if is_there and may_publish and run.has_newer_evaluation:
                    button(say("Publish again with the newer evaluation"), self._publish, {"version": run.version})
        if is_there:
            return
        if may_publish:
            node("p", say(_ABOUT_PUBLISHING))
            name = Field(name="version", label=say("Version name"), limit=_LONGEST_NAME, required=True)
            Form("publish", [name], say("Publish"), self._publish, keep=True, strong=run.folder.found is not None)
        elif run.version is None:
            node("p", say("Not published."))

    async def _build_jobs(self) -> None:
        say = self._words.say
        node("h2", say("History"))
        with node("ul", classes="deeds-done", aria_label=say("History")):
            for job in self._run.jobs:
                with node("li"):
                    moment(job.started_at, self._words)
                    node("span", job.started_by, classes="who", dir="auto")
                    node("span", f"{say(KINDS[job.kind])}: {say(STATES[job.state])}")
        newest = self._run.jobs[0]
        if self._is_admin and newest.state is not JobState.RUNNING and (tail := await self._jobs.tail(newest)):
            details = node("details")
            if newest.state is not JobState.ENDED:
                details.props["open"] = True
            with details:
                node("summary", say("Last output"))
                node("pre", tail, tabindex="0", aria_label=say("Last output"))

    async def _resume(self) -> None:
        async def deed(operator: Operator) -> JobView:
            return await self._jobs.resume(self._run.name, operator.name)

        await self._do(deed)

    async def _evaluate(self) -> None:
        async def deed(operator: Operator) -> JobView:
            return await self._jobs.evaluate(self._run.name, operator.name)

        await self._do(deed)

    async def _publish(self, values: Mapping[str, str]) -> None:
        async def deed(operator: Operator) -> JobView:
            return await self._jobs.publish(self._run.name, values["version"].strip(), operator.name)

        await self._do(deed)

    async def _do(self, deed: Callable[[Operator], Awaitable[JobView]]) -> None:
        if await act(self._visit, Action.TRAIN, deed) is not None:
            await self._refresh()
