"""The browsers in which an operator is signed in; each can be signed out from any other."""

from __future__ import annotations

from bot.web.console.frame import button
from bot.web.console.parts.acting import attempt
from bot.web.console.parts.elements import Table, moment
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.sessions import Session
from supportbot.words import N_

_ABOUT = N_(
    "A session ends after twelve hours without activity, seven days after sign-in, or when you end it here."
)


class OwnSessions:
    """The sessions of whoever has opened the page.

    Args:
        visit: theirs.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words

    async def build(self) -> None:
        """Build the list."""
        node("p", self._words.say(_ABOUT), classes="muted")
        self._list = node("div")
        await attempt(self._visit, self._show)

    async def _show(self) -> None:
        found = await self._visit.console.access.sessions.of(self._visit.operator.id)
        say, words = self._words.say, self._visit.words
        self._list.clear()
        with self._list:
            table = Table(say("Your sessions"), [say("Signed in"), say("Last used"), say("Actions")])
            for session in found:
                signed_in, used, rest = table.row()
                with signed_in:
                    moment(session.created_at, words)
                with used:
                    moment(session.seen_at, words)
                with rest:
                    if session.id == self._visit.session.id:
                        node("span", say("This browser"), classes="muted")
                    else:
                        button(say("End session"), self._end, session)

    async def _end(self, session: Session) -> None:
        async def end() -> None:
            await self._visit.console.access.sessions.end(session.id, self._visit.session.id)
            await self._show()
            self._visit.frame.say(self._words.say("The session has ended."))

        await attempt(self._visit, end)
