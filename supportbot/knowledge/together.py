"""Questions that come while others are looked up are looked up together, in one thread.

To encode several texts at once takes a processor less time than to encode each by itself, and so do all other
steps. Nobody waits for company: a question that comes while nothing is looked up begins at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from supportbot.knowledge.decision import Decision
from supportbot.knowledge.entries import Viewer
from supportbot.knowledge.index import Index

_MOST = 16
"""Questions that are looked up together; those that come next wait for all of them."""

_AT_ONCE = 2
"""Threads: as many as the encoder has."""


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    index: Index
    question: str
    viewer: Viewer
    decided: asyncio.Future[Decision]


class Together:
    """Asks an index in threads."""

    def __init__(self) -> None:
        self._waiting: deque[_Asked] = deque()
        self._under_way = 0

    async def decide(self, index: Index, question: str, viewer: Viewer) -> Decision:
        """Return what an index says to a question; see ``Index.decide``."""
        decided: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Asked(index, question, viewer, decided))
        self._start()
        return await decided

    def _start(self) -> None:
        while self._waiting and self._under_way < _AT_ONCE:
            index, some = self._waiting[0].index, list[_Asked]()
            while self._waiting and self._waiting[0].index is index and len(some) < _MOST:
                if not (asked := self._waiting.popleft()).decided.cancelled():
                    some.append(asked)
            if not some:
                continue
            self._under_way += 1
            done = asyncio.ensure_future(
                asyncio.to_thread(_decide, index, [(one.question, one.viewer) for one in some])
            )
            done.add_done_callback(partial(self._done, some))

    def _done(self, some: Sequence[_Asked], done: asyncio.Future[list[Decision | Exception]]) -> None:
        self._under_way -= 1
        if done.cancelled():  # the loop ends
            for one in some:
                one.decided.cancel()
            return
        self._start()
        for one, decision in zip(some, done.result(), strict=True):
            if one.decided.cancelled():
                continue
            if isinstance(decision, Exception):
                one.decided.set_exception(decision)
            else:
                one.decided.set_result(decision)


def _decide(index: Index, asked: Sequence[tuple[str, Viewer]]) -> list[Decision | Exception]:
    """Decide about all; where that fails, about each by itself, so that none suffers from another."""
    try:
        return list[Decision | Exception](index.decide_all(asked))
    except Exception as error:
        if len(asked) == 1:
            return [error]
        return [decision for one in asked for decision in _decide(index, [one])]
