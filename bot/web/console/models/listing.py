"""All versions: what each is, how it compared, how people liked it; which is live, and who decided so."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from nicegui import ui

from bot.web.console.models.deeds import Deeds
from bot.web.console.models.labels import (
    FIXED,
    PATH,
    TRAINING,
    TRIAL,
    build_state,
    comparison,
    deed_words,
    path_of,
)
from bot.web.console.pages import ROOT
from bot.web.console.parts.acting import attempt
from bot.web.console.parts.elements import Table, moment
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.db.audit import AuditEntry
from supportbot.models.daemons import RunningDaemon
from supportbot.models.publishing import VersionSummary
from supportbot.models.versions import Standing
from supportbot.printable import printable
from supportbot.words import N_, Words

_LOOK_SECONDS = 2.0
"""How often a page looks whether the model that answers is the live one by now."""

_HOW_TO_TRAIN = (
    "supportbot curate collect && supportbot curate review",
    "python -m training.finetune --from-db --recipe faq --output-dir var/runs/v2",
    "python -m training.evaluate --candidate var/runs/v2 --against active",
    "python -m training.publish --candidate var/runs/v2 --version v2",
)
_ONLY_STARTER = N_(
    "Only the starter is installed, which knows the FAQ of a made-up shop. To train a model on your approved "
    "answers, run this command on the bot's machine. The version then appears here, and you can put it live:"
)
_LATE = N_(
    "The bot still answers with {answering} while {live} is loading. If this doesn't change, {live} was "
    "refused. The log says why under model.swap_failed."
)


class Listing:
    """The list.

    Args:
        visit: of whoever looks.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words
        self._models = visit.console.models
        self._live: str | None = None

    async def build(self) -> None:
        """Build the page."""
        say = self._words.say
        node("h1", say("Models"))
        with node("div", classes="row"):
            node("a", say("Train a model"), href=f"{PATH}/{TRAINING}")
            node("a", say("Try a version with users"), href=f"{PATH}/{TRIAL}")
        if self._models.fixed is not None:
            node("p", say(FIXED[self._models.fixed]), classes="caveat advice")
        self._late = node("p", role="status", classes="late advice")
        self._deeds = Deeds(self._visit, self._show)
        self._place = node("div")
        await attempt(self._visit, self._show)
        ui.timer(_LOOK_SECONDS, self._compare)

    async def _show(self) -> None:
        say, words = self._words.say, self._words
        standing = await self._models.standing(self._visit.query.get("after") or None)
        self._live = standing.live
        self._compare()
        self._place.clear()
        with self._place:
            self._build_live(standing)
            if standing.is_beginning:
                build_beginning(words)
            node("h2", say("Versions"))
            headings = [
                say(name)
                for name in (
                    *(N_("Version"), N_("Status"), N_("Created"), N_("Evaluation")),
                    *(N_("Answers"), N_("Votes"), N_("Actions")),
                )
            ]
            table = Table(say("Versions"), headings)
            for summary in standing.versions:
                self._build_row(table, summary, standing)
            with node("p", classes="row pages"):
                if self._visit.query.get("after"):
                    node("a", say("Newest"), href=PATH)
                if standing.older is not None:
                    node("a", say("Older"), href=f"{PATH}?after={quote(standing.older)}", rel="next")
            if standing.daemons:
                build_daemons(standing.daemons, words)
            if standing.deeds:
                node("h2", say("Decisions"))
                build_deeds(standing.deeds, words)
                node("a", say("See all in the audit log"), href=f"{ROOT}/settings/audit?action=model.")

    def _build_live(self, standing: Standing) -> None:
        words = self._words
        answering = self._models.answering()
        if self._models.fixed is not None:
            node("p", words.say("{version} is live.", version=answering), classes="live", dir="auto")
            return
        if standing.live is None:
            return
        with node("p", classes="live"):
            node("strong", words.say("{version} is live", version=standing.live), dir="auto")
            if standing.since is not None:
                moment(standing.since.at, words)
                node("span", words.say("by {name}", name=standing.since.actor), dir="auto")

    def _build_row(self, table: Table, summary: VersionSummary, standing: Standing) -> None:
        words = self._words
        version, state, made, evaluation, answers, votes, actions = table.row()
        with version:
            node("a", summary.version, href=path_of(summary.version), dir="auto")
        with state:
            build_state(summary, words)
        with made:
            moment(summary.created_at, words)
        evaluation.text = comparison(summary, words)
        answers.text = words.number(summary.answers)
        votes.text = f"👍 {words.number(summary.votes_up)} 👎 {words.number(summary.votes_down)}"
        with actions, node("div", classes="row"):
            self._deeds.build(summary, standing.live, standing.previous)

    def _compare(self) -> None:
        """Say so while another version answers than the one that is live."""
        answering = self._models.answering()
        is_late = self._models.fixed is None and self._live not in (None, answering)
        values = {"answering": printable(answering), "live": printable(self._live or "")}
        told = self._words.say(_LATE, **values) if is_late else ""
        if self._late.text != told:
            self._late.text = told


def build_beginning(words: Words) -> None:
    """Say how one comes to a version of one's own."""
    with node("section", classes="beginning", aria_label=words.say("Train a model")):
        node("p", words.say(_ONLY_STARTER))
        with node("pre", tabindex="0"):
            node("code", "\n".join(_HOW_TO_TRAIN))


def build_daemons(daemons: Sequence[RunningDaemon], words: Words) -> None:
    """Show which daemons share the database, and what keeps one from the live version."""
    say = words.say
    node("h2", say("Machines"))
    table = Table(
        say("Machines"), [say("Machine"), say("Answers with"), say("Reasons not to compare with the live version")]
    )
    for daemon in daemons:
        for cell, text in zip(table.row(), (daemon.host, daemon.version, daemon.problem or "–"), strict=True):
            with cell:
                node("span", printable(text), dir="auto")


def build_deeds(deeds: Sequence[AuditEntry], words: Words, *, of_one: bool = False) -> None:
    """Show who decided what, and when.

    Args:
        deeds: the newest first.
        words: the console's own.
        of_one: whether all are about the same version, which is then not named.
    """
    with node("ul", classes="deeds-done", aria_label=words.say("Decisions")):
        for entry in deeds:
            with node("li"):
                moment(entry.at, words)
                node("span", entry.actor, classes="who", dir="auto")
                if not of_one:
                    node("span", entry.subject.removeprefix("model:"), classes="which", dir="auto")
                node("span", deed_words(entry, words), dir="auto")
