"""SIGTERM ends a training after the current step, with a checkpoint to continue from.

Stopping a service or cancelling a job sends it. Ctrl-C still ends at once, and so does a second SIGTERM.

This module knows no rows and no model.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments


class StopAtSignal(TrainerCallback):
    """Stops a training on request.

    With several processes it does nothing: all would have to stop after the same step, and only their launcher can
    decide that.

    Attributes:
        is_asked: whether the signal came.
    """

    def __init__(self) -> None:
        self.is_asked = False
        self._before: Any = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Install the handler; Python allows that only in the main thread."""
        if args.world_size == 1 and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._hear)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Save and stop, if asked; after the last step there is nothing more to save."""
        if self.is_asked and state.global_step < state.max_steps:
            control.should_save = control.should_training_stop = True

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Remove the handler, and end the command if the training was cut short.

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
