"""What admins do with versions: put one live, go back to the one before, and delete the files of one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeVar

from bot.web.console.frame import button
from bot.web.console.parts.acting import act
from bot.web.console.parts.form import Field, Form
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, Operator, may
from supportbot.db.states import ModelStatus
from supportbot.models.publishing import Switch, VersionSummary
from supportbot.printable import printable
from supportbot.words import N_

T = TypeVar("T")

_LONGEST_REASON = 500

_WHY = N_(
    "You can put it live anyway if you give a reason. The reason is stored in the audit log, so don't "
    "include personal data."
)


class Deeds:
    """The buttons of versions, for who may use them, and what comes of a click.

    Args:
        visit: of whoever clicks.
        refresh: shows what is so now.
    """

    def __init__(self, visit: Visit, refresh: Callable[[], Awaitable[None]]) -> None:
        self._visit = visit
        self._words = visit.words
        self._models = visit.console.models
        self._refresh = refresh
        self._is_busy = False
        self._progress = node("p", classes="muted", role="status")
        self._doubt = node("div")

    def build(self, summary: VersionSummary, live: str | None, previous: str | None) -> None:
        """Build the buttons for a version: those that would have an effect.

        Args:
            summary: of the version.
            live: the version that is.
            previous: where a rollback leads.
        """
        if not may(self._visit.operator.role, Action.PROMOTE):
            return
        say, version = self._words.say, summary.version
        is_offered = summary.status is ModelStatus.CANDIDATE and not summary.problem
        if is_offered and self._models.fixed is None:
            button(say("Put live"), self._ask_to_promote, version, live)
        if version == live and previous is not None and self._models.fixed is None:
            button(say("Roll back"), self._ask_to_roll_back, live, previous)
        if self._models.may_retire(summary, live):
            button(say("Retire"), self._ask_to_retire, version)

    async def _ask_to_promote(self, version: str, live: str | None) -> None:
        self._doubt.clear()

        async def look(operator: Operator) -> str:
            return await self._models.objection(version)

        objection = await act(self._visit, Action.PROMOTE, look)
        if objection is None:
            return
        if objection:
            self._build_doubt(version, objection)
            return
        say = self._words.say
        question = say(
            "Put {version} live instead of {live}? It is loaded and tested first. You can roll back at any time.",
            version=version,
            live=live or "–",
        )
        self._visit.frame.ask(question, say("Put live"), partial(self._promote, version))

    def _build_doubt(self, version: str, objection: str) -> None:
        say = self._words.say
        with self._doubt, node("section", classes="doubt advice", aria_label=say("Reasons against it")):
            node("h2", say("{version} has not been shown to be better", version=version), dir="auto")
            node("p", say(objection), dir="auto")
            node("p", say(_WHY))

            async def go_on(values: Mapping[str, str]) -> None:
                await self._promote(version, values["reason"])

            reason = Field(name="reason", label=say("Reason"), limit=_LONGEST_REASON, required=True)
            Form("reason", [reason], say("Put live anyway"), go_on, keep=True, focus=True)
            button(say("Cancel"), self._doubt.clear)

    async def _promote(self, version: str, reason: str | None = None) -> None:
        async def deed(operator: Operator) -> Switch:
            return await self._models.promote(version, operator.name, reason)

        told = self._words.say("Loading and testing {version}…", version=printable(version))
        switch = await self._do(deed, told)
        if switch is not None:
            done = self._words.say("{version} is live.", version=switch.version)
            if switch.unreached:
                self._visit.frame.alert(f"{done} {self._words.say(switch.unreached)}")
            elif switch.previous is None:
                self._visit.frame.say(done)
            else:
                self._visit.frame.offer_undo(done, partial(self._roll_back, switch.version))

    def _ask_to_roll_back(self, live: str, previous: str) -> None:
        say = self._words.say
        question = say("Roll back from {live} to {previous}?", live=live, previous=previous)
        self._visit.frame.ask(question, say("Roll back"), partial(self._roll_back, live))

    async def _roll_back(self, live: str) -> None:
        async def deed(operator: Operator) -> Switch:
            return await self._models.rollback(operator.name, live)

        switch = await self._do(deed, "")
        if switch is None:
            return
        if switch.unrecorded:
            self._visit.frame.alert(self._words.say(switch.unrecorded))
        else:
            self._visit.frame.say(self._words.say("{version} is live again.", version=switch.version))

    def _ask_to_retire(self, version: str) -> None:
        say = self._words.say
        question = say(
            "Delete the files of {version}? It can't be put live again, and this can't be undone. Its past "
            "answers still name it.",
            version=version,
        )
        self._visit.frame.ask(question, say("Delete files"), partial(self._retire, version))

    async def _retire(self, version: str) -> None:
        async def deed(operator: Operator) -> bool:
            await self._models.retire(version, operator.name)
            return True

        if await self._do(deed, ""):
            self._visit.frame.say(self._words.say("{version} is retired.", version=version))

    async def _do(self, deed: Callable[[Operator], Awaitable[T]], told: str) -> T | None:
        """Do one thing at a time, and show what is so then; what fails changed nothing."""
        if self._is_busy:
            return None
        self._is_busy, self._progress.text = True, told
        try:
            done = await act(self._visit, Action.PROMOTE, deed)
        finally:
            self._is_busy, self._progress.text = False, ""
        if done is not None:
            self._doubt.clear()
            await self._refresh()
        return done
