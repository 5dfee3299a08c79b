"""Keeps a process of the model running while there are requests, and loses none of them when it ends.

A process that ends, or stays silent while there is work, is replaced, and the open requests are sent once more
with their seeds, which give the same tokens. A request whose second process ends too is given up and left to the
caller's retry, so a request that kills its process kills at most two. If a model's processes end before they
report anything, the pauses between starts grow.

This module knows messages and requests; the process knows graphs, and the engine knows text.
"""

from __future__ import annotations

import asyncio
import time
from itertools import count

import structlog
from prometheus_client import Counter, Gauge

from supportbot.engine.openvino.messages import Cancel, Expect, Failed, Load, Loaded, Report, Tokens
from supportbot.engine.openvino.process import ModelProcess
from supportbot.engine.openvino.requests import Request
from supportbot.errors import EngineBusyError, ModelError

log = structlog.get_logger(__name__)

_SENDS = 2
"""A request is sent once, and once more if its process ends."""

_STARTS = 3
"""So many processes may end in a row while loading before waiting callers get an error."""

_LOAD_SECONDS = 120.0
"""Loading some gigabytes from a slow disk takes a minute."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
"""Seconds before the start after a process that ended without a token; doubled each time."""

SUPPOSED = Counter("supportbot_engine_supposed_tokens", "Draft tokens that were proposed to the model.")
ACCEPTED = Counter("supportbot_engine_accepted_tokens", "Draft tokens that the model accepted: each saved a step.")
CACHE_USED = Gauge(
    "supportbot_engine_cache_used_percent",
    "Percent of the key-value cache that is in use.",
)

RESTARTS = Counter("supportbot_engine_restarts", "Model processes that ended unexpectedly.", ["why"])


class Supervisor:
    """The process of one model and the requests that it works on; it belongs to one event loop at a time.

    Args:
        load: what the process is to load.
        model_version: name of the model, for logs and errors.
        weights: how they are stored, for the log.
        silence_seconds: after which a process with work is taken for hung.
    """

    def __init__(self, load: Load, model_version: str, *, weights: str, silence_seconds: float) -> None:
        self._load = load
        self._model_version = model_version
        self._weights = weights
        self._silence_seconds = silence_seconds
        self._numbers = count()
        self._open: dict[int, Request] = {}
        self._expected: list[tuple[int, ...]] = []
        self._process: ModelProcess | None = None
        self._task: asyncio.Task[None] | None = None
        self._heard = 0.0
        self._spoke = False
        self._hung = False
        self._mute_processes = 0
        self._not_before = 0.0
        self._closing = False
        self.precision: str | None = None
        """The arithmetic of the process, once one ran."""

    def __len__(self) -> int:
        """Return how many requests are open."""
        return len(self._open)

    @property
    def pid(self) -> int | None:
        """Number of the process, while there is one that is ready."""
        return None if self._process is None else self._process.pid

    def add(self, request: Request) -> int:
        """Submit a request; return its number.

        Raises:
            EngineBusyError: this was closed.
        """
        if self._closing:
            raise _closing_error()
        if not self._open:
            self._heard = time.monotonic()
        number = next(self._numbers)
        self._open[number] = request
        if self._process:
            self._process.send(request.submit(number))
        elif self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=f"engine-{self._model_version}")
        return number

    def expect(self, texts: list[tuple[int, ...]]) -> None:
        """Tell this process and all later ones which texts answers may repeat; removed ones are forgotten."""
        anew = not set(self._expected).issubset(texts)
        self._expected = texts
        if self._process:
            self._process.send(Expect(texts, anew))

    def drop(self, number: int) -> None:
        """Forget a request, whether it has ended or not."""
        if self._open.pop(number, None) and self._process:
            self._process.send(Cancel(number))
        if not self._open:  # the process says nothing more
            CACHE_USED.set(0)

    async def aclose(self) -> None:
        """Drop what is under way and end the process."""
        self._closing = True
        self._fail_all(_closing_error())
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        """Run a process until it ends, then another one while there is work."""
        try:
            while self._open:
                await asyncio.sleep(self._not_before - time.monotonic())
                await self._run_process()
                self._give_up_twice_sent()
        except (ModelError, OSError) as error:
            log.error("engine.start_failed", model_version=self._model_version, error=str(error))
            self._fail_all(
                ModelError(f"The engine cannot start '{self._model_version}': the log of the daemon says why.")
            )
        except Exception:
            log.exception("engine.supervisor_failed", model_version=self._model_version)
            self._fail_all(ModelError("The engine failed while it was answering."))

    async def _run_process(self) -> None:
        self._spoke = self._hung = False
        process = await ModelProcess.start(self._load)
        try:
            if await self._has_loaded(process):
                self._process = process
                await self._serve(process)
        finally:
            if not self._process:  # it is still loading, and would not listen
                process.kill()
            self._process = None
            CACHE_USED.set(0)
            self._note_end()
            status = await process.stop()
        why = "silent" if self._hung else "killed" if status < 0 else "ended"
        RESTARTS.labels(why).inc()
        log.error("engine.process_ended", pid=process.pid, why=why, status=status, open=len(self._open))

    async def _has_loaded(self, process: ModelProcess) -> bool:
        """Wait until the model is loaded; return whether it is, or the process just ended."""
        try:
            async with asyncio.timeout(_LOAD_SECONDS):
                report = await process.receive()
        except TimeoutError:
            raise ModelError(f"it took over {_LOAD_SECONDS:g} s to load") from None
        if not isinstance(report, Loaded):
            # An error would come again; an end may be bad luck, such as a moment without memory.
            if report is None and self._mute_processes + 1 < _STARTS:
                return False
            raise ModelError(report.error if isinstance(report, Failed) else "its processes end while they load")
        self.precision = report.precision
        log.info(
            "engine.started",
            model_version=self._model_version,
            engine="openvino",
            precision=report.precision,
            weights=self._weights,
            pid=process.pid,
            seconds=report.seconds,
        )
        return True

    async def _serve(self, process: ModelProcess) -> None:
        """Send the open requests, and pass on reports until the process ends."""
        self._heard = time.monotonic()
        if self._expected:
            process.send(Expect(self._expected))
        for number, request in self._open.items():
            process.send(request.submit(number))
        watch = asyncio.create_task(self._watch(process))
        try:
            while report := await process.receive():
                self._heard = time.monotonic()
                self._dispatch(process, report)
        finally:
            watch.cancel()

    async def _watch(self, process: ModelProcess) -> None:
        while not self._hung:
            await asyncio.sleep(self._silence_seconds / 4)
            self._hung = bool(self._open) and time.monotonic() - self._heard > self._silence_seconds
        process.kill()

    def _dispatch(self, process: ModelProcess, report: Report) -> None:
        if isinstance(report, Tokens):
            SUPPOSED.inc(report.supposed)
            ACCEPTED.inc(report.accepted)
            CACHE_USED.set(report.cache_percent)
            for piece in report.pieces:
                self._spoke = True
                request = self._open.get(piece.id)
                if request and not request.take(piece):
                    del self._open[piece.id]
                    if not piece.finish:
                        process.send(Cancel(piece.id))
        elif isinstance(report, Failed):
            log.error("engine.failed", pid=process.pid, request=report.id, error=report.error)
            # Without a number, the whole process failed and will end.
            if report.id is not None and (request := self._open.pop(report.id, None)):
                request.fail(ModelError("The engine gave the question back: the log of the daemon says why."))

    def _note_end(self) -> None:
        """Delay the next process if this one reported nothing."""
        self._mute_processes = 0 if self._spoke else self._mute_processes + 1
        if self._mute_processes:
            pause = min(_FIRST_PAUSE * 2 ** (self._mute_processes - 1), _LONGEST_PAUSE)
            self._not_before = time.monotonic() + pause

    def _give_up_twice_sent(self) -> None:
        for number, request in list(self._open.items()):
            if request.sent >= _SENDS:
                del self._open[number]
                request.fail(ModelError("The process of the model ended twice during one answer."))

    def _fail_all(self, error: Exception) -> None:
        for request in self._open.values():
            request.fail(error)
        self._open.clear()


def _closing_error() -> EngineBusyError:
    return EngineBusyError("The bot is being stopped; the question waits until it is back.")
