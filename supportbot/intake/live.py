"""Answers while they are being written, for code in this process that wants to follow them.

Nothing here is durable and nothing waits for a watcher: a page that was closed misses text, not the answer, which
is in the database.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Live:
    """The text of answers in progress, by question id."""

    def __init__(self) -> None:
        self._text: dict[int, str] = {}
        self._watchers: defaultdict[int, set[asyncio.Queue[str | None]]] = defaultdict(set)

    def publish(self, question_id: int, text: str) -> None:
        """Add text to the answer of a question."""
        if not text:
            return
        self._text[question_id] = self._text.get(question_id, "") + text
        for watcher in self._watchers.get(question_id, ()):
            watcher.put_nowait(text)

    def restart(self, question_id: int) -> None:
        """Forget the text so far: the answer starts again after a failed attempt."""
        if self._text.pop(question_id, None):
            for watcher in self._watchers.get(question_id, ()):
                watcher.put_nowait("")

    def finish(self, question_id: int) -> None:
        """Tell all watchers that the answer is in the database."""
        self._text.pop(question_id, None)
        for watcher in self._watchers.pop(question_id, ()):
            watcher.put_nowait(None)

    @contextmanager
    def watch(self, question_id: int) -> Iterator[asyncio.Queue[str | None]]:
        """Receive what was written so far, then each piece as it comes, then None when the answer is finished.

        An empty piece says that all text so far is void and the answer starts again.

        Whoever begins to watch looks into the database afterwards: an answer that was finished before sends
        nothing any more.
        """
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        if so_far := self._text.get(question_id):
            queue.put_nowait(so_far)
        self._watchers[question_id].add(queue)
        try:
            yield queue
        finally:
            if watchers := self._watchers.get(question_id):
                watchers.discard(queue)
                if not watchers:
                    del self._watchers[question_id]
