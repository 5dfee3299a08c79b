"""How a question from an adapter is stored: committed, counted, logged, and traced from here on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog
from sqlalchemy import Connection

from supportbot.handoffs.asking import Handoffs
from supportbot.intake.admission import Crowd
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import TRACE, Accepted, IncomingQuestion
from supportbot.intake.reception import Reception
from supportbot.telemetry import metrics, tracing, way

log = structlog.get_logger(__name__)


class Keeping:
    """Keeps questions; the arguments are as in ``Service``."""

    def __init__(
        self,
        inbox: Inbox,
        wake: asyncio.Event,
        ring: Callable[[str], None],
        crowd: Callable[[str], Awaitable[Crowd | None]] | None,
        handoffs: Handoffs | None,
    ) -> None:
        self._inbox = inbox
        self._wake = wake
        self._ring = ring
        self._crowd = crowd
        self._handoffs = handoffs

    async def ask(
        self, incoming: IncomingQuestion, then: Callable[[Connection, int], None] | None = None
    ) -> Accepted:
        """Commit a question; see ``Service.ask``.

        Args:
            incoming: the question.
            then: as in ``Inbox.accept``.
        """

        async def accept(incoming: IncomingQuestion) -> Accepted:
            return await self._accept(incoming, then)

        return await self._keep(incoming, accept)

    async def command(self, incoming: IncomingQuestion) -> Accepted:
        """Commit what was typed after a command; see ``Service.command``.

        Raises:
            CannotAskError: it asks for a human, and whom the policy names is nobody.
        """

        async def accept(incoming: IncomingQuestion) -> Accepted:
            accepted = await self._handoffs.ask_at_once(incoming) if self._handoffs else None
            return await self._accept(incoming) if accepted is None else accepted

        return await self._keep(incoming, accept)

    async def _accept(
        self, incoming: IncomingQuestion, then: Callable[[Connection, int], None] | None = None
    ) -> Accepted:
        crowd = await self._crowd(incoming.text) if self._crowd else None
        return await self._inbox.accept(incoming, crowd, then=then)

    async def _keep(
        self, incoming: IncomingQuestion, accept: Callable[[IncomingQuestion], Awaitable[Accepted]]
    ) -> Accepted:
        with tracing.receive(incoming.platform, way.heard_at()) as receipt:
            if receipt.carried is not None:
                incoming = replace(incoming, reply_to={**incoming.reply_to, TRACE: receipt.carried})
            accepted = await accept(incoming)
            way.kept(accepted.question_id)
            if accepted.new:
                receipt.keep(question_id=accepted.question_id, refused=accepted.refused)
            self._tell(incoming.platform, accepted)
        return accepted

    def _tell(self, platform: str, accepted: Accepted) -> None:
        if accepted.refused:
            metrics.REFUSALS.labels(platform, accepted.refused).inc()
            log.info(
                "question.refused",
                question_id=accepted.question_id,
                platform=platform,
                reason=accepted.refused,
            )
            self._ring(platform)
        elif accepted.new:
            metrics.QUESTIONS.labels(platform).inc()
            log.info("question.received", question_id=accepted.question_id, platform=platform)
            self._wake.set()
        elif accepted.reception is not Reception.CLOSED:
            metrics.REDELIVERIES.labels(platform).inc()
