"""Following an answer from the first word that may be shown to the whole of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from supportbot.db.states import QuestionState
from supportbot.intake.history import Exchange, History
from supportbot.intake.live import Live

_LOOK_AGAIN_SECONDS = 2.0


async def follow(history: History, live: Live, question_id: int) -> AsyncGenerator[str | Exchange, None]:
    """Yield an answer as it is written; see ``Service.follow``."""
    with live.watch(question_id) as pieces:
        while (exchange := await history.exchange(question_id)) and _is_open(exchange):
            while (piece := await _get(pieces)) is not None:
                yield piece
    if exchange is not None:
        yield exchange


def _is_open(exchange: Exchange) -> bool:
    """Return whether something is still to be said; of several refused questions, one is told."""
    return exchange.answer is None and exchange.state is not QuestionState.REFUSED


async def _get(pieces: asyncio.Queue[str | None]) -> str | None:
    """Return the next piece; None when the answer is finished or nothing came for a while.

    Another daemon on the same database may have answered, and its text does not pass through this process.
    """
    try:
        async with asyncio.timeout(_LOOK_AGAIN_SECONDS):
            return await pieces.get()
    except TimeoutError:
        return None
