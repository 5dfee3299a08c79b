"""Shows answers on their platforms while they are written.

A stream is a view, and nothing depends on it. It shows what ``Live`` publishes, which is only what may be shown
already, at the platform's pace and in whole words. The worker ends it before it commits the answer, so that no
call of the stream is still running when the reply is delivered. The delivery then turns the streamed message into
the reply, or posts a new one where there is none (``stream_notes`` says what it knows of it).

Only the first attempt at a question is shown, so a message never shows the words of two attempts. What was shown
of an attempt that failed is taken back. A daemon that stops leaves the message to whoever answers the question
next.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import Any, Protocol

import structlog

from supportbot.delivery.dispatch import RetryLaterError, UndeliverableError
from supportbot.delivery.pace import Crowd, Pace
from supportbot.delivery.stream_notes import NotShownError, Place, StreamNotes
from supportbot.errors import DatabaseError
from supportbot.intake.claims import Claim
from supportbot.intake.live import Live
from supportbot.telemetry import metrics

log = structlog.get_logger(__name__)

_STOP_SECONDS = 1.0
"""For a request that is in progress when the daemon stops."""

_TAKING_BACK = 3
"""Attempts to take a message back."""


class Stage(Protocol):
    """How one platform shows an answer that is being written.

    All methods raise RetryLaterError and UndeliverableError as a ``Sender`` does.
    """

    @property
    def platform(self) -> str:
        """As its ``Sender`` calls it."""

    @property
    def pace(self) -> Pace:
        """What the platform allows."""

    @property
    def paced_by_workspace(self) -> bool:
        """Whether the platform counts each workspace by itself."""

    @property
    def one_a_thread(self) -> bool:
        """Whether a thread may have one streamed message at a time, because nothing else tells two apart."""

    def suits(self, reply_to: Mapping[str, Any]) -> bool:
        """Return whether a stream can be shown where an answer goes."""

    async def begin(self, place: Place, text: str) -> str:
        """Show the first words; return the identity of the message."""

    async def go_on(self, place: Place, identity: str, shown: str, text: str) -> None:
        """Show the text, which begins with what is shown already."""

    async def take_back(self, place: Place, identity: str) -> None:
        """Let what is shown vanish; nothing happens if it is gone already."""


class Streams:
    """The streams of this process.

    Args:
        notes: what the database knows of them.
        live: what is being written.
    """

    def __init__(self, notes: StreamNotes, live: Live) -> None:
        self._notes = notes
        self._live = live
        self._stages: dict[str, Stage] = {}
        self._crowds: defaultdict[tuple[str, int], Crowd] = defaultdict(Crowd)
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, stage: Stage) -> None:
        """Show a platform's answers there."""
        self._stages[stage.platform] = stage

    @asynccontextmanager
    async def showing(self, claim: Claim) -> AsyncGenerator[None]:
        """Show what is written for a question in this block; afterwards nothing of that is in progress."""
        stage = self._stages.get(claim.platform)
        if stage is None or claim.attempt > 1:
            yield
            return
        crowd = self._crowds[stage.platform, claim.workspace_id if stage.paced_by_workspace else 0]
        stream = _Stream(stage, crowd, self._notes, claim.question_id)
        task = self._start(stream.run(self._live))
        try:
            yield
        except asyncio.CancelledError:  # the daemon stops: whoever answers next completes the message
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await stream.end(task)
            raise
        except Exception:
            await stream.end(task)
            if stream.place is not None:
                await self.take_back(claim.question_id)
            raise
        await stream.end(task)
        if stream.place is not None and await self._notes.is_erased(claim.question_id):
            self._start(_take_back(stage, stream.place, stream.identity))

    async def take_back(self, question_id: int) -> None:
        """Let what is shown of an answer vanish soon, unless a reply completes it."""
        found = await self._notes.drop(question_id)
        if found is not None and (stage := self._stages.get(found[0].platform)) and found[1]:
            self._start(_take_back(stage, *found))

    async def aclose(self) -> None:
        """Let go of what is still in progress; its answers are delivered after the next start."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, running: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(running, name="stream")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class _Stream:
    """One answer that is shown while it is written; ``place`` is None until something is shown."""

    def __init__(self, stage: Stage, crowd: Crowd, notes: StreamNotes, question_id: int) -> None:
        self._stage = stage
        self._crowd = crowd
        self._notes = notes
        self._question_id = question_id
        self._asking = asyncio.Lock()
        self._is_over = False
        self._shown = ""
        self.place: Place | None = None
        self.identity = ""

    async def run(self, live: Live) -> None:
        """Show what comes until the end, or until the platform refuses."""
        began = time.monotonic()
        pace = self._stage.pace
        with ExitStack() as stack:
            pieces = stack.enter_context(live.watch(self._question_id))
            text = await pieces.get() or ""
            await asyncio.sleep(began + pace.after - time.monotonic())
            try:
                while not self._is_over:
                    while not pieces.empty():
                        if not (piece := pieces.get_nowait()):  # void, or whole: the reply has the last word
                            return
                        text += piece
                    async with self._asking:
                        if not self._is_over and not self._crowd.rests():
                            await self._show(whole_words(text), stack)
                    await asyncio.sleep(self._crowd.interval(pace))
            except NotShownError:
                pass
            except (RetryLaterError, UndeliverableError) as error:
                log.info("stream.ended", question_id=self._question_id, reason=str(error))
            except DatabaseError:
                pass  # the database tells of it, and the worker meets it as well
            except Exception:
                log.warning("stream.failed", question_id=self._question_id, exc_info=True)

    async def end(self, task: asyncio.Task[None]) -> None:
        """Show nothing more, and wait for the request that is in progress: it must not come after the reply."""
        self._is_over = True
        async with self._asking:
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _show(self, text: str, stack: ExitStack) -> None:
        if text == self._shown or not text.strip():
            return
        try:
            if self.place is not None:
                await self._stage.go_on(self.place, self.identity, self._shown, text)
            elif not self._crowd.takes_start(self._stage.pace) or not await self._begin(text, stack):
                return
        except RetryLaterError as error:
            if not _is_refused(error):
                raise
            self._crowd.rest(error.seconds)
            return
        self._shown = text

    async def _begin(self, text: str, stack: ExitStack) -> bool:
        """Show the first words; return False while the channel is not free."""
        stage = self._stage
        place = await self._notes.begin(
            self._question_id, stage.suits, alone=stage.one_a_thread, pause=stage.pace.pause
        )
        if place is None:
            self._crowd.gives_start_back()
            return False
        try:
            identity = await stage.begin(place, text)
        except (RetryLaterError, UndeliverableError) as error:
            if isinstance(error, UndeliverableError) or _is_refused(error):  # else there may be a message
                await self._notes.drop(self._question_id)
            raise
        stack.enter_context(self._crowd.joined())
        metrics.STREAMS.labels(stage.platform).inc()
        self.place, self.identity = place, identity
        if not await self._notes.began(self._question_id, identity):  # withdrawn, or changed, meanwhile
            await _take_back(stage, place, identity)
            raise NotShownError
        log.info("stream.began", question_id=self._question_id, platform=stage.platform)
        return True


def _is_refused(error: RetryLaterError) -> bool:
    """Return whether the platform only wants a pause, and nothing has reached it."""
    return error.unsent or error.whole_channel


def whole_words(text: str) -> str:
    """Return a text up to its last space: half a word, and half an address, say something else."""
    return text[: max(text.rfind(space) for space in (" ", "\n", "\t")) + 1]


async def _take_back(stage: Stage, place: Place, identity: str) -> None:
    for attempt in range(1, _TAKING_BACK + 1):
        try:
            await stage.take_back(place, identity)
        except UndeliverableError as error:
            log.info("stream.not_taken_back", question_id=place.question_id, reason=str(error))
        except RetryLaterError as error:
            if attempt < _TAKING_BACK:
                await asyncio.sleep(error.seconds or attempt)
                continue
            log.warning("stream.not_taken_back", question_id=place.question_id, reason=str(error))
        except Exception:
            log.warning("stream.not_taken_back", question_id=place.question_id, exc_info=True)
        return
