"""Workspaces: where the bot was asked or is installed, and whether a model may learn from what is said there."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

from bot.web.console.frame import button
from bot.web.console.labels import platform_name
from bot.web.console.parts.acting import act, attempt
from bot.web.console.parts.elements import Table, moment
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, Operator, may
from supportbot.administration.workspaces import Known
from supportbot.words import N_

_ABOUT = N_(
    "Models learn from a workspace, and its answers are used in other workspaces, only if an admin of that "
    "workspace has allowed it."
)
_DIRECT = N_("Direct messages to the bot in Discord. People's names are replaced by digests.")
_ALLOW = N_(
    "Learn from {name}? Only if an admin of that workspace allows it. Models may then train on redacted "
    "messages from there, and its answers may be used in other workspaces. Your name is recorded."
)
_WITHDRAW = N_(
    "Withdraw the consent of {name}? From now on, its rows are left out of training, and its answers are "
    "used only there. Models that already learned from it don't change. Train another model and retire them."
)
_SHOWN = 80
"""Characters of a name in a question; others may choose names."""


class WorkspaceList:
    """The list, of workspaces or of what single people write to the bot alone.

    Args:
        visit: of whoever has opened it.
        path: where this is.
        channels_path: where it is decided what is answered.
    """

    def __init__(self, visit: Visit, path: str, channels_path: str) -> None:
        self._visit = visit
        self._words = visit.words
        self._path = path
        self._channels_path = channels_path
        self._may_configure = may(visit.operator.role, Action.CONFIGURE)
        # Who writes to the bot alone is a person, so only who may decide about them sees that they do.
        self._direct = bool(visit.query.get("direct")) and self._may_configure
        platform, _, workspace = visit.query.get("after", "").partition(":")
        self._after = (platform, workspace) if workspace else None

    async def build(self) -> None:
        """Build the list."""
        say = self._words.say
        node("p", say(_DIRECT if self._direct else _ABOUT), classes="muted")
        if self._may_configure:
            there = {} if self._direct else {"direct": "yes"}
            label = say("Workspaces") if self._direct else say("Direct messages")
            with node("p"):
                node("a", label, href=self._address(there))
        self._list = node("div")
        await attempt(self._visit, self._show)

    async def _show(self) -> None:
        say = self._words.say
        found = await self._visit.console.administration.workspaces.page(self._after, direct=self._direct)
        self._list.clear()
        with self._list:
            if not found.workspaces:
                node("p", say("No workspaces yet. Connect Slack or Discord, or ask on the chat page."))
                return
            headings = [
                say("Platform"),
                say("Workspace"),
                say("Questions"),
                say("App"),
                say("Learning allowed"),
            ]
            if self._may_configure:
                headings.append(say("Actions"))
            table = Table(say("Workspaces"), headings)
            for known in found.workspaces:
                self._show_one(table, known)
            with node("nav", classes="row pages", aria_label=say("Pagination")):
                kept = {"direct": "yes"} if self._direct else {}
                if self._after:
                    node("a", say("First page"), classes="button", href=self._address(kept))
                if found.after:
                    further = self._address({**kept, "after": ":".join(found.after)})
                    node("a", say("Next page"), classes="button", href=further, rel="next")

    def _show_one(self, table: Table, known: Known) -> None:
        say, words, consent = self._words.say, self._words, known.consent
        platform, where, questions, app, learned, *rest = table.row()
        with platform:
            node("span", platform_name(consent.platform, words))
        with where:
            if known.name:
                node("span", _short(known.name), dir="auto")
                node("br")
            node("code", consent.external_id, classes="muted", dir="auto")
        with questions:
            node("span", words.number(known.questions))
        with app:
            state = {True: N_("Installed"), False: N_("Not installed"), None: "–"}[known.is_installed]
            node("span", say(state))
        with learned:
            if consent.at is not None:
                node("span", say("Yes, by {name}", name=consent.by or "–"), dir="auto")
                node("br")
                moment(consent.at, words)
            else:
                node("span", say("Yes, on this machine") if consent.counts else say("No"))
        for cell in rest:
            with cell, node("div", classes="row"):
                self._build_actions(known)

    def _build_actions(self, known: Known) -> None:
        say, consent = self._words.say, known.consent
        name = _short(known.name or consent.external_id)
        if known.needs_consent:
            if consent.at is None:
                button(say("Allow learning"), self._ask, _ALLOW, say("Allow learning"), known, True)
            else:
                button(say("Withdraw"), self._ask, _WITHDRAW, say("Withdraw"), known, False)
        query = urlencode({"workspace": f"{consent.platform}:{consent.external_id}"})
        label = say("Answer settings of {name}", name=name)
        node("a", say("Answer settings"), href=f"{self._channels_path}?{query}", aria_label=label)

    def _ask(self, question: str, yes: str, known: Known, learn: bool) -> None:
        name = _short(known.name or known.consent.external_id)
        then = partial(self._decide, known, learn=learn)
        self._visit.frame.ask(self._words.say(question, name=name), yes, then)

    async def _decide(self, known: Known, *, learn: bool) -> None:
        async def decide(operator: Operator) -> None:
            where = (known.consent.platform, known.consent.external_id)
            await self._visit.console.administration.workspaces.decide(*where, operator.name, learn=learn)
            await self._show()
            name = _short(known.name or known.consent.external_id)
            done = N_("Learning from {name} is on.") if learn else N_("Learning from {name} is off.")
            self._visit.frame.say(self._words.say(done, name=name))

        await act(self._visit, Action.CONFIGURE, decide)

    def _address(self, query: dict[str, str]) -> str:
        return f"{self._path}?{urlencode(query)}" if query else self._path


def _short(name: str) -> str:
    line = " ".join(name.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
