"""The page's sender: nothing to send, because the page looks for itself.

An open page follows its answers through the service, and one that is opened later reads them from the database.
So delivering is only a note, and doing it twice changes nothing.
"""

from __future__ import annotations

from supportbot.delivery.claiming import Delivery


class WebSender:
    """What takes the page's replies out of the outbox; see the module."""

    @property
    def platform(self) -> str:
        """The page's."""
        return "web"

    @property
    def pause(self) -> float:
        """None is needed."""
        return 0.0

    async def send(self, delivery: Delivery) -> str:
        """Return the name under which the page shows this reply."""
        return f"web:{delivery.question_id}"
