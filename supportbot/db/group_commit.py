"""Transactions in threads; on SQLite, those that come together are committed together.

Work that is done for every question must be cheap. A statement through the asynchronous driver is several trips to
a thread and back, which takes ten times as long as the statement. SQLite has one writer at a time, and each commit
waits for the disk. So this runs plain functions of a connection in a thread, and all that came while one commit
was in progress share the next. PostgreSQL commits side by side: there each function has a transaction of its own,
in one of a few threads.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from supportbot.db.faults import fault_of

T = TypeVar("T")

_MOST_TOGETHER = 64
"""So many questions are kept in about 20 ms; those of the next commit wait for that."""

_GATHER_SECONDS = 0.003
"""Between two commits while many come at once: each waits for the disk, so fewer and larger ones take less."""

_THREADS = 4
"""Where each transaction is its own: what a server on the same machine can use beside everything else."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a function returned, or why it failed."""

    value: Any = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    work: Callable[[Connection], Any]
    outcome: asyncio.Future[Any]


class GroupCommit:
    """Runs functions of a connection, each to be committed before its caller goes on.

    Args:
        engine: a blocking one, each of whose transactions writes.
        together: whether one transaction holds all that have come.
    """

    def __init__(self, engine: Engine, *, together: bool) -> None:
        self.engine = engine
        self._most = _MOST_TOGETHER if together else 1
        self._free = self._most_at_once = 1 if together else _THREADS
        self._threads: ThreadPoolExecutor | None = None
        self._waiting: deque[_Task] = deque()

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Run a function in a transaction, and return what it returned once that is committed.

        Args:
            work: runs in a thread, and again, alone, if another one of the same transaction fails.

        Raises:
            Exception: whatever the function raised; nothing of it is kept then.
        """
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Task(work, outcome))
        self._start()
        return await outcome

    async def aclose(self) -> None:
        """Wait for what is in progress, and close all connections."""
        if self._threads:
            threads, self._threads = self._threads, None
            await asyncio.to_thread(threads.shutdown)
        self.engine.dispose()

    def _start(self) -> None:
        while self._free and self._waiting:
            tasks = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            if not (tasks := [task for task in tasks if not task.outcome.cancelled()]):
                continue
            self._free -= 1
            self._threads = self._threads or ThreadPoolExecutor(self._most_at_once, "commit")
            done = asyncio.get_running_loop().run_in_executor(
                self._threads, self._commit, [task.work for task in tasks]
            )
            done.add_done_callback(partial(self._done, tasks))

    def _done(self, tasks: Sequence[_Task], done: asyncio.Future[list[_Outcome]]) -> None:
        if self._most > 1 and len(tasks) > 1:
            asyncio.get_running_loop().call_later(_GATHER_SECONDS, self._release)
        else:
            self._release()
        for task, outcome in zip(tasks, done.result(), strict=True):
            if task.outcome.cancelled():
                continue
            if outcome.error:
                task.outcome.set_exception(outcome.error)
            else:
                task.outcome.set_result(outcome.value)

    def _release(self) -> None:
        self._free += 1
        self._start()

    def _commit(self, works: Sequence[Callable[[Connection], Any]]) -> list[_Outcome]:
        """Run functions in one transaction; where one fails, each in its own, unless the storage itself fails."""
        try:
            with self.engine.begin() as connection:
                values = [work(connection) for work in works]
        except Exception as error:
            if len(works) > 1 and fault_of(error) is None:
                return [outcome for work in works for outcome in self._commit([work])]
            return [_Outcome(error=error) for _ in works]
        return [_Outcome(value) for value in values]
