"""One page from the web, for somebody who typed its address; nothing is followed but redirects.

An address that somebody was talked into typing may mean a machine of their own network. So every connection is
looked at when its socket is opened, when the real address is known: a name that leads to another machine the
second time it is asked, and a redirect, are seen like the first.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag, urljoin, urlsplit, urlunsplit

from supportbot.feedback.curation.documents.errors import DocumentError

if TYPE_CHECKING:
    import aiohttp

_SECONDS = 10
_MOST_BYTES = 10_000_000
_MOST_REDIRECTS = 5
_CHUNK = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200
_HEADERS = {
    "User-Agent": "supportbot-learn",
    "Accept": "text/html, text/markdown, text/plain, application/pdf, */*;q=0.5",
}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Addresses of which the last four bytes are one of IPv4 (RFC 6052)."""


@dataclass(frozen=True, slots=True)
class Page:
    """What an address led to.

    Attributes:
        address: as it was typed, without its fragment.
        final: where redirects led.
        kind: what the server calls it, such as ``text/html``.
        charset: what the server says of the text's encoding, or nothing.
        content: at most ``_MOST_BYTES``.
    """

    address: str
    final: str
    kind: str
    charset: str
    content: bytes


async def fetch(address: str, *, allow_private: bool = False) -> Page:
    """Get a page.

    Args:
        address: of http or https.
        allow_private: whether it may be of this machine or its network.

    Raises:
        DocumentError: it cannot be had, is too large or too slow, or is private.
    """
    import aiohttp  # wanted for the web only

    try:
        address = urldefrag(urlsplit(address).geturl()).url
    except ValueError as error:
        raise DocumentError(f"'{address}' is not a web page: give an address http:// or https://.") from error
    gate = _Gate(allow_private)
    try:
        async with (
            asyncio.timeout(_SECONDS),
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(socket_factory=gate.open_socket), headers=_HEADERS
            ) as session,
        ):
            return await _follow(session, address)
    except TimeoutError as error:
        raise DocumentError(
            f"'{shown(address)}' did not answer within {_SECONDS} seconds: try again later."
        ) from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        if gate.refused:
            raise DocumentError(
                f"'{shown(address)}' leads to a private address: add --allow-private if you want that."
            ) from error
        raise DocumentError(f"'{shown(address)}' cannot be reached: check whether a browser opens it.") from error


def is_address(text: str) -> bool:
    """Return whether somebody typed the address of a page, not a path."""
    return "://" in text


def shown(address: str) -> str:
    """Return an address without a name and a password in it."""
    parts = urlsplit(address)
    return address.replace(f"{parts.netloc.rpartition('@')[0]}@", "", 1) if "@" in parts.netloc else address


def without_secrets(address: str) -> str:
    """Return an address as anybody may see it: without a name, a password, a query and a fragment."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


async def _follow(session: aiohttp.ClientSession, address: str) -> Page:
    here = address
    for _ in range(_MOST_REDIRECTS + 1):
        _check(here)
        async with session.get(here, allow_redirects=False) as response:
            if response.status in _REDIRECTS and "Location" in response.headers:
                here = urljoin(here, response.headers["Location"])
                continue
            if response.status != _OK:
                raise DocumentError(
                    f"'{shown(address)}' answered with status {response.status}: check whether a browser opens it."
                )
            content = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK):
                content += chunk
                if len(content) > _MOST_BYTES:
                    raise DocumentError(
                        f"'{shown(address)}' is larger than {_MOST_BYTES // 1_000_000} MB: "
                        "save it, and learn from the file."
                    )
            return Page(address, here, response.content_type, response.charset or "", bytes(content))
    raise DocumentError(
        f"'{shown(address)}' redirects more than {_MOST_REDIRECTS} times: give the address that it leads to."
    )


def _check(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise DocumentError(f"'{shown(address)}' is not a web page: give an address http:// or https://.")
    if "@" in parts.netloc:
        raise DocumentError(f"'{shown(address)}' contains a name or a password: give an address without them.")


@dataclass(slots=True)
class _Gate:
    """Opens sockets to public addresses, or to all."""

    allow_private: bool
    refused: bool = field(default=False, init=False)

    def open_socket(self, address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, place = address
        if not self.allow_private and not is_public(place[0]):
            self.refused = True
            raise PermissionError("a private address")
        return socket.socket(family, kind, protocol)


def is_public(host: str) -> bool:
    """Return whether an IP address is one of the public internet.

    Args:
        host: in figures, perhaps with an IPv6 zone.
    """
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        within = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if within is None and address in _NAT64:
            within = ipaddress.IPv4Address(address.packed[-4:])
        if within is not None:
            return is_public(str(within))
    return address.is_global and not address.is_multicast
