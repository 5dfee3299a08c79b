"""One version: where it comes from, how it measured beside the other, its loss, and what was decided about it."""

from __future__ import annotations

from collections.abc import Iterable

from bot.web.console.models.deeds import Deeds
from bot.web.console.models.figures import build_figures, build_losses
from bot.web.console.models.labels import FIXED, PATH, build_state, label_of, written
from bot.web.console.models.listing import build_deeds
from bot.web.console.parts.acting import attempt
from bot.web.console.parts.elements import moment
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.db.states import ModelStatus
from supportbot.models.publishing import VersionReport
from supportbot.models.versions import VersionView

_METRICS_FIRST = ("held_out_right", "right", "loss", "train_final_loss", "train_eval_loss", "int8_loss_rise")
_FLOOR = "confidence_floor"

Fact = tuple[str, str]


class VersionPage:
    """The page of a version.

    Args:
        visit: of whoever looks.
        version: its name, as the address has it.
    """

    def __init__(self, visit: Visit, version: str) -> None:
        self._visit = visit
        self._words = visit.words
        self._models = visit.console.models
        self._version = version

    async def build(self) -> None:
        """Build the page."""
        node("h1", self._words.say("Version {version}", version=self._version[:100]), dir="auto")
        node("a", self._words.say("All versions"), href=PATH)
        if self._models.fixed is not None:
            node("p", self._words.say(FIXED[self._models.fixed]), classes="caveat advice")
        self._deeds = Deeds(self._visit, self._show)
        self._place = node("div")
        await attempt(self._visit, self._show)

    async def _show(self) -> None:
        view = await self._models.version(self._version)
        words, summary = self._words, view.report.summary
        self._place.clear()
        with self._place:
            with node("p", classes="row"):
                build_state(summary, words)
            if summary.problem:
                node("p", words.say(summary.problem), classes="caveat advice", dir="auto")
            with node("div", classes="row"):
                # Going back is offered in the list, where one sees to what.
                self._deeds.build(summary, view.live, None)
            self._build_facts(view)
            build_figures(view, words)
            if view.losses:
                build_losses(view.losses, words)
            if view.deeds:
                node("h2", words.say("Decisions"))
                build_deeds(view.deeds, words, of_one=True)

    def _build_facts(self, view: VersionView) -> None:
        words, report = self._words, view.report
        with node("dl", classes="facts"):
            with node("div"):
                node("dt", words.say("Created"))
                with node("dd"):
                    moment(report.summary.created_at, words)
            for name, value in (*self._origin(view), *self._measured(view), *self._liked(report)):
                with node("div"):
                    node("dt", name)
                    node("dd", value, dir="auto")

    def _origin(self, view: VersionView) -> Iterable[Fact]:
        words, report = self._words, view.report
        published = next((entry.actor for entry in view.deeds if entry.action == "model.publish"), None)
        if published is not None:
            yield words.say("Published by"), published
        if report.summary.status is not ModelStatus.RETIRED and not report.summary.problem:
            yield words.say("Base model"), report.base or words.say("nothing: from scratch")
        if report.summary.parent:
            yield words.say("Based on version"), report.summary.parent
        if isinstance(method := report.recipe.get("method"), str):
            yield words.say("Method"), method
        rows = report.recipe.get("examples")
        rows = rows if isinstance(rows, int) else len(report.training.example_ids)
        if rows:
            yield words.say("Trained on"), words.say_many("{number} row", "{number} rows", rows)
        if erased := len(report.training.erased_ids):
            yield words.say("Erased since"), words.say_many("{number} row", "{number} rows", erased)
        yield words.say("Digest"), report.digest[:12]

    def _measured(self, view: VersionView) -> Iterable[Fact]:
        words, report = self._words, view.report
        names = [name for name in _METRICS_FIRST if name in report.metrics]
        names += [name for name in report.metrics if name not in names and name != _FLOOR]
        for name in names:
            value, label = report.metrics[name], label_of(name)
            if isinstance(value, int | float):
                yield words.say(label.text), written(value, label, words)
        if report.confidence_floor is not None:
            yield words.say(label_of(_FLOOR).text), f"{report.confidence_floor:.4g}"
        if isinstance(view.floor_beside, int | float):
            yield words.say("Confidence threshold next to approved answers, nats"), f"{view.floor_beside:.4g}"

    def _liked(self, report: VersionReport) -> Iterable[Fact]:
        words, summary = self._words, report.summary
        yield words.say("Answers in chat"), words.number(summary.answers)
        if report.up_rate is None:
            yield words.say("👍 of votes"), words.say("no votes")
        else:
            share, low, high = map(words.percent, report.up_rate)
            text = words.say("{share} ({low} to {high})", share=share, low=low, high=high)
            votes = words.number(summary.votes_up + summary.votes_down)
            yield words.say("👍 of votes"), words.say("{share} of {votes}", share=text, votes=votes)
