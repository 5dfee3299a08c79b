"""Who is connected to the port, and who has to go when it is full.

The port takes a share of the descriptors that the process may have and never more, so whoever fills it takes
nothing from Slack, Discord and the database. Of those connected, the ones that wait (for a header, for the rest of
a body, for another request) cost a visitor little to lose: the one that has waited longest makes room.
"""

from __future__ import annotations

import asyncio
import ipaddress
import resource
from collections import Counter

_MOST = 1_000
"""A tab has one web socket and costs about 160 KB; more tabs at once than this need more than one process."""

_SHARE = 2
"""The port takes half of the descriptors at most. The rest of the bot has about 60 open, and accepting is done in
batches (see ``accepted_at_once``), which may go above the limit for a moment."""

_ADDRESS_SHARE = 4
"""One address has a quarter of the port at most, where addresses are visitors' own."""

_IPV6_NETWORK_BITS = 64
"""Whoever has one address of IPv6 has the whole network of it."""


def most_connections() -> int:
    """Return how many connections the port takes at once, by the limit of this process."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if allowed == resource.RLIM_INFINITY else max(1, min(_MOST, allowed // _SHARE))


def accepted_at_once(most: int) -> int:
    """Return how many may be accepted before the first of them is counted, and how many may wait to be.

    asyncio accepts so many in one step and has them counted two steps later: with an eighth, three steps stay
    below half of the limit.
    """
    return max(1, min(128, most // 8))


class Connections:
    """The connections of a port.

    Args:
        most: how many there may be.
        by_address: whether the address of a connection is its visitor's, as it is without a proxy. This machine's
            own address is not counted in any case.
    """

    def __init__(self, most: int, *, by_address: bool) -> None:
        self._most = most
        self._most_each = max(1, most // _ADDRESS_SHARE) if by_address else most
        self._addresses: dict[asyncio.BaseTransport, str] = {}
        self._waiting: dict[asyncio.BaseTransport, None] = {}  # the longest first
        self._of: Counter[str] = Counter()

    def __len__(self) -> int:
        """Return how many are connected."""
        return len(self._addresses)

    def enter(self, transport: asyncio.Transport) -> None:
        """Count a connection that was accepted and waits for its first request; abort it if there is no room."""
        address = address_of(transport)
        if not self._has_room(address):
            transport.abort()
            return
        self._addresses[transport] = address
        self._of[address] += 1
        self._waiting[transport] = None

    def wait(self, transport: asyncio.Transport) -> None:
        """Note that a connection waits for its visitor."""
        if transport in self._addresses:
            self._waiting[transport] = None

    def work(self, transport: asyncio.Transport) -> None:
        """Note that a visitor waits for us."""
        self._waiting.pop(transport, None)

    def leave(self, transport: asyncio.BaseTransport) -> None:
        """Forget a connection; forgetting it twice does nothing."""
        self._waiting.pop(transport, None)
        if (address := self._addresses.pop(transport, None)) is not None:
            self._of[address] -= 1
            if not self._of[address]:
                del self._of[address]

    def _has_room(self, address: str) -> bool:
        if address and self._of[address] >= self._most_each:
            return self._drop_longest(address)
        return len(self) < self._most or self._drop_longest()

    def _drop_longest(self, address: str | None = None) -> bool:
        """Abort the connection that has waited longest, of an address or of all; return whether there was one."""
        for transport in self._waiting:
            if address in (None, self._addresses[transport]):
                self.leave(transport)
                transport.abort()  # type: ignore[attr-defined]  # only whole transports come in
                return True
        return False


def address_of(transport: asyncio.BaseTransport) -> str:
    """Return by what a visitor is counted: an address, or a network of IPv6; empty for this machine."""
    peer = transport.get_extra_info("peername")
    return counted_address(peer[0] if peer else "")


def counted_address(address: str) -> str:
    """Return by what an address is counted; empty for this machine, which is not counted."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:  # gone before it could be asked
        return ""
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    if parsed.is_loopback:
        return ""
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, _IPV6_NETWORK_BITS), strict=False))
    return str(parsed)
