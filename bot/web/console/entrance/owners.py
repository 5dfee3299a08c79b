"""Whose page is whose: a page of the console can be used with the session that it was built for, and no other."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from nicegui import Client

from supportbot.access.sessions import Session


class Owners:
    """The open pages of the console, each with its session; a page that is gone is forgotten."""

    def __init__(self) -> None:
        self._sessions: WeakKeyDictionary[Client, int] = WeakKeyDictionary()

    def add(self, client: Client, session: Session) -> None:
        """Note whose a page is."""
        self._sessions[client] = session.id

    def session_of(self, client_id: str) -> int | None:
        """Return the number of the session of a page; None for what is no page of the console."""
        client = Client.instances.get(client_id)
        return None if client is None else self._sessions.get(client)

    def close(self, client_id: str) -> None:
        """Take a page away whose session is over; its browser loads it again, and finds the way to sign in."""
        if (client := Client.instances.get(client_id)) is not None:
            client.delete()
