"""A trial: a share of conversations on a candidate, how people like both, and when it ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from nicegui import ui

from bot.web.console.frame import button
from bot.web.console.models.labels import FIXED, PATH
from bot.web.console.models.trial_figures import build_arms, build_interval
from bot.web.console.parts.acting import act, attempt
from bot.web.console.parts.elements import moment
from bot.web.console.parts.form import Field, Form
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, Operator, may
from supportbot.db.states import TrialOutcome
from supportbot.models.publishing import Switch
from supportbot.printable import printable
from supportbot.trials.rule import Rule
from supportbot.trials.store import BETTER_IN_TRIAL, Trial
from supportbot.trials.trials import Choices, TrialView
from supportbot.words import N_, Sentence, Words

_LOOK_SECONDS = 3.0
"""How often an open page looks for new votes."""

_ALPHAS = ("0.01", "0.05", "0.1")

_WHAT = N_(
    "A trial sends part of the conversations to another version until people's votes show which is better. "
    "Nobody sees which version answers, and a conversation keeps its version. Each daemon needs memory for "
    "one more model."
)
_RULE = N_(
    "{share} of conversations get {candidate}, the others {live}. A conversation with votes counts once, and "
    "one 👎 or correction makes it bad. The trial ends when the 👍 shares differ significantly (a false "
    "alarm has a probability of {alpha} at most, however often you look), or after {conversations} "
    "conversations or {days} days."
)
_OUTCOMES: Mapping[TrialOutcome, str] = {
    TrialOutcome.BETTER: N_("The trial ended. {candidate} was better than {live}."),
    TrialOutcome.WORSE: N_("The trial ended. {candidate} was worse than {live}, which answers everyone again."),
    TrialOutcome.INCONCLUSIVE: N_("The trial ended. No significant difference between {candidate} and {live}."),
    TrialOutcome.BY_HAND: N_("The trial was stopped before it found a significant difference."),
    TrialOutcome.LIVE_CHANGED: N_("The trial was stopped because {live} was no longer the live version."),
    TrialOutcome.CANDIDATE_GONE: N_("The trial was stopped because the files of {candidate} are missing."),
}


class TrialPage:
    """The page of the trial that runs, or of the last one with a form for the next.

    Args:
        visit: of whoever looks.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words
        self._trials = visit.console.trials
        self._shown: tuple[TrialView | None, Choices] | None = None
        self._is_busy = False

    async def build(self) -> None:
        """Build the page."""
        say = self._words.say
        node("h1", say("Trial"))
        with node("p"):
            node("a", say("All versions"), href=PATH)
        node("p", say(_WHAT))
        if self._visit.console.models.fixed is not None:
            node("p", say(FIXED[self._visit.console.models.fixed]), classes="caveat advice")
        self._progress = node("p", classes="muted", role="status")
        self._place = node("div")
        await attempt(self._visit, self._show)
        ui.timer(_LOOK_SECONDS, self._look, immediate=False)

    async def _look(self) -> None:
        """Show new figures of a trial that runs; a form is left alone while somebody fills it in."""
        is_running = self._shown is not None and self._shown[0] is not None and self._shown[0].trial.is_running
        if is_running and not self._is_busy:
            await self._show()

    async def _show(self) -> None:
        found = await self._trials.view(), await self._trials.choices()
        if found == self._shown:
            return
        self._shown = found
        view, choices = found
        self._place.clear()
        with self._place:
            if view is not None:
                self._build_trial(view, choices)
            if view is None or not view.trial.is_running:
                self._build_start(choices)

    def _build_trial(self, view: TrialView, choices: Choices) -> None:
        trial, words = view.trial, self._words
        say = words.say
        names = {"live": printable(trial.live), "candidate": printable(trial.candidate)}
        node("h2", say("Running now") if trial.is_running else say("Last trial"))
        node("p", rule_words(trial, words), dir="auto")
        with node("p", classes="live"):
            node("span", say("Started by {name}", name=printable(trial.started_by)), dir="auto")
            moment(trial.started_at, words)
        if trial.outcome is not None and trial.ended_at is not None:
            with node("p", classes="live"):
                node("strong", say(_OUTCOMES[trial.outcome], **names), dir="auto")
                moment(trial.ended_at, words)
        if trial.rule.promotes and trial.is_running:
            node("p", say("If {candidate} is better, it goes live automatically.", **names), dir="auto")
        if may(self._visit.operator.role, Action.PROMOTE):
            self._build_deeds(trial, choices)
        build_arms(view, words)
        build_interval(view, words)

    def _build_deeds(self, trial: Trial, choices: Choices) -> None:
        say = self._words.say
        with node("p", classes="row"):
            if trial.is_running:
                button(say("Stop trial"), self._ask_to_stop, trial)
            elif trial.outcome is TrialOutcome.BETTER and trial.candidate in choices.candidates:
                button(say("Put live"), self._ask_to_promote, trial)

    def _ask_to_stop(self, trial: Trial) -> None:
        say = self._words.say
        question = say(
            "Stop the trial? {live} answers everyone again, and the trial has no result.", live=trial.live
        )
        self._visit.frame.ask(question, say("Stop trial"), partial(self._stop, trial))

    async def _stop(self, trial: Trial) -> None:
        async def deed(operator: Operator) -> None:
            await self._trials.stop(operator.name, trial.trial_id)

        await self._do(deed, "", self._words.say("The trial was stopped."))

    def _ask_to_promote(self, trial: Trial) -> None:
        say = self._words.say
        question = say(
            "Put {version} live instead of {live}? It is loaded and tested first. You can roll back at any time.",
            version=trial.candidate,
            live=trial.live,
        )
        self._visit.frame.ask(question, say("Put live"), partial(self._promote, trial))

    async def _promote(self, trial: Trial) -> None:
        reason = str(Sentence(BETTER_IN_TRIAL, live=trial.live, number=trial.trial_id))

        async def deed(operator: Operator) -> Switch:
            return await self._visit.console.models.promote(trial.candidate, operator.name, reason)

        told = self._words.say("Loading and testing {version}…", version=printable(trial.candidate))
        await self._do(deed, told, self._words.say("{version} is live.", version=printable(trial.candidate)))

    def _build_start(self, choices: Choices) -> None:
        say = self._words.say
        if not may(self._visit.operator.role, Action.PROMOTE) or self._visit.console.models.fixed is not None:
            return
        node("h2", say("New trial"))
        if not choices.candidates:
            node("p", say("There is no version to try besides the live one and the starter."))
            return
        default = Rule()
        yes_or_no = [("no", say("No, I decide then")), ("yes", say("Yes"))]
        alphas = [(one, self._words.percent(float(one))) for one in _ALPHAS]
        fields = [
            Field(
                name="candidate",
                label=say("Candidate"),
                kind="select",
                value=choices.candidates[0],
                options=[(one, printable(one)) for one in choices.candidates],
            ),
            Field(name="share", label=say("Percent of conversations, 1 to 50"), value=str(default.share), limit=3),
            Field(
                name="alpha",
                label=say("Probability of a false alarm"),
                kind="select",
                value=str(default.alpha),
                options=alphas,
            ),
            Field(
                name="conversations",
                label=say("Maximum conversations"),
                value=str(default.most_conversations),
                limit=7,
                hint=say("Otherwise, the trial ends without a winner."),
            ),
            Field(name="days", label=say("Maximum days"), value=str(default.most_days), limit=4),
            Field(
                name="promotes",
                label=say("Put a better candidate live automatically"),
                kind="select",
                value="no",
                options=yes_or_no,
            ),
        ]
        Form("trial", fields, say("Start trial"), self._start, strong=True, keep=True)

    async def _start(self, values: Mapping[str, str]) -> None:
        rule = Rule(
            share=_whole(values["share"]),
            alpha=float(values["alpha"]),
            most_conversations=_whole(values["conversations"]),
            most_days=_whole(values["days"]),
            promotes=values["promotes"] == "yes",
        )

        async def deed(operator: Operator) -> Trial:
            return await self._trials.start(values["candidate"], rule, operator.name)

        told = self._words.say("Loading and testing {version}…", version=printable(values["candidate"]))
        await self._do(deed, told, self._words.say("The trial is running."))

    async def _do(self, deed: Callable[[Operator], Awaitable[object]], told: str, done: str) -> None:
        """Do one thing at a time, and show what is so then."""
        if self._is_busy:
            return
        self._is_busy, self._progress.text = True, told

        async def all_of_it(operator: Operator) -> bool:
            await deed(operator)
            return True

        try:
            is_done = await act(self._visit, Action.PROMOTE, all_of_it)
        finally:
            self._is_busy, self._progress.text = False, ""
        if is_done:
            await self._show()
            self._visit.frame.say(done)


def rule_words(trial: Trial, words: Words) -> str:
    """Return the rule of a trial as a sentence."""
    rule = trial.rule
    percent = round(100 * rule.alpha, 1)
    alpha = words.percent(rule.alpha) if percent == round(percent) else words.percent_tenths(rule.alpha)
    return words.say(
        _RULE,
        share=words.percent(rule.share / 100),
        candidate=printable(trial.candidate),
        live=printable(trial.live),
        alpha=alpha,
        conversations=words.number(rule.most_conversations),
        days=words.number(rule.most_days),
    )


def _whole(text: str) -> int:
    """Return a whole number; -1, which no rule allows, for anything else."""
    return int(text) if text.strip().isdecimal() else -1
