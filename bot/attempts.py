"""How often the bot tries to store one message: a message that can never be stored must not be read back for ever.
An unavailable storage is temporary, however long it takes, and not the message's fault. Any other error that
repeats with the same message will not change.
"""

from __future__ import annotations

from collections import OrderedDict

from supportbot.errors import DatabaseError

MOST_ATTEMPTS = 5
"""Of the same message, or of the same channel before it is left in peace for longer."""

_REMEMBERED = 10_000
"""Messages, of which there is hardly ever one."""


class Attempts:
    """Counts, for each message, how often it could not be kept."""

    def __init__(self) -> None:
        self._failed: OrderedDict[str, int] = OrderedDict()

    def is_given_up(self, message: str) -> bool:
        """Return whether a message was tried often enough."""
        return self._failed.get(message, 0) >= MOST_ATTEMPTS

    def failed(self, message: str) -> bool:
        """Count one more attempt that failed; return whether it was the last one."""
        self._failed[message] = self._failed.get(message, 0) + 1
        if len(self._failed) > _REMEMBERED:
            self._failed.popitem(last=False)
        return self.is_given_up(message)


def passes(error: BaseException) -> bool:
    """Return whether an error is of the storage or the network, which come back, and not of the message."""
    return isinstance(error, DatabaseError | OSError)  # a timeout is an OSError
