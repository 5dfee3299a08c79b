"""SIGTERM ends a training after the step under way, with a checkpoint to go on from.

Whoever stops a service or cancels a job sends it. Ctrl-C still ends at once, and so does a second SIGTERM.

This module knows no rows and no model.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments


class StopAtSignal(TrainerCallback):
    """Stops a training that is asked to end.

    With several processes it does nothing: they would have to stop after the same step, which is for whoever
    started them to say.

    Attributes:
        is_asked: whether it was.
    """

    def __init__(self) -> None:
        self.is_asked = False
        self._before: Any = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Begin to listen; Python lets only the main thread do so."""
        if args.world_size == 1 and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._hear)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Save and stop, if asked; at the last step there is nothing to save any more."""
        if self.is_asked and state.global_step < state.max_steps:
            control.should_save = control.should_training_stop = True

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Listen no more, and end the command if the training was cut short.

        Raises:
            KeyboardInterrupt: as Ctrl-C would.
        """
        self._restore()
        if self.is_asked and state.global_step < state.max_steps:
            raise KeyboardInterrupt

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.is_asked = True
        self._restore()

    def _restore(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)
            self._before = None
