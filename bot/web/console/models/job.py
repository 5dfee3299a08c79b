"""The job that runs: how far it is, how its loss goes, what it says, and its end on a click."""

from __future__ import annotations

from functools import partial

from bot.web.console.frame import button
from bot.web.console.models.figures import LOSS_TITLE, loss_options, loss_table
from bot.web.console.models.job_labels import KINDS, progress_words
from bot.web.console.parts.acting import act
from bot.web.console.parts.chart import Chart, build_table
from bot.web.console.parts.elements import moment
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, Operator, may
from supportbot.jobs.folder import Progress
from supportbot.jobs.looking import JobView
from supportbot.words import N_

_CANCEL = N_(
    "Cancel this job? The documented recipe keeps its checkpoints, so you can resume it. For other jobs, "
    "nothing is kept."
)
_GIVE_UP = N_("Mark this job as ended without a result? Do this only if {host} won't come back.")


class JobPanel:
    """A job that runs; ``build`` makes it, and ``update`` shows what is so now.

    Args:
        visit: of whoever looks.
        job: the one that runs.
    """

    def __init__(self, visit: Visit, job: JobView) -> None:
        self._visit = visit
        self._words = visit.words
        self._jobs = visit.console.jobs
        self._job = job
        self._chart: Chart | None = None
        self._points = 0

    def build(self) -> None:
        """Build the panel."""
        say, job = self._words.say, self._job
        is_admin = may(self._visit.operator.role, Action.TRAIN)
        with node("section", classes="card job", aria_label=say("Current job")):
            node("h2", say(KINDS[job.kind]))
            with node("p", classes="row muted"):
                moment(job.started_at, self._words)
                node("span", say("by {name}", name=job.started_by), dir="auto")
            if not job.is_here:
                node(
                    "p",
                    say("Running on {host}. Its progress is shown only there.", host=job.host),
                    classes="caveat advice",
                )
            self._bar = node("progress", aria_label=say("Progress"), max="100")
            self._far = node("p")
            self._curve = node("div")
            if is_admin:
                with node("details"):
                    node("summary", say("Output"))
                    self._tail = node("pre", tabindex="0", aria_label=say("Output"))
                if job.is_here:
                    self._cancel = button(say("Cancel job"), self._ask_to_cancel)
                else:
                    button(say("Mark as ended"), self._ask_to_give_up)

    async def update(self, job: JobView) -> None:
        """Show what is so now."""
        progress = await self._jobs.progress(job)
        told = self._words.say("Cancelling…") if job.is_cancelling else progress_words(progress, self._words)
        if self._far.text != told:
            self._far.text = told
        share = job.share if progress.share is None else progress.share
        if share is not None and self._bar.props.get("value") != f"{100 * share:.0f}":
            self._bar.props["value"] = f"{100 * share:.0f}"
            self._bar.update()
        self._show_losses(progress)
        if may(self._visit.operator.role, Action.TRAIN):
            tail = await self._jobs.tail(job)
            if self._tail.text != tail:
                self._tail.text = tail

    def _show_losses(self, progress: Progress) -> None:
        if len(progress.losses) == self._points:
            return
        self._points = len(progress.losses)
        title, options = self._words.say(LOSS_TITLE), loss_options(progress.losses, self._words)
        if self._chart is None:
            with self._curve, node("figure", classes="card"):
                node("figcaption", title)
                self._chart = Chart(title, options)
                with node("details"):
                    node("summary", self._words.say("Show as a table"))
                    self._table = node("div")
        else:
            self._chart.show(title, options)
        self._table.clear()
        with self._table:
            build_table(*loss_table(progress.losses, self._words))

    def _ask_to_cancel(self) -> None:
        say = self._words.say
        self._visit.frame.ask(say(_CANCEL), say("Cancel job"), self._cancel_it)

    async def _cancel_it(self) -> None:
        async def deed(operator: Operator) -> None:
            await self._jobs.cancel(self._job.id, operator.name)

        await act(self._visit, Action.TRAIN, deed)

    def _ask_to_give_up(self) -> None:
        say = self._words.say
        self._visit.frame.ask(say(_GIVE_UP, host=self._job.host), say("Mark as ended"), partial(self._give_up))

    async def _give_up(self) -> None:
        async def deed(operator: Operator) -> None:
            await self._jobs.give_up(self._job.id, operator.name)

        await act(self._visit, Action.TRAIN, deed)
