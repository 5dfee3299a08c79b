"""The protocol of sd_notify(3): how a service tells its manager how it is, in datagrams of ``KEY=VALUE`` lines.

What is told, and when, is the daemon's business.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping

import structlog

from supportbot.errors import ConfigError

log = structlog.get_logger(__name__)

_MICROSECONDS = 1_000_000


class ServiceManager:
    """What started this process and listens to it.

    Args:
        address: of its datagram socket: a path, or a name in the abstract namespace that begins with ``@``.
        watchdog_seconds: within which it wants a sign of life; None if it wants none.

    Attributes:
        watchdog_seconds: as given.
    """

    def __init__(self, address: str, watchdog_seconds: float | None = None) -> None:
        self.watchdog_seconds = watchdog_seconds
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)  # the event loop waits for nobody

    @classmethod
    def take_from(cls, environment: MutableMapping[str, str]) -> ServiceManager | None:
        """Return the manager that the environment names, or None; processes of ours will not find it there.

        Raises:
            ConfigError: the environment is not as systemd sets it.
        """
        address = environment.pop("NOTIFY_SOCKET", "")
        period = environment.pop("WATCHDOG_USEC", "")
        process = environment.pop("WATCHDOG_PID", "")
        if not address:
            return None
        if not address.startswith(("/", "@")):
            raise ConfigError(f"NOTIFY_SOCKET is '{address}': a path, or a name after '@', is expected.")
        if period and not (period.isdecimal() and int(period)):
            raise ConfigError(f"WATCHDOG_USEC is '{period}': a number of microseconds is expected.")
        is_watched = bool(period) and process in ("", str(os.getpid()))
        return cls(address, int(period) / _MICROSECONDS if is_watched else None)

    def tell(self, **state: str | int) -> None:
        """Send values of well-known keys, such as ``READY=1``; what cannot be sent is logged and lost."""
        text = "\n".join(f"{key}={str(value).replace(chr(10), ' ')}" for key, value in state.items())
        try:
            self._socket.sendto(text.encode(), self._address)
        except OSError as error:
            log.warning("service_manager.not_told", keys=sorted(state), reason=error.strerror)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
