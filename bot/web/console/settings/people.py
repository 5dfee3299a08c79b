"""Who may open the console: invited with a link, given roles, signed out, ended and let in again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from bot.web.console.frame import ROLES, button
from bot.web.console.parts.acting import act, attempt
from bot.web.console.parts.elements import Table, moment
from bot.web.console.parts.form import Field, Form
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.address import sign_in_path
from supportbot.access.operators import LONGEST_NAME, PAGE, Person
from supportbot.access.roles import Action, Operator, Role, may
from supportbot.words import N_

_ABOUT = N_(
    "Everyone who signs in can view everything. Curators can also teach the bot. Admins can also manage "
    "models, settings and people."
)
_FROM_PROVIDER = N_("Signs in at {provider}, which sets the role each time.")
_LINK = N_("This link signs in {name} once, within ten minutes. It is shown only now:")


class People:
    """The list of people as one admin sees it; everybody else sees it without buttons.

    Args:
        visit: of whoever has opened it.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words
        self._roles = [(role.value, self._words.say(name)) for role, name in ROLES.items()]
        self._may_appoint = may(visit.operator.role, Action.APPOINT)

    async def build(self) -> None:
        """Build the list, and the form that invites."""
        node("p", self._words.say(_ABOUT), classes="muted")
        if self._may_appoint:
            node("h2", self._words.say("Invite someone"))
            fields = [
                Field(name="name", label=self._words.say("Name"), limit=LONGEST_NAME, required=True),
                Field(
                    name="role",
                    label=self._words.say("Role"),
                    kind="select",
                    value=Role.CURATOR.value,
                    options=self._roles,
                ),
            ]
            Form("invite", fields, self._words.say("Create link"), self._invite, strong=True)
        self._link = node("div", role="status")
        node("h2", self._words.say("People"))
        self._list = node("div")
        await attempt(self._visit, self._show)

    async def _show(self, after: str = "") -> None:
        people = await self._visit.console.access.operators.people(after=after)
        say = self._words.say
        self._list.clear()
        with self._list:
            headings = [
                say("Name"),
                say("Role"),
                say("Last seen"),
                *([say("Actions")] if self._may_appoint else []),
            ]
            table = Table(say("People"), headings)
            for person in people:
                self._show_person(table, person)
            if len(people) == PAGE:
                more = partial(attempt, self._visit, partial(self._show, people[-1].name))
                button(say("More people"), more)

    def _show_person(self, table: Table, person: Person) -> None:
        say = self._words.say
        name, role, seen, *rest = table.row()
        with name:
            node("span", person.name, dir="auto")
            if person.provider:
                node("p", say(_FROM_PROVIDER, provider=person.provider), classes="muted")
        with role:
            node("span", say(ROLES[person.role]) if person.ended_at is None else say("Access has ended"))
        with seen:
            if person.seen_at is None:
                node("span", say("Never"), classes="muted")
            else:
                moment(person.seen_at, self._words)
        for cell in rest:
            with cell, node("div", classes="row"):
                self._build_buttons(person)

    def _build_buttons(self, person: Person) -> None:
        say, operators = self._words.say, self._visit.console.access.operators
        if person.ended_at is not None:
            restore = partial(self._decide, partial(operators.restore, person.id), N_("{name} can sign in again."))
            button(say("Restore access"), restore, person)
            return
        field = Field(
            name="role",
            label=say("Role of {name}", name=person.name),
            kind="select",
            value=person.role.value,
            options=self._roles,
            hidden=True,
        )
        Form(f"role-{person.id}", [field], say("Change role"), partial(self._change, person), keep=True)
        button(say("New link"), self._renew, person)
        out = partial(
            self._decide, partial(operators.sign_out, person.id), N_("{name} was signed out everywhere.")
        )
        button(say("Sign out everywhere"), out, person)
        button(say("Remove access"), self._ask_end, person)

    async def _invite(self, values: Mapping[str, str]) -> None:
        await self._make_link(values["name"], Role(values["role"]))

    async def _renew(self, person: Person) -> None:
        await self._make_link(person.name, None)

    async def _make_link(self, name: str, role: Role | None) -> None:
        async def invite(operator: Operator) -> None:
            link = await self._visit.console.access.links.invite(name, role, operator.name)
            self._link.clear()
            with self._link:
                node("p", self._words.say(_LINK, name=link.operator.name))
                address = f"{self._visit.origin}{sign_in_path(link.secret)}"
                label = self._words.say("Sign-in link")
                node("input", classes="wide", type="text", readonly=True, value=address, aria_label=label)
            await self._show()

        await act(self._visit, Action.APPOINT, invite)

    async def _change(self, person: Person, values: Mapping[str, str]) -> None:
        role = Role(values["role"])

        async def change(operator: Operator) -> None:
            operators = self._visit.console.access.operators
            before = await operators.change_role(person.id, role, operator.name)
            await self._show()
            if before is not role:
                done = self._words.say(
                    "{name} is now: {role}.", name=person.name, role=self._words.say(ROLES[role])
                )
                self._visit.frame.offer_undo(done, partial(self._change, person, {"role": before.value}))

        await act(self._visit, Action.APPOINT, change)

    def _ask_end(self, person: Person) -> None:
        operators = self._visit.console.access.operators
        question = self._words.say("Remove access for {name}? They are signed out immediately.", name=person.name)
        undo = partial(
            self._decide, partial(operators.restore, person.id), N_("{name} can sign in again."), person
        )
        end = partial(
            self._decide, partial(operators.end, person.id), N_("{name} no longer has access."), person, undo
        )
        self._visit.frame.ask(question, self._words.say("Remove access"), end)

    async def _decide(
        self,
        decision: Callable[[str], Awaitable[None]],
        said: str,
        person: Person,
        undo: Callable[[], object] | None = None,
    ) -> None:
        """Decide something about a person, say so, and offer to take it back where that can be done."""

        async def decide(operator: Operator) -> None:
            await decision(operator.name)
            await self._show()
            done = self._words.say(said, name=person.name)
            if undo is None:
                self._visit.frame.say(done)
            else:
                self._visit.frame.offer_undo(done, undo)

        await act(self._visit, Action.APPOINT, decide)
