"""Messages that are not questions to the bot: people who answer instead, mute a thread, edit or delete a
message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from supportbot.intake.handoff import Heard, Remark
from supportbot.intake.inbox import Inbox
from supportbot.policies.policy import AnswerOn
from supportbot.policies.store import Place

log = structlog.get_logger(__name__)


class Hearing:
    """Hears it.

    Args:
        inbox: stores what must be stored.
        wake: set whenever there is work for the worker.
        ring: called with the platform whenever something was put into its outbox.
        take_back: lets vanish what is shown of an answer that was being written.
    """

    def __init__(
        self,
        inbox: Inbox,
        wake: asyncio.Event,
        ring: Callable[[str], None],
        take_back: Callable[[int], Awaitable[None]] | None,
    ) -> None:
        self._inbox = inbox
        self._wake = wake
        self._ring = ring
        self._take_back = take_back

    async def overhear(self, remark: Remark, *, may_follow_up: bool = True) -> Heard:
        """Keep what a person wrote if the bot had handed the question off to people; else forget it.

        To be awaited before the platform is told "received". The text goes to the database and nowhere else.

        Args:
            remark: what they wrote.
            may_follow_up: False where whatever is no answer is a question anyway, as in direct messages.

        Returns:
            What it is; the caller must ask a ``FOLLOW_UP``, and a message that is ``KEPT`` or ``DROPPED`` was for
            the asker.
        """
        heard = await self._inbox.accept_remark(remark, may_follow_up=may_follow_up)
        if heard is Heard.KEPT:
            log.info("handoff.answered", platform=remark.platform)
            self._ring(remark.platform)  # it may have to be passed on
        return heard

    async def be_quiet(self, platform: str, workspace: str, channel: str, thread: str, *, quiet: bool) -> bool:
        """Answer in a thread only who names the bot, or also who goes on asking.

        Returns:
            Whether the bot has ever been asked there, and may answer there at all.
        """
        place = Place(platform=platform, workspace=workspace, channel=channel)
        if (await self._inbox.policies.shown(place)).answer_on is AnswerOn.NEVER:
            return False
        is_known = await self._inbox.set_quiet(platform, workspace, channel, thread, is_quiet=quiet)
        if is_known:
            log.info("thread.quiet" if quiet else "thread.not_quiet", platform=platform)
        return is_known

    async def overhear_change(self, platform: str, identity: str, text: str | None) -> None:
        """Let what was overheard follow its author, who edited the message, or deleted it (``text`` is None)."""
        await self._inbox.change_remark(platform, identity, text)

    async def reword(self, platform: str, identity: str, text: str | None) -> None:
        """Let a question follow its asker, who edited its message, or deleted it (``text`` is None).

        It has the new text while it has no answer, and is withdrawn while nothing is shown; later nothing changes,
        but its asker is offered to ask it again.
        """
        question_id = await self._inbox.reword(platform, identity, text)
        if question_id is not None:
            event = "question.withdrawn" if text is None else "question.reworded"
            log.info(event, question_id=question_id, platform=platform)
            if self._take_back:
                await self._take_back(question_id)
            self._wake.set()
        elif text is not None and (question_id := await self._inbox.offer_again(platform, identity, text)):
            log.info("question.offered_again", question_id=question_id, platform=platform)
            self._ring(platform)
