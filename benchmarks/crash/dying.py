"""The daemon, which ends at a step of its work when it is told to: ``python -m benchmarks.crash.dying``.

It runs the product's own ``main``, with listeners around a few public methods and beside the statements of its
database. They do nothing until SIGUSR1 arrives; then the daemon kills itself the next time it reaches the ordered
step. At the step ``engine`` it kills the model's process instead. For the step ``streaming``, answers are shown at
once, because the starter finishes within a second.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Engine, event

from benchmarks.crash.steps import Step, read_order
from bot import daemon
from bot.discord.streaming import DiscordStage
from bot.slack.routing import RoutedStage
from supportbot.answering.generator import Generator
from supportbot.delivery.outbox import Outbox
from supportbot.delivery.streaming import Streams
from supportbot.engine.openvino import child
from supportbot.intake.inbox import Inbox

_KEEPS_A_QUESTION = "INSERT INTO question "


class Fate:
    """Where this process ends.

    Args:
        home: of the daemon, with the order.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._step: Step | None = None
        self._signal = signal.SIGKILL
        self.stages: list[RoutedStage | DiscordStage] = []

    def hear(self, *_: object) -> None:
        """Read the order: from now on this process may end."""
        self._step, self._signal = read_order(self._home)
        if self._step is Step.STREAMING:
            for stage in self.stages:
                stage.pace = replace(stage.pace, after=0.0)

    def come_to(self, step: Step) -> None:
        """End if this is the step."""
        if step is not self._step:
            return
        self._step = None
        if step is Step.ENGINE:
            for process in psutil.Process().children():
                if child.__name__ in process.cmdline():
                    process.kill()
        else:
            os.kill(os.getpid(), self._signal)


def watch(fate: Fate) -> None:
    """Install the listeners."""

    def executed(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(_KEEPS_A_QUESTION):
            fate.come_to(Step.RECEIVED)

    event.listen(Engine, "after_cursor_execute", executed)
    _come_after(fate, Step.KEPT, Inbox, "accept", lambda accepted: accepted.new)
    _come_after(fate, Step.ANSWERED, Inbox, "finish", lambda answer_id: answer_id is not None)
    _come_before(fate, Step.NOTED, Outbox, "delivered")
    for stage in (RoutedStage, DiscordStage):
        _come_after(fate, Step.STREAMING, stage, "begin", bool)
    _watch_stages(fate)
    _watch_text(fate)


def _come_before(fate: Fate, step: Step, owner: type, name: str) -> None:
    """Reach a step at the beginning of a method."""
    method = getattr(owner, name)

    @wraps(method)
    async def watched(*arguments: Any, **keywords: Any) -> Any:
        fate.come_to(step)
        return await method(*arguments, **keywords)

    setattr(owner, name, watched)


def _come_after(fate: Fate, step: Step, owner: type, name: str, counts: Callable[[Any], bool]) -> None:
    """Reach a step at the end of a method, depending on its result."""
    method = getattr(owner, name)

    @wraps(method)
    async def watched(*arguments: Any, **keywords: Any) -> Any:
        result = await method(*arguments, **keywords)
        if counts(result):
            fate.come_to(step)
        return result

    setattr(owner, name, watched)


def _watch_stages(fate: Fate) -> None:
    """Listen where answers are shown while they are written."""
    add = Streams.add

    @wraps(add)
    def watched(self: Streams, stage: Any) -> None:
        fate.stages.append(stage)
        add(self, stage)

    setattr(Streams, "add", watched)  # noqa: B010 - as below


def _watch_text(fate: Fate) -> None:
    """Reach two steps whenever the model has written something to show."""
    answer = Generator.answer

    @wraps(answer)
    async def watched(
        self: Generator, question: str, deadline: float, on_text: Callable[[str], None], **options: Any
    ) -> Any:
        def heard(text: str) -> None:
            fate.come_to(Step.ANSWERING)
            fate.come_to(Step.ENGINE)
            on_text(text)

        return await answer(self, question, deadline, heard, **options)

    setattr(Generator, "answer", watched)  # noqa: B010 - mypy knows that a method is no variable


def main() -> None:
    """Run the daemon."""
    fate = Fate(Path(os.environ["SUPPORTBOT_HOME"]))
    watch(fate)
    signal.signal(signal.SIGUSR1, fate.hear)
    gc.disable()  # as ``python -m bot`` does
    daemon.main()


if __name__ == "__main__":
    main()
