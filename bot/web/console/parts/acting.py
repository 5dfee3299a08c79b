"""What a click of an operator does: with their rights, and with a sentence where it fails."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from bot.web.console.visit import Visit
from supportbot.access.roles import Action, Operator
from supportbot.errors import SupportBotError
from supportbot.words import N_, Words

log = structlog.get_logger(__name__)

T = TypeVar("T")

_FAILED = N_("Something went wrong. The log has details under the reference {reference}.")


async def act(visit: Visit, action: Action, deed: Callable[[Operator], Awaitable[T]]) -> T | None:
    """Do something that changes something, and return what it returned; None where a sentence is shown instead.

    Args:
        visit: of whoever clicked.
        action: what they need to be allowed to.
        deed: does it; its argument is the operator as of now, whose name is the audit's actor.
    """

    async def allowed() -> T:
        return await deed(await visit.authorise(action))

    return await attempt(visit, allowed)


async def attempt(visit: Visit, work: Callable[[], Awaitable[T]]) -> T | None:
    """Do something that only looks, and return what it returned; None where a sentence is shown instead."""
    visit.frame.clear()
    try:
        return await work()
    except Exception as error:
        visit.frame.alert(failure(error, visit.words))
    return None


def failure(error: Exception, words: Words) -> str:
    """Return what an operator is told of an error; what is a defect is logged under the reference that is told."""
    if isinstance(error, SupportBotError):
        # ``str`` would make plain English of a sentence with values.
        return words.say(error.args[0] if error.args else str(error))
    reference = secrets.token_hex(4)
    log.error("console.failed", reference=reference, exc_info=error)
    return words.say(_FAILED, reference=reference)
