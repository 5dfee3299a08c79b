"""An operator with a page of the console open: who it is, and what their clicks may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.web.console.frame import Frame
from supportbot.access.roles import Action, Operator
from supportbot.access.sessions import Session
from supportbot.console import Console
from supportbot.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a page is built with: ``async def build(visit: Visit) -> None`` in a module for each.

    Attributes:
        session: in which they have signed in.
        words: the console's own, in the operator's language.
        console: what can be asked and done.
        frame: what is around the page: notices, the undo bar and keys.
        authorise: returns the operator as of now, if they may still do something; ForbiddenError otherwise. Each
            writing action calls it first, and gives the name to the audit.
        argument: the rest of the address, such as the number of a question; empty for none.
        query: the part after the question mark.
        origin: under which the operator has opened it, such as ``https://help.shop.example``.
    """

    session: Session
    words: Words
    console: Console
    frame: Frame
    authorise: Callable[[Action], Awaitable[Operator]]
    argument: str
    query: Mapping[str, str]
    origin: str

    @property
    def operator(self) -> Operator:
        """Who has opened it, as of then."""
        return self.session.operator
