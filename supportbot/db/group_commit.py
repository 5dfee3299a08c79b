"""Transactions in threads; on SQLite, those that come together are committed together.

Work that is done for every question must be cheap. A statement through the asynchronous driver is several trips to
a thread and back, which takes ten times as long as the statement. SQLite has one writer at a time, and each commit
waits for the disk. So this runs plain functions of a connection in a thread, and all that came while one commit
was in progress share the next. PostgreSQL commits side by side: there each function has a transaction of its own,
in one of a few threads.

What is done to many rows alike is a function of all that wait for it (``run_together``): a few statements for all
instead of a few for each. One transaction of its kind runs at a time, so others gather on PostgreSQL, too.
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
Item = TypeVar("Item")

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
    work: Callable[..., Any]
    outcome: asyncio.Future[Any]
    item: Any = None
    is_shared: bool = False


class GroupCommit:
    """Runs functions of a connection, each to be committed before its caller goes on.

    Args:
        engine: a blocking one, each of whose transactions writes.
        together: whether one transaction holds all that have come.
    """

    def __init__(self, engine: Engine, *, together: bool) -> None:
        self.engine = engine
        self._together = together
        self._shared: set[Callable[..., Any]] = set()
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

    async def run_together(self, work: Callable[[Connection, Sequence[Item]], Sequence[T]], item: Item) -> T:
        """Run a function of all items that wait for it, and return what it returned for this one.

        Args:
            work: always the same object; it locks rows in one order, whichever order the items come in.
            item: what it works on.

        Raises:
            Exception: as ``run``; the other items are done without this one then.
        """
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Task(work, outcome, item, is_shared=True))
        self._start()
        return await outcome

    async def aclose(self) -> None:
        """Wait for what has come, and close all connections."""
        if self._waiting:  # else that would begin afterwards, on threads that nobody closes
            await asyncio.wait([task.outcome for task in self._waiting])
        if self._threads:
            threads, self._threads = self._threads, None
            await asyncio.to_thread(threads.shutdown)
        self.engine.dispose()

    def _start(self) -> None:
        while self._free and (tasks := self._next()):
            self._free -= 1
            self._threads = self._threads or ThreadPoolExecutor(self._most_at_once, "commit")
            done = asyncio.get_running_loop().run_in_executor(self._threads, self._commit, tasks)
            done.add_done_callback(partial(self._done, tasks))

    def _next(self) -> list[_Task]:
        """Take what the next transaction does out of what waits."""
        rest: deque[_Task] = deque()
        tasks: list[_Task] = []
        for task in self._waiting:
            if task.outcome.cancelled():
                continue
            fits = len(tasks) < _MOST_TOGETHER and self._fits(task, tasks)
            (tasks if fits else rest).append(task)
        self._waiting = rest
        self._shared.update(task.work for task in tasks if task.is_shared and not self._together)
        return tasks

    def _fits(self, task: _Task, tasks: Sequence[_Task]) -> bool:
        """Say whether a task may be part of the transaction of these."""
        if self._together:
            return True
        if tasks:
            return task.is_shared and task.work is tasks[0].work
        return task.work not in self._shared

    def _done(self, tasks: Sequence[_Task], done: asyncio.Future[list[_Outcome]]) -> None:
        self._shared.difference_update(task.work for task in tasks if task.is_shared)
        if self._together and len(tasks) > 1:
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

    def _commit(self, tasks: Sequence[_Task]) -> list[_Outcome]:
        """Do tasks in one transaction; where one fails, each in its own, unless the storage itself fails."""
        try:
            with self.engine.begin() as connection:
                return [_Outcome(value) for value in _do(connection, tasks)]
        except Exception as error:
            if len(tasks) > 1 and fault_of(error) is None:
                return [outcome for task in tasks for outcome in self._commit([task])]
            return [_Outcome(error=error) for _ in tasks]


def _do(connection: Connection, tasks: Sequence[_Task]) -> list[Any]:
    """Do tasks in their order, those that share a function with its first one; return what each gives."""
    values: list[Any] = [None] * len(tasks)
    shared: dict[Callable[..., Any], list[int]] = {}
    for place, task in enumerate(tasks):
        if task.is_shared:
            shared.setdefault(task.work, []).append(place)
    for place, task in enumerate(tasks):
        if not task.is_shared:
            values[place] = task.work(connection)
        elif (places := shared.pop(task.work, None)) is not None:
            found = task.work(connection, [tasks[one].item for one in places])
            for one, value in zip(places, found, strict=True):
                values[one] = value
    return values
