"""What can be undone from the audit: decisions of Review, about channels, and about roles.

Each line gets a button if who looks may do what it tells of, and nobody has decided otherwise since; whether that
is still so is looked at again with the click.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from functools import partial

from nicegui.elements.mixins.text_element import TextElement

from bot.web.console.frame import button
from bot.web.console.parts.acting import act
from bot.web.console.settings.channels import said
from bot.web.console.visit import Visit
from supportbot.access.roles import Action, Operator, may
from supportbot.db.audit import AuditEntry
from supportbot.words import N_


@dataclass(frozen=True, slots=True)
class _Deed:
    """What a line tells of.

    Attributes:
        action: what whoever takes it back needs to be allowed to.
        key: the same for lines that are taken back together.
        take_back: does so; its argument is the person, for the audit.
        told: what they are told then.
    """

    action: Action
    key: object
    take_back: Callable[[str], Awaitable[object]]
    told: str


class Undoing:
    """The buttons of a page of the audit.

    Args:
        visit: of whoever looks.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._deeds: dict[int, _Deed] = {}
        self._buttons: dict[object, list[TextElement]] = {}

    async def look(self, lines: Collection[AuditEntry]) -> None:
        """Find what whoever looks may undo."""
        finders = {
            Action.REVIEW: self._decisions,
            Action.CONFIGURE: self._policies,
            Action.APPOINT: self._roles,
        }
        for action, find in finders.items():
            if may(self._visit.operator.role, action):
                self._deeds |= await find(action, lines)

    async def _decisions(self, action: Action, lines: Collection[AuditEntry]) -> dict[int, _Deed]:
        review, told = self._visit.console.review, N_("Undone. The item is waiting again.")
        deeds = await review.deeds_of([line.audit_id for line in lines])
        return {
            number: _Deed(action, ("decision", deed), partial(review.undo, deed), told)
            for number, deed in deeds.items()
        }

    async def _policies(self, action: Action, lines: Collection[AuditEntry]) -> dict[int, _Deed]:
        channels, told = self._visit.console.administration.channels, N_("Change undone.")

        async def take_back(number: int, by: str) -> None:
            with said(self._visit.words):
                await channels.undo(number, by)

        undoable = await channels.undoable(lines)
        return {number: _Deed(action, number, partial(take_back, number), told) for number in undoable}

    async def _roles(self, action: Action, lines: Collection[AuditEntry]) -> dict[int, _Deed]:
        operators, told = self._visit.console.access.operators, N_("The previous role is restored.")
        undoable = await operators.undoable(lines)
        return {number: _Deed(action, number, partial(operators.undo_role, number), told) for number in undoable}

    def offer(self, line: AuditEntry, cell: TextElement) -> None:
        """Offer it in a line, if it can be undone."""
        deed = self._deeds.get(line.audit_id)
        if deed is None:
            return
        with cell:
            shown = button(self._visit.words.say("Undo"), self._undo, deed)
            shown.props["aria-label"] = self._visit.words.say(
                "Undo {action} of {subject}", action=line.action, subject=line.subject
            )
        self._buttons.setdefault(deed.key, []).append(shown)

    async def _undo(self, deed: _Deed) -> None:
        async def take_back(operator: Operator) -> bool:
            await deed.take_back(operator.name)
            return True

        if await act(self._visit, deed.action, take_back):
            for one in self._buttons.pop(deed.key, []):
                one.delete()
            self._visit.frame.say(self._visit.words.say(deed.told))
