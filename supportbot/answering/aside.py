"""Work that nobody waits for in a chat: it is done while nobody is being answered, and begun again if somebody is.

People go first: what an operator tries out is never in a batch with their answers, and takes none of their places.
The price is that a bot which is never quiet does no such work, and says so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from supportbot.answering.slots import Slots
from supportbot.errors import OverloadedError
from supportbot.words import N_

T = TypeVar("T")

_PEOPLE_FIRST = N_("People's questions go first. Try again in a moment.")


async def quiet(slots: Slots, by: float, waits: Callable[[], None]) -> None:
    """Wait until nobody is being answered.

    Args:
        slots: the places of people.
        by: until when, in seconds of ``time.monotonic()``.
        waits: called if there is somebody.

    Raises:
        OverloadedError: there always was somebody.
    """
    if not slots.is_quiet:
        waits()
    try:
        async with asyncio.timeout(max(0.0, by - time.monotonic())):
            await slots.until_quiet()
    except TimeoutError:
        raise OverloadedError(_PEOPLE_FIRST) from None


async def aside(slots: Slots, work: Callable[[], Awaitable[T]], by: float, waits: Callable[[], None]) -> T:
    """Do work while nobody is being answered, and return its result.

    Args:
        slots: the places of people.
        work: is cancelled when somebody asks, and begun again from the start.
        by: when it is too late to begin, as in ``quiet``.
        waits: called whenever it has to wait.

    Raises:
        OverloadedError: there was no time in which it could be done to its end.
    """
    while True:
        await quiet(slots, by, waits)
        working = asyncio.ensure_future(work())
        somebody = asyncio.ensure_future(slots.until_busy())
        try:
            await asyncio.wait({working, somebody}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
        finally:
            for one in (working, somebody):
                one.cancel()
            await asyncio.gather(working, somebody, return_exceptions=True)
