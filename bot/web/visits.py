"""How many visits may be in progress that no browser has come back to.

NiceGUI builds a page for whoever asks for it, about 160 KB, and then waits for the browser to open its web socket.
Whoever asks again and again and never does so costs that memory each time. So such pages live for a short while,
and of too many the oldest go; a browser whose page is gone loads it again by itself.
"""

from __future__ import annotations

from nicegui import Client

from bot.web.connections import counted_address

_UNCONNECTED_SECONDS = 30.0
"""A browser opens its web socket once the page's scripts are there: 1 MB."""

MOST = 200
"""32 MB."""

_MOST_EACH = 16
"""For one address, where addresses are visitors' own."""


def make_room(newest: Client, *, by_address: bool) -> None:
    """Drop visits that nobody came back to, those of the newest one's address first.

    Args:
        newest: the visit that begins.
        by_address: whether the address of a request is its visitor's, as it is without a proxy.
    """
    Client.prune_instances(client_age_threshold=_UNCONNECTED_SECONDS)
    waiting = [client for client in Client.instances.values() if client is not newest and is_waiting(client)]
    address = counted_address(newest.ip)
    if by_address and address:
        same = [client for client in waiting if counted_address(client.ip) == address]
        _drop(same, _MOST_EACH)
        waiting = [client for client in waiting if not client.is_deleted]
    _drop(waiting, MOST)


def is_waiting(client: Client) -> bool:
    """Return whether no browser has come back to a page yet; one that lost its browser goes soon by itself."""
    return not client.has_socket_connection and not client._delete_tasks


def _drop(waiting: list[Client], most: int) -> None:
    """Drop the oldest, so that with the newest there are so many at most."""
    for client in waiting[: max(0, len(waiting) + 1 - most)]:
        client.delete()
