"""One entry, new or not: what became of it, retiring it and bringing it back; the rest does the editor."""

from __future__ import annotations

from nicegui import ui

from bot.web.console.frame import button
from bot.web.console.knowledge.editor import Editor
from bot.web.console.knowledge.entries import SOURCES, state_of
from bot.web.console.knowledge.figures import build_use
from bot.web.console.parts.acting import act
from bot.web.console.parts.field import Field
from bot.web.console.parts.number import read_number
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, Operator, may
from supportbot.db.states import EntryState
from supportbot.knowledge.manage import KnowledgeError
from supportbot.words import N_

_NO_ENTRY = N_("This entry doesn't exist. See the list for all entries.")


async def build_new(visit: Visit) -> None:
    """Build the form for a new answer; ``?question=NUMBER`` puts what was asked in as its first wording."""
    asked = read_number(visit.query.get("question", ""))
    first = await visit.console.knowledge.shelf.question(asked) if asked is not None else None
    node("h1", visit.words.say("New answer"))
    form = Editor(visit, None, " ".join((first or "").split()))
    await form.build()


async def build(visit: Visit, part: str) -> None:
    """Build one entry.

    Raises:
        KnowledgeError: there is none with this number.
    """
    if (entry_id := read_number(part)) is None:
        raise KnowledgeError(_NO_ENTRY)
    with node("div", classes="one"):
        await _Shown(visit, entry_id).build()


class _Shown:
    """An entry that can be built again after each deed.

    Args:
        visit: of the page.
        entry_id: which.
    """

    def __init__(self, visit: Visit, entry_id: int) -> None:
        self._visit = visit
        self._entry_id = entry_id
        self._place = ui.context.slot.parent

    async def build(self) -> None:
        """Build it as it is now."""
        visit, words = self._visit, self._visit.words
        found = await visit.console.knowledge.shelf.entry(self._entry_id)
        summary = found.entry.summary
        self._place.clear()
        with self._place:
            node("h1", words.say("Entry {entry}", entry=self._entry_id))
            with node("p", classes="counts"):
                node("strong", state_of(summary, words))
                node("span", words.say(SOURCES[summary.source]))
                if name := summary.approved_by:
                    when = words.day(summary.approved_at.astimezone())
                    node("span", words.say("approved by {name}, {day}", name=name, day=when))
                else:
                    node("span", words.say("built in"))
            build_use(found.use, words)
            may_teach = may(visit.operator.role, Action.TEACH)
            if summary.state is EntryState.RETIRED:
                node(
                    "p",
                    words.say("This entry is retired. Nobody gets it, and no model learns it."),
                    classes="advice",
                )
                if may_teach:
                    button(words.say("Restore"), self._restore, classes="main")
            elif may_teach:
                button(words.say("Retire"), self._ask_to_retire)
            self._asking = node("div", classes="asking")
            is_open = summary.state is EntryState.LIVE and may_teach
            await Editor(visit, found.entry, on_saved=self.build, is_open=is_open).build()

    def _ask_to_retire(self) -> None:
        words = self._visit.words
        self._asking.clear()
        with self._asking, node("div", classes="advice", role="group", aria_label=words.say("Retire")):
            node("span", words.say("Retire this answer? Nobody gets it any more. You can restore it later."))
            reason = Field("reason", words.say("Reason for the audit log"), limit=500)
            with node("div", classes="row"):
                button(words.say("Yes, retire"), lambda: self._retire(reason.value), classes="main")
                button(words.say("Cancel"), self._asking.clear)

    async def _retire(self, reason: str = "") -> None:
        words, entries = self._visit.words, self._visit.console.knowledge.entries

        async def deed(operator: Operator) -> bool:
            await entries.retire([self._entry_id], operator.name, reason=reason.strip() or None)
            return True

        if await act(self._visit, Action.TEACH, deed):
            await self.build()
            self._visit.frame.offer_undo(words.say("The entry is retired."), self._restore)

    async def _restore(self) -> None:
        words, entries = self._visit.words, self._visit.console.knowledge.entries

        async def deed(operator: Operator) -> bool:
            await entries.restore(self._entry_id, operator.name)
            return True

        if await act(self._visit, Action.TEACH, deed):
            await self.build()
            self._visit.frame.offer_undo(words.say("The entry is live again."), self._retire)
