"""Which question is being processed: every line of the log has its number meanwhile, from the event to the reply.

What an adapter hears has no number before it is kept, and most of it never gets one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

from structlog.contextvars import bind_contextvars, bound_contextvars, unbind_contextvars

_NUMBER = "question_id"
_HEARD_AT: ContextVar[int | None] = ContextVar("heard_at", default=None)


@contextmanager
def hearing() -> Iterator[None]:
    """Hear one event; for adapters, around all that they do with it."""
    token = _HEARD_AT.set(time.time_ns())
    try:
        yield
    finally:
        unbind_contextvars(_NUMBER)  # the next event of a loop is another matter
        _HEARD_AT.reset(token)


def heard_at() -> int | None:
    """Return when the event came that is being heard, in nanoseconds since 1970; None where there is none."""
    return _HEARD_AT.get()


def kept(question_id: int) -> None:
    """Say which question the event became; what is still logged of the event has its number. 0 is none."""
    if question_id and _HEARD_AT.get() is not None:
        bind_contextvars(**{_NUMBER: question_id})


def working_on(question_id: int) -> AbstractContextManager[None]:
    """Work on a question; for who has taken it, or its reply, up."""
    return bound_contextvars(**{_NUMBER: question_id})
