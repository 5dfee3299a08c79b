"""A person's data: found by their id, handed out as a file, and erased once the id was typed again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial

from nicegui.elements.mixins.text_element import TextElement

from bot.web.console.labels import PLATFORMS
from bot.web.console.parts.acting import act
from bot.web.console.parts.download import Download
from bot.web.console.parts.elements import Table
from bot.web.console.parts.form import Field, Form
from bot.web.console.settings.kinds import KINDS, STEPS
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, Operator, may
from supportbot.errors import SupportBotError
from supportbot.privacy.found import Found
from supportbot.privacy.person import Person
from supportbot.privacy.requests import Outcome
from supportbot.privacy.upkeep import MOST_BYTES
from supportbot.words import N_

_ABOUT = N_(
    "To answer a privacy request, find the person by their ID on the platform. Exports and erasures appear "
    "in the audit log without the name."
)
_ADMINS = N_("Only admins can find, export and erase a person's data. Ask one of them.")
_SURE = N_("Everything is deleted for good, including what the bot learned from it. This can't be undone.")
_ANOTHER = N_("This ID doesn't match the person shown. Nothing was erased.")


class PersonRequests:
    """The form, and what it finds.

    Args:
        visit: of whoever has opened it.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words
        self._requests = visit.console.administration.requests

    def build(self) -> None:
        """Build the form."""
        say = self._words.say
        if not may(self._visit.operator.role, Action.ERASE):
            node("p", say(_ADMINS))
            return
        node("p", say(_ABOUT), classes="muted")
        platforms = [(value, say(name)) for value, name in PLATFORMS.items()]
        fields = [
            Field(name="platform", label=say("Platform"), kind="select", value="slack", options=platforms),
            Field(name="user", label=say("ID of the person, such as U0123ABC"), required=True),
            Field(
                name="workspaces",
                label=say("Only in these workspaces (IDs, separated by commas). Leave empty for all."),
            ),
        ]
        Form("person", fields, say("Find"), self._find, strong=True, keep=True, focus=True)
        self._found = node("div")

    async def _find(self, values: Mapping[str, str]) -> None:
        async def find(operator: Operator) -> None:
            named = [name for part in values["workspaces"].split(",") if (name := part.strip())]
            person = await self._requests.person(values["platform"], values["user"].strip(), named)
            self._show(person, await self._requests.find(person))

        self._found.clear()
        await act(self._visit, Action.ERASE, find)

    def _show(self, person: Person, found: Found) -> None:
        say = self._words.say
        self._found.clear()
        with self._found:
            node("h2", say("Data of {person}", person=person.user), dir="auto")
            if found.is_nothing:
                # Decisions, files and what others were shown may still contain their name, so it can be erased.
                node("p", say("The bot keeps no questions, votes, answers or training rows of this person."))
            else:
                self._count(say("Stored data"), found.counts())
            for version, rows in sorted(found.versions.items()):
                sentence = self._words.say_many(
                    "Model version {version} learned from {number} of the rows.",
                    "Model version {version} learned from {number} of the rows.",
                    len(rows),
                    version=version,
                )
                node("p", sentence, dir="auto")
            with node("p"):
                label = say("Download everything as JSON")
                export = partial(self._export, person)
                Download(label, "person.json", "application/json", self._visit, Action.ERASE, export)
            node("h2", say("Erase"))
            node("p", say(_SURE))
            field = Field(name="typed", label=say("Type the ID to confirm"), required=True)
            Form("erase", [field], say("Erase for good"), partial(self._erase, person))

    def _count(self, label: str, counts: Mapping[str, int]) -> None:
        say = self._words.say
        table = Table(label, [say("Action"), say("How many")])
        for kind, count in counts.items():
            if count:
                what, number = table.row()
                with what:
                    node("span", say(KINDS.get(kind, kind)))
                with number:
                    node("span", self._words.number(count))

    async def _export(self, person: Person, operator: Operator) -> bytes:
        record = await self._requests.export(person, operator.name)
        return (json.dumps(record, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")

    async def _erase(self, person: Person, values: Mapping[str, str]) -> None:
        async def erase(operator: Operator) -> Outcome:
            if values["typed"].strip() != person.user:
                raise SupportBotError(_ANOTHER)
            self._found.clear()
            with self._found:
                step = node("p", role="status")
            told = partial(self._tell, step)
            return await self._requests.erase(
                person, operator.name, told=told, words=self._words, most_bytes=MOST_BYTES
            )

        outcome = await act(self._visit, Action.ERASE, erase)
        if outcome is not None and not self._found.is_deleted:  # it goes on when the page is closed
            self._show_outcome(outcome)

    def _tell(self, step: TextElement, what: str, done: int, total: int) -> None:
        sentence = self._words.say(STEPS.get(what, what))
        step.text = f"{sentence} {done}/{total}" if total > 1 else sentence

    def _show_outcome(self, outcome: Outcome) -> None:
        say = self._words.say
        self._found.clear()
        with self._found:
            node("h2", say("Erased"))
            if outcome.erased.counts:
                self._count(say("Erased"), outcome.erased.counts)
            else:
                node("p", say("There was nothing to erase."))
            for label, paths in (
                (N_("Cleaned: {path}"), outcome.erased.files.changed),
                (N_("Removed: {path}"), outcome.erased.files.removed),
            ):
                for path in paths:
                    node("p", say(label, path=path), dir="auto")
            if outcome.compacted.problem:
                node("p", outcome.compacted.problem)
            node("h2", say("Not deleted. You need to handle these"))
            with node("ul"):
                for sentence in outcome.left:
                    node("li", sentence, dir="auto")
        self._visit.frame.say(say("All data of this person within reach was erased."))
