"""What the local Slack has seen, and waiting for what it is to see: it looks again whenever something happens."""

from __future__ import annotations

from collections.abc import Callable

from tests.slack_server.records import Call, Envelope, Ephemeral, Json, Message, Modal
from tests.slack_server.state import State, T
from tests.slack_server.transport import Sockets

WAIT_SECONDS = 10.0


class Watched:
    """The record of a workspace.

    Args:
        state: what it keeps.
        sockets: over which an app listens.
    """

    def __init__(self, state: State, sockets: Sockets) -> None:
        self._state = state
        self._sockets = sockets

    # --- what was seen -----------------------------------------------------------------------------------------

    @property
    def messages(self) -> list[Message]:
        """All messages, people's included, the oldest first."""
        return self._state.messages

    @property
    def replies(self) -> list[Message]:
        """The bot's messages, the oldest first."""
        return [message for message in self._state.messages if message.bot_id]

    @property
    def ephemerals(self) -> list[Ephemeral]:
        """What single persons were shown."""
        return self._state.ephemerals

    @property
    def modals(self) -> list[Modal]:
        """The modals that were opened, closed ones included, the oldest first."""
        return self._state.modals

    @property
    def statuses(self) -> list[Json]:
        """Arguments of ``assistant.threads.setStatus``."""
        return self._state.statuses

    @property
    def envelopes(self) -> list[Envelope]:
        """Everything that the app was told, acknowledged or not."""
        return self._state.envelopes

    @property
    def sockets(self) -> int:
        """How many WebSockets are open."""
        return len(self._sockets.open)

    @property
    def sockets_opened(self) -> int:
        """How many WebSockets there have been."""
        return self._sockets.opened

    @property
    def rate_limited(self) -> int:
        """How many calls were answered 429."""
        return self._state.rate_limited

    def calls(self, method: str) -> list[Call]:
        """Return the calls of a method, failed ones included; ``response_url`` counts as a method."""
        return [call for call in self._state.calls if call.method == method]

    @property
    def prompts(self) -> list[Json]:
        """Arguments of ``assistant.threads.setSuggestedPrompts``."""
        return self._state.prompts

    async def wait_for_home(self, user: str, *, count: int = 1, seconds: float = WAIT_SECONDS) -> str:
        """Wait until somebody's Home tab was built ``count`` times; return the text of the latest."""

        def found() -> str | None:
            views = self._state.homes.get(user, [])
            if len(views) < count:
                return None
            return "\n".join(block["text"]["text"] for block in views[-1]["blocks"] if "text" in block)

        return await self.wait_until(found, "a Home tab", seconds)

    # --- waiting -----------------------------------------------------------------------------------------------

    async def wait_until(
        self, condition: Callable[[], T | None], what: str = "a condition", seconds: float = WAIT_SECONDS
    ) -> T:
        """Return the first true value of ``condition``, looked at whenever this Slack sees something.

        Raises:
            AssertionError: it did not come true in time.
        """
        return await self._state.wait_until(condition, what, seconds)

    async def wait_until_connected(self, sockets: int = 1, seconds: float = WAIT_SECONDS) -> None:
        """Wait until the app has at least this many WebSockets open."""
        await self.wait_until(lambda: self.sockets >= sockets, f"{sockets} connections", seconds)

    async def wait_for_ack(self, envelope: Envelope, seconds: float = WAIT_SECONDS) -> Envelope:
        """Wait until the app has acknowledged an envelope."""
        await self.wait_until(lambda: envelope.acked, "an acknowledgement", seconds)
        return envelope

    async def wait_for_acks(self, seconds: float = WAIT_SECONDS) -> None:
        """Wait until the app has acknowledged everything."""
        await self.wait_until(lambda: all(each.acked for each in self.envelopes), "all acknowledgements", seconds)

    async def wait_for_message(
        self,
        *,
        channel: str | None = None,
        thread_ts: str | None = None,
        containing: str = "",
        count: int = 1,
        seconds: float = WAIT_SECONDS,
    ) -> Message:
        """Wait for the bot's ``count``-th message that fits and is not being written any more, and return it."""

        def found() -> Message | None:
            fitting = [
                message
                for message in self.replies
                if message.is_whole
                and channel in (None, message.channel)
                and thread_ts in (None, message.thread_ts)
                and containing in message.shown
            ]
            return fitting[count - 1] if len(fitting) >= count else None

        return await self.wait_until(found, "a message of the bot", seconds)

    async def wait_for_ephemeral(
        self, *, user: str | None = None, containing: str = "", seconds: float = WAIT_SECONDS
    ) -> Ephemeral:
        """Wait until somebody is shown something that fits, and return the latest."""

        def found() -> Ephemeral | None:
            fitting = (
                shown
                for shown in reversed(self.ephemerals)
                if user in (None, shown.user) and containing in shown.shown
            )
            return next(fitting, None)

        return await self.wait_until(found, "an ephemeral message", seconds)

    async def wait_for_modal(self, user: str, *, count: int = 1, seconds: float = WAIT_SECONDS) -> Modal:
        """Wait until somebody has been shown ``count`` modals, and return the latest."""

        def found() -> Modal | None:
            theirs = [modal for modal in self.modals if modal.user == user]
            return theirs[count - 1] if len(theirs) >= count else None

        return await self.wait_until(found, "a modal", seconds)
