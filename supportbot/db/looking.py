"""A daemon's loop that looks regularly at what is due."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Never

import structlog

from supportbot.errors import DatabaseError

log = structlog.get_logger(__name__)


async def look_repeatedly(look: Callable[[], Awaitable[object]], seconds: float, failed: str) -> Never:
    """Look regularly until cancelled; what goes wrong is looked at again.

    Args:
        look: does what is due.
        seconds: between two looks.
        failed: the event of the log when that is a defect.
    """
    while True:
        try:
            await look()
        except DatabaseError:
            pass  # the database tells of itself, and this looks again
        except Exception:
            log.exception(failed)
        await asyncio.sleep(seconds)
